"""Selections in dbt's syntax, which dbt resolves and the state stores."""
