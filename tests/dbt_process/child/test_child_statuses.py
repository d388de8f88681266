"""The list of dbt's statuses."""

from pathlib import Path

import pytest
from dbt.artifacts.schemas.results import NodeStatus

from dbt_component.dbt_process.child import child_statuses
from dbt_component.dbt_process.child.child_statuses import (
    BUILT_STATUSES,
    FAILED_STATUSES,
    FINE_STATUSES,
    PASSED_STATUSES,
    STATUSES,
    UNREMARKABLE_STATUSES,
    counted_rows,
)


def test_every_status_of_the_installed_dbt_is_known() -> None:
    assert {str(status) for status in NodeStatus} <= STATUSES


@pytest.mark.parametrize(
    ("status", "is_built", "is_passed", "is_fine", "is_unremarkable"),
    [
        ("success", True, True, True, True),
        ("pass", False, True, True, True),
        ("warn", True, False, True, False),
        ("no-op", True, True, True, True),
        ("reused", True, True, True, True),
        ("skipped", False, False, False, True),
        ("fail", False, False, False, False),
        ("error", False, False, False, False),
        ("runtime error", False, False, False, False),
        ("partial success", False, False, False, False),
    ],
)
def test_a_status_means_the_same_everywhere(
    status: str, is_built: bool, is_passed: bool, is_fine: bool, is_unremarkable: bool
) -> None:
    assert (status in BUILT_STATUSES) is is_built
    assert (status in PASSED_STATUSES) is is_passed
    assert (status in FINE_STATUSES) is is_fine
    assert (status in UNREMARKABLE_STATUSES) is is_unremarkable


def test_no_status_is_both_fine_and_failed() -> None:
    assert not FINE_STATUSES & FAILED_STATUSES


def test_only_one_file_of_the_child_spells_out_statuses() -> None:
    folder = Path(child_statuses.__file__).parent
    spelled = {
        path.name
        for path in folder.glob("*.py")
        if any(f'"{status}"' in path.read_text() for status in STATUSES - {"error", "warn"})
    }
    assert spelled <= {"child_statuses.py", "child_log.py", "child_watcher.py"}


@pytest.mark.parametrize(
    ("resource_type", "status", "expected"),
    [
        ("test", "pass", 3),
        ("test", "warn", 3),
        ("test", "fail", 3),
        ("test", "error", None),  # the query failed
        ("test", "skipped", None),
        ("test", "reused", None),
        ("unit_test", "fail", None),
        ("model", "success", None),
    ],
)
def test_rows_are_counted_by_data_tests_that_ran(
    resource_type: str, status: str, expected: int | None
) -> None:
    assert counted_rows(resource_type, status, 3) == expected
