"""The YAML component: schema, scaffolding, and the thin class that connects the layers."""
