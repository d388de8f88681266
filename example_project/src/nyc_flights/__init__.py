"""Flights from New York City in 2013: raw tables, a dbt project and a chart.

Every Dagster command imports this package first (`dg list defs`, `dg launch`,
`dg utils refresh-defs-state`, each step of a run), so this is where the database
settings are put into the environment.
"""

from nyc_flights import environment

environment.set_defaults()
