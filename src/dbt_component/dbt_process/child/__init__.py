"""Runs in dbt's own interpreter: the standard library and dbt, nothing else; Python 3.8 or newer.

Only ``child_statuses`` is imported by the parent too.
"""
