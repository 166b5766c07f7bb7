"""Data in, data out: no network, no database, no Prefect, no clock."""
