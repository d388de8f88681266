"""The dbt platform (dbt Cloud): its projects as definitions, its runs as steps of Dagster."""
