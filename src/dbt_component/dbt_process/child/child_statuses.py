"""Every status that a dbt node can end with, and its meaning. Imported by the parent too.

See: https://docs.getdbt.com/reference/artifacts/run-results-json
"""

from __future__ import annotations

from typing import Optional

SKIPPED = "skipped"
WARNED = "warn"

# "no-op" and "reused" count as done: the relation or the test's result is still valid.
_DONE = frozenset({"success", "no-op", "reused"})

BUILT_STATUSES = _DONE | {WARNED}
"""Statuses of a model, seed or snapshot whose relation is up to date after the run."""

PASSED_STATUSES = _DONE | {"pass"}
"""Statuses of a test or a freshness check that passed."""

FINE_STATUSES = BUILT_STATUSES | PASSED_STATUSES
"""Statuses of any node that do not make a command fail."""

UNREMARKABLE_STATUSES = PASSED_STATUSES | {SKIPPED}
"""Statuses of any node whose SQL is not needed to understand what happened."""

_COUNTED_STATUSES = frozenset({"pass", WARNED, "fail"})

FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})
"""Statuses of any node that failed, at least in part."""

STATUSES = FINE_STATUSES | FAILED_STATUSES | {SKIPPED}
"""All statuses."""


def counted_rows(resource_type: str, status: str, failures: Optional[int]) -> Optional[int]:
    """The number of rows that a data test returned; ``None`` if this run counted none.

    dbt reports 0 for a test that it could not run, and 0 or 1 for a unit test, which counts no rows.
    """
    return failures if resource_type == "test" and status in _COUNTED_STATUSES else None
