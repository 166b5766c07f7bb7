"""What people see of runs in the Prefect UI, and in their log."""
