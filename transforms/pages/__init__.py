"""What the warehouse knows of an episode or a show → HTML that needs nothing else."""
