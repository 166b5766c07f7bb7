"""The models: which, from where, on what device; words and speakers out of decoded audio."""
