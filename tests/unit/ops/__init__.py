"""Units of amzsync.ops."""
