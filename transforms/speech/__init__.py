"""Samples → words and speakers."""
