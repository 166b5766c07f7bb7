"""Tables and lists of fields, a line a word, segment or label."""
