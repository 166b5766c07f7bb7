"""How wrong a transcript of our own was, by a published text, and which of two is better."""
