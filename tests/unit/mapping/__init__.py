"""Units of amzsync.mapping."""
