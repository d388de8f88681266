"""README.md and docs/: every block of YAML loads, every block of Python runs, every key is listed."""
