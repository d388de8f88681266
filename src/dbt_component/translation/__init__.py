"""Translates a node into plain values, by default rules and compiled templates. Knows no Dagster."""
