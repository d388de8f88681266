"""The nouns of defs.yaml, one per file: frozen values that Dagster resolves templates of."""
