"""Compares dbt-component's run times with dagster-dbt, bare dbt, and Dagster alone."""
