"""One episode through its stages, or many at once."""
