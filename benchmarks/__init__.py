"""How long dbt-component takes, beside dagster-dbt, beside bare dbt, and beside Dagster alone."""
