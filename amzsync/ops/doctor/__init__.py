"""What `doctor` looks at, by subject: each module gives findings, never an exception.

Everything here reads; nothing is changed on either side.
"""
