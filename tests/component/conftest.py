import shutil
from pathlib import Path

import pytest

from dbt_component.component.refresh import StateRefresh
from dbt_component.project.refresh import RefreshOutcome
from tests.dg_project import DgProject


@pytest.fixture
def prepared(dg_project: DgProject, shop_state_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every component of these tests finds the state prepared: no dbt is run."""

    def into_file(
        self: StateRefresh, state_path: Path, previous_path: Path, *, replaces: str | None = None
    ) -> RefreshOutcome:
        shutil.copy(shop_state_path, state_path)
        return RefreshOutcome(is_changed=True)

    monkeypatch.setattr(StateRefresh, "into_file", into_file)
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
