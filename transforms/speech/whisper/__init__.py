"""Whisper's network, its search for the words, and when each is said."""
