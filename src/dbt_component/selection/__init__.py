"""Which nodes: selections in dbt's own syntax, resolved by dbt and kept in the state."""
