"""Captions and subtitles: cues, who speaks in them, a module a format."""
