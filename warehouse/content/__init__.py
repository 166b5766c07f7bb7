"""What the pages show of an episode and of a show."""
