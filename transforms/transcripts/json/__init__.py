"""JSON that lists what is said: of Podcasting 2.0, Whisper and its kin, SegLST, Podlove, or anybody."""
