"""A bar's kind says what its status means."""

import pytest

from dbt_component.dbt_process.child.child_statuses import STATUSES
from dbt_component.execution.timeline.bar import BarKind
from tests.execution.timeline.bars import bar

FAILED = ("error", "fail", "runtime error", "partial success")


@pytest.mark.parametrize("resource_type", ["model", "seed", "snapshot", "test", "unit_test"])
@pytest.mark.parametrize("status", [*sorted(STATUSES), "unheard of"])
def test_each_status_has_a_kind(resource_type: str, status: str) -> None:
    fine: BarKind = "passed" if "test" in resource_type else "built"
    expected = {"skipped": "skipped", "warn": "warned", **dict.fromkeys(FAILED, "failed")}
    expected["unheard of"] = "failed"
    found = bar("node", 0, 1, resource_type=resource_type, status=status)
    assert found.kind == expected.get(status, fine)


def test_a_bar_that_ends_before_it_starts_took_no_time() -> None:
    assert bar("node", 5.0, 4.9).seconds == 0
