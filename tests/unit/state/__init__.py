"""The state file and its tables."""
