"""One SQLite file per Amazon account: what has to outlast a run, a table a module."""
