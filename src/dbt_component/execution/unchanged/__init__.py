"""Leaves out nodes whose result can't have changed since they were last built."""
