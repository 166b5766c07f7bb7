"""What names the speakers of a text: what may be a name, and which names are one person."""
