"""Whether the warehouse, its snapshot and its files agree."""
