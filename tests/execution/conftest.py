"""Fixtures of the tests of runs."""

from typing import Any

import pytest

from dbt_component import DbtCliResource, DbtProject
from dbt_component.dbt_process.process import DbtProcess
from tests.api.conftest import shop as shop


@pytest.fixture(autouse=True)
def _start_from_shared_states(shared_states: None) -> None:
    """These are tests of what runs do with a state, however it was prepared."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[DbtProcess]:
    """Every dbt process that is started."""
    found: list[DbtProcess] = []
    original = DbtProcess.__init__

    def noting(self: DbtProcess, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        found.append(self)

    monkeypatch.setattr(DbtProcess, "__init__", noting)
    return found


@pytest.fixture
def dbt(shop: DbtProject) -> DbtCliResource:
    """The test project, which has a manifest.json in its target folder."""
    return DbtCliResource(project_dir=shop)
