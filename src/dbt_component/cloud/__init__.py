"""dbt projects on the dbt platform (dbt Cloud): observed, and run there by Dagster."""
