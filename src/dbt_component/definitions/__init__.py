"""Dagster definitions at load time: assets, checks, jobs, schedules and sensors."""
