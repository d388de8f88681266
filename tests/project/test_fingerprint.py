"""A fingerprint changes with what dbt's answer depends on, and with nothing else."""

import os
import shutil
import time
from pathlib import Path

import msgspec
import pytest

from dbt_component.dbt_process.engine import Engine
from dbt_component.project.fingerprint import (
    PROJECT_USE,
    Fingerprint,
    changed_files,
    take_fingerprint,
)
from dbt_component.project.project import DbtProject
from tests.dg_project import PROJECTS

ENGINE = Engine(python="python", versions={"dbt-core": "1.9.0"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECTS / "shop", tmp_path / "shop")


def taken(folder: Path, known: Fingerprint | None = None, **settings: object) -> Fingerprint:
    project = DbtProject(folder, **settings)  # type: ignore[arg-type]
    return take_fingerprint(project, ENGINE, known=known)


def test_times_do_not_count_and_contents_do(folder: Path) -> None:
    before = taken(folder)
    model = folder / "models/marts/customers.sql"
    os.utime(model, (1, 1))
    assert before.differences(taken(folder, before)) == []
    model.write_text(model.read_text() + "-- more\n")
    (folder / "models/marts/report.sql").rename(folder / "models/marts/summary.sql")
    assert before.differences(taken(folder, before)) == [
        "file changed: models/marts/customers.sql",
        "file removed: models/marts/report.sql",
        "file added: models/marts/summary.sql",
    ]


def test_the_digest_is_equal_exactly_if_there_are_no_differences(folder: Path) -> None:
    before = taken(folder)
    assert taken(folder, before).digest == before.digest
    other = taken(folder, before, target="other")
    assert before.differences(other) == ["target changed: '' -> 'other'"]
    assert other.digest != before.digest


def test_a_changed_variable_is_named_without_its_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = taken(folder)
    monkeypatch.setenv("SHOP_DATABASE", "hidden.duckdb")
    after = taken(folder, before)
    assert before.differences(after) == ["environment variable changed: SHOP_DATABASE"]
    assert not before.is_env_unchanged("SHOP_DATABASE")
    assert "hidden" not in str(after)


def test_secrets_are_not_kept_even_as_hashes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_KEY", "hidden")
    (folder / "models/marts/report.sql").write_text("select '{{ env_var('DBT_ENV_SECRET_KEY') }}'")
    assert "DBT_ENV_SECRET_KEY" not in taken(folder).env


def test_it_says_where_a_variable_is_read(folder: Path) -> None:
    (folder / "models/marts/report.sql").write_text(
        "select '{{ env_var(\"CITY\") }}', '{{ target.schema }}', '{{ target[\"name\"] }}'"
    )
    found = taken(folder)
    assert found.env_uses["SHOP_DATABASE"] == ["path"]
    assert found.env_uses["CITY"] == [PROJECT_USE]
    assert found.target_keys_read == ["name", "schema"]


@pytest.mark.reliability(
    "Edits that files do not show",
    tried="an edit that leaves a file's size and modification time as they were, soon after a refresh or with a time from the future",
    outcome="the edit is found by content",
)
@pytest.mark.parametrize("age_seconds", [0, 1, -3600, -(10**10)])
def test_an_edit_that_leaves_size_and_time_the_same_is_found(
    folder: Path, age_seconds: int
) -> None:
    model = folder / "models/marts/customers.sql"
    mtime_ns = time.time_ns() - age_seconds * 10**9
    os.utime(model, ns=(mtime_ns, mtime_ns))
    recorded = msgspec.msgpack.decode(msgspec.msgpack.encode(taken(folder)), type=Fingerprint)
    assert changed_files(folder, DbtProject(folder), recorded) == []
    model.write_text(model.read_text().swapcase())
    os.utime(model, ns=(mtime_ns, mtime_ns))
    assert changed_files(folder, DbtProject(folder), recorded) == ["models/marts/customers.sql"]


def test_changed_files_are_found_by_content_whatever_their_time(folder: Path) -> None:
    project = DbtProject(folder)
    recorded = taken(folder)
    assert changed_files(folder, project, recorded) == []
    for path in folder.rglob("*.sql"):
        os.utime(path, (1, 1))
    assert changed_files(folder, project, recorded) == []
    same_size = folder / "models/marts/customers.sql"
    same_size.write_text(same_size.read_text().upper())
    (folder / "models/new.sql").write_text("select 1")
    (folder / "models/marts/report.sql").unlink()
    assert changed_files(folder, project, recorded) == [
        "models/marts/customers.sql",
        "models/marts/report.sql",
        "models/new.sql",
    ]


def test_equal_projects_have_equal_fingerprints_whatever_the_times(
    folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    assert taken(copy) == taken(folder)
    (copy / "models/marts/report.sql").write_text("select 1")
    assert taken(copy).salt != taken(folder).salt


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"day": "2024-01-01", "key": {"b": 1, "a": 2}}, []),
        ({"day": "2024-01-01", "key": "other"}, ["variable key changed"]),
        ({"day": "2024-01-01"}, ["variable key removed"]),
        (
            {"day": "2024-01-01", "key": {"a": 2, "b": 1}, "more": 1},
            ["variable more added"],
        ),
    ],
)
def test_a_changed_variable_of_the_project_is_named_without_its_value(
    folder: Path, now: dict[str, object], expected: list[str]
) -> None:
    before = taken(folder, vars={"day": "2024-01-01", "key": {"a": 2, "b": 1}})
    assert "2024-01-01" not in str(before)
    after = taken(folder, before, vars=now)
    assert before.differences(after) == expected
    assert (before.digest == after.digest) is not bool(expected)
