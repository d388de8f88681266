"""`dbt-component doctor` tells the truth and starts no dbt."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbt_component.cli import main
from dbt_component.dbt_process.engine import Engine
from tests.dg_project import DgProject


@pytest.fixture
def doctored(
    dg_project: DgProject, shop_state_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DgProject:
    folder = dg_project.defs_folder / ".local_defs_state" / "DbtProjectComponent__shop__"
    folder.mkdir(parents=True)
    (folder / "state").write_bytes(shop_state_path.read_bytes())
    dg_project.write_component()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    return dg_project


def doctor(project: DgProject, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["doctor", "--project", str(project.root), *args])
    return result.exit_code, result.output


def test_a_fresh_state_is_said_to_be_fresh_and_sliced(doctored: DgProject) -> None:
    code, output = doctor(doctored, "--select", "tag:staging")
    assert code == 0, output
    assert "fresh: yes" in output
    assert "a run would be: sliced" in output
    assert "1 snapshot" in output and "1 unit_test" in output
    assert "model.shop.stg_orders" in output and "model.shop.customers" not in output


def test_tests_that_no_asset_can_carry_are_listed_and_skipped_ones_not_counted(
    doctored: DgProject,
) -> None:
    _, output = doctor(doctored)
    assert "can't be a check of one asset" in output and "test.shop.loose_test" in output
    assert "1 unit_test" in output
    doctored.write_component(checks={"unit_tests": "never", "rules": [{"skip": True}]})
    _, output = doctor(doctored)
    assert "loose_test" not in output and "unit_test" not in output


def test_what_changed_is_named_and_why_a_run_would_not_be_sliced(doctored: DgProject) -> None:
    (doctored.dbt_folder / "models/staging/stg_orders.sql").write_text("select 1 as order_id")
    code, output = doctor(doctored)
    assert code == 1
    assert "fresh: no" in output
    assert "file changed: models/staging/stg_orders.sql" in output
    assert "parse: the project is not as it was prepared" in output


def test_no_state_is_said_with_the_remedy(dg_project: DgProject) -> None:
    dg_project.write_component()
    code, output = doctor(dg_project)
    assert code == 1
    assert "dg utils refresh-defs-state" in output


def test_a_dbt_that_is_newer_than_the_tested_ones_is_named(
    doctored: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = Engine(sys.executable, {"dbt-core": "1.12.6", "dbt-duckdb": "1.12.0"})
    monkeypatch.setattr("dbt_component.component.doctor.find_engine", lambda _: newer)
    code, output = doctor(doctored)
    assert code == 1
    assert "note: dbt-core 1.12.6 is not tested with this package; use 1.11 or older" in output
