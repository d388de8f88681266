"""Every status that a dbt node can end with, and what each means. Imported by the parent too.

See: https://docs.getdbt.com/reference/artifacts/run-results-json
"""

from __future__ import annotations

SKIPPED = "skipped"
WARNED = "warn"

# Nothing to do is as good as done: dbt ends so where a relation or a test's result is still valid.
_DONE = frozenset({"success", "no-op", "reused"})

BUILT_STATUSES = _DONE | {WARNED}
"""Of a model, seed or snapshot: its relation is up to date after the run."""

PASSED_STATUSES = _DONE | {"pass"}
"""Of a test or a source's freshness: what it asserts holds."""

FINE_STATUSES = BUILT_STATUSES | PASSED_STATUSES
"""Of any node: no reason for a command to fail."""

UNREMARKABLE_STATUSES = PASSED_STATUSES | {SKIPPED}
"""Of any node: its SQL helps nobody to understand what happened."""

FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})
"""Of any node: it did not do what it should."""

STATUSES = FINE_STATUSES | FAILED_STATUSES | {SKIPPED}
"""All of them."""
