"""The outside world and the order of steps; the only package that imports Prefect."""
