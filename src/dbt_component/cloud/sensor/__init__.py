"""Reports runs on the dbt platform that Dagster did not start."""
