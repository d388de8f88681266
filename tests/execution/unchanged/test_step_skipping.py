"""A run builds what changed and everything downstream of it, and leaves out the rest with its reason."""

import pytest

from tests.execution.unchanged.conftest import ALL, SkippingProject, built, ran

pytestmark = pytest.mark.server


def test_a_second_run_builds_nothing_and_says_why(skipping: SkippingProject) -> None:
    first = skipping.run()
    assert first.success, first.failure
    assert built(first) == ALL
    second = skipping.run()
    assert second.success, second.failure
    assert built(second) == set() and ran(second) == set()
    assert set(second.observations) == ALL
    assert "unchanged since run" in second.observations["totals"]
    assert second.checks and all(second.checks.values())
    third = skipping.run()
    assert built(third) == set() and ran(third) == set()
