"""The Python API: what a code base without YAML uses."""
