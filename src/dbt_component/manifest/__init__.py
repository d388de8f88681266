"""A dbt project as a compact index of its manifest. Knows neither Dagster nor dbt."""
