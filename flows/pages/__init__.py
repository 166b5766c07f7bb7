"""Pages for people: written to a folder, or served on this machine."""
