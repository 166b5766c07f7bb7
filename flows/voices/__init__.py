"""Voices across episodes: what is kept of them, who they are, and how they are erased."""
