"""Dagster at run time: run dbt, turn what it reports into Dagster's events."""
