"""A step of Dagster that runs on the dbt platform: no dbt runs in the process of the step."""
