"""Dagster at load time: which assets, checks, jobs and schedules exist."""
