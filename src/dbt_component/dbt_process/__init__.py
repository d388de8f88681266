"""Talking to dbt: a child process of its own, events by pipe. Knows nothing of Dagster."""
