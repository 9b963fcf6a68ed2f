"""Units of amzsync.cli."""
