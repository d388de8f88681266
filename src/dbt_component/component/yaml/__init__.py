"""The nouns of defs.yaml, one per file: frozen values whose templates Dagster resolves."""
