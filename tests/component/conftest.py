import shutil
from pathlib import Path

import pytest

from tests.dg_project import DgProject


@pytest.fixture
def prepared(dg_project: DgProject, shop_state_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every component of these tests finds the state prepared: no dbt is run."""
    from dbt_component.component.component import DbtProjectComponent

    def refresh(self: DbtProjectComponent, state_path: Path, previous_path: Path) -> bool:
        shutil.copy(shop_state_path, state_path)
        return True

    monkeypatch.setattr(DbtProjectComponent, "_refresh", refresh)
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
