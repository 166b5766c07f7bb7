"""Transcripts for the eye: a survey of the whole, then the kind of each line."""
