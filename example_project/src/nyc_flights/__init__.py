"""Flights from New York City in 2013: raw tables, a dbt project and a chart.

Every Dagster command (`dg list defs`, `dg launch`, `dg utils refresh-defs-state`,
each step of a run) imports this package first, so it sets the database's
environment variables here.
"""

from nyc_flights import environment

environment.set_defaults()
