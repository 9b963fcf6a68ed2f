"""Units: no sandbox, no command line; a law or a rule at a time."""
