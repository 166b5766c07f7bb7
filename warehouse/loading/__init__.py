"""Staged documents, and how they become rows."""
