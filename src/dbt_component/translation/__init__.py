"""What a node becomes: plain values by default rules, and compiled templates. Knows no Dagster."""
