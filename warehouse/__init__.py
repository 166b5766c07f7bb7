"""DuckDB and nothing else."""
