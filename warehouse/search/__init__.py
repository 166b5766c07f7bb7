"""What is found for the words that people type, and what is looked in for that."""
