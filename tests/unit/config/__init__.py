"""The configuration: every setting, every problem."""
