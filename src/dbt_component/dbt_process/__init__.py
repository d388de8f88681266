"""Runs dbt in a child process and reads its events from a pipe. Knows nothing of Dagster."""
