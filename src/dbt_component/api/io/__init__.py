"""Hands dbt relations over to Python."""
