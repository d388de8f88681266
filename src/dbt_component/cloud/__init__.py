"""Projects that run on the dbt platform (dbt Cloud), as assets and checks of Dagster."""
