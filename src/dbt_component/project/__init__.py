"""Finds a dbt project, prepares it once, and keeps the result in one state file."""
