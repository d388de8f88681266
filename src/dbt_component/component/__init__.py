"""The YAML component: schema, scaffolding, and the thin class that ties the layers together."""
