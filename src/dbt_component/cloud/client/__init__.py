"""A typed client of the dbt platform's Administrative API (v2). It knows neither Dagster nor dbt."""
