"""Runs in dbt's own interpreter, Python 3.8 or newer; imports only the standard library and dbt.

The parent imports only ``child_statuses``.
"""
