"""Whether a home is sound, and how it is made sound again."""
