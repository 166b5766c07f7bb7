"""Transcripts that publishers offer: fetched, read, linked to their episode, staged."""
