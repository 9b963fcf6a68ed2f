"""The request loop, its rules, and document transfers."""
