"""What the project is: dbt's manifest as a small index. Knows neither Dagster nor dbt."""
