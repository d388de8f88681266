"""Which columns a column is computed from: SQL and known columns in, lineage out. Needs the extra `lineage`."""
