"""The stages that come after a transcript is staged: what text and audio tell of each other, and chapters."""
