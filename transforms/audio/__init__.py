"""Audio files → samples: containers, tracks, channels, tags."""
