"""Getting a dbt project ready: find it, prepare it once, keep the result as one state file."""
