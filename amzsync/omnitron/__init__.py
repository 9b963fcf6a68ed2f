"""One Omnitron channel over its REST API; knows no configuration, no state and no Amazon."""
