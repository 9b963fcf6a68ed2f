"""The sandbox against the API documents."""
