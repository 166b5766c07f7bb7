"""Two corpora of made-up transcripts, each with its truth; `python -m tests.corpus` freezes a sample of them."""
