"""Refresh and the state file: prepared once, never half, the last good one stays usable."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.defs_state.blob_storage_state_storage import UPathDefsStateStorage
from upath import UPath

from dbt_component.errors import PrepareError, StateFormatError
from dbt_component.project.state import FORMAT_VERSION
from tests.dg_project import DgProject, specs_of

BROKEN = "select {{ nonsense( }} from {{ ref('stg_orders') }}"


def break_project(project: DgProject) -> Path:
    path = project.dbt_folder / "models/marts/customers.sql"
    path.write_text(BROKEN)
    return path


def stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


@pytest.mark.server
def test_a_refresh_does_nothing_when_nothing_changed_and_names_what_did(
    dg_project: DgProject, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dg_project.write_component()
    dg_project.refresh()
    (state,) = dg_project.state_files()
    before = stamp(state)
    os.utime(dg_project.dbt_folder / "models/schema.yml")  # times don't count, contents do
    dg_project.refresh()
    assert stamp(state) == before
    assert "unchanged" in capsys.readouterr().err

    (dg_project.dbt_folder / "models/staging/extra.sql").write_text("select 1 as one")
    dg_project.refresh()
    assert stamp(state) != before
    assert "file added: models/staging/extra.sql" in capsys.readouterr().err
    assert "extra" in specs_of(dg_project.load())

    monkeypatch.setenv("SHOP_DATABASE", "other.duckdb")
    dg_project.refresh()
    assert "environment variable changed: SHOP_DATABASE" in capsys.readouterr().err


@pytest.mark.server
def test_a_broken_project_fails_the_refresh_with_dbts_words_and_leaves_the_state(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dg_project.write_component()
    dg_project.refresh()
    (state,) = dg_project.state_files()
    before = stamp(state)
    break_project(dg_project)
    with pytest.raises(PrepareError, match=r"models/marts/customers\.sql"):
        dg_project.refresh()
    assert stamp(state) == before
    assert list(state.parent.iterdir()) == [state]

    # Production loads the last good state; so does development, and says so.
    assert "customers" in specs_of(dg_project.load())
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    assert "customers" in specs_of(dg_project.load())
    assert "last good state" in caplog.text
    assert "customers.sql" in caplog.text


@pytest.mark.server
def test_a_secret_that_keeps_profiles_out_of_the_state_is_a_warning_and_dbts_own_are_not(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="dbt_component")
    profiles = dg_project.dbt_folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("threads: 2", "threads: 2\n      token: abc"))
    yml = dg_project.dbt_folder / "dbt_project.yml"
    yml.write_text(yml.read_text() + "    unused:\n      +tags: [x]\n")
    dg_project.write_component()
    dg_project.refresh()
    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert [level for text, level in levels.items() if "in plain text" in text] == ["WARNING"]
    assert [level for text, level in levels.items() if "models.shop.unused" in text] == ["INFO"]


def test_a_broken_project_without_any_state_is_an_error_in_development(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    dg_project.write_component()
    break_project(dg_project)
    with pytest.raises(Exception) as caught:
        dg_project.load()
    assert "customers.sql" in str(caught.value)


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("no/such/folder", "does not exist"),
        (".", "No dbt_project.yml"),
    ],
)
def test_a_project_that_is_none_is_named(
    dg_project: DgProject, project: str, expected: str
) -> None:
    dg_project.write_component(project=project)
    with pytest.raises(Exception, match=expected):
        dg_project.refresh()


def test_a_missing_profile_tells_where_it_was_looked_for(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (dg_project.dbt_folder / "profiles.yml").unlink()
    dg_project.write_component()
    with pytest.raises(Exception, match=r"No profiles\.yml.*\.dbt"):
        dg_project.refresh()


def test_a_wrong_profiles_folder_names_the_one_that_would_be_used_without_it(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(
        project={"project_dir": "{{ context.project_root }}/shop", "profiles_dir": "../profiles"}
    )
    with pytest.raises(Exception, match=r"No profiles\.yml.*defs/profiles") as caught:
        dg_project.refresh()
    text = str(caught.value)
    assert "Set `profiles_dir` to the folder that contains profiles.yml." in text
    assert f"There is one in {str(dg_project.dbt_folder)!r}" in text
    assert "(project.profiles_dir)" in text


@pytest.mark.server
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "env_var('SHOP_DATABASE', 'shop.duckdb')",
            "env_var('NOT_SET_ANYWHERE')",
            "NOT_SET_ANYWHERE",
        ),
        ("type: duckdb", "type: no_such_adapter", "no_such_adapter"),
        ("  target: dev", "  target: nowhere", "nowhere"),
    ],
)
def test_a_bad_profile_fails_with_dbts_words(
    dg_project: DgProject, old: str, new: str, expected: str
) -> None:
    path = dg_project.dbt_folder / "profiles.yml"
    path.write_text(path.read_text().replace(old, new))
    dg_project.write_component()
    with pytest.raises(PrepareError, match=expected):
        dg_project.refresh()


def test_a_truncated_corrupt_or_newer_state_is_an_error_that_says_what_to_do(
    dg_project: DgProject, shop_state_path: Path, tmp_path: Path
) -> None:
    dg_project.write_component()
    folder = dg_project.defs_folder / ".local_defs_state" / "DbtProjectComponent__shop__"
    folder.mkdir(parents=True)
    whole = shop_state_path.read_bytes()
    for content in (
        whole[: len(whole) // 2],
        b"",
        whole.replace(b"dbt-component-state", b"dbt-component-stale"),
    ):
        (folder / "state").write_bytes(content)
        with pytest.raises(Exception) as caught:
            dg_project.load()
        assert isinstance(caught.value, StateFormatError), caught.value
        assert "dg utils refresh-defs-state" in str(caught.value)
    with (
        zipfile.ZipFile(shop_state_path) as old,
        zipfile.ZipFile(folder / "state", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "state.json":
                before = f'"format_version":{FORMAT_VERSION}'
                content = content.replace(before.encode(), b'"format_version":9')
            new.writestr(name, content)
    with pytest.raises(Exception) as caught:
        dg_project.load()
    assert f"format version 9; this release reads {FORMAT_VERSION}" in str(caught.value)
    assert "Upgrade dbt-component" in str(caught.value)


@pytest.mark.server
def test_versioned_storage_keeps_the_version_when_nothing_changed(
    dg_project: DgProject, tmp_path: Path
) -> None:
    instance = dg.DagsterInstance.ephemeral()
    for url in (str(tmp_path / "states"), "memory://states"):
        dg_project.storage = UPathDefsStateStorage(base_path=UPath(url))
        dg_project.storage.register_instance(instance)
        dg_project.write_component(defs_state={"management_type": "VERSIONED_STATE_STORAGE"})
        dg_project.refresh()
        key = dg_project.component().defs_state_config.key
        first = dg_project.storage.get_latest_version(key)
        assert first is not None
        dg_project.refresh()
        assert dg_project.storage.get_latest_version(key) == first
        assert "customers" in specs_of(dg_project.load())
        extra = dg_project.dbt_folder / "models/staging/extra.sql"
        extra.write_text("select 1 as one")
        dg_project.refresh()
        second = dg_project.storage.get_latest_version(key)
        assert second != first
        assert "extra" in specs_of(dg_project.load())
        # Going back is naming the former version.
        dg_project.storage.set_latest_version(key, first)
        assert "extra" not in specs_of(dg_project.load())
        extra.unlink()


def test_production_loading_opens_neither_manifest_json_nor_dbt(
    dg_project: DgProject, shop_state_path: Path
) -> None:
    dg_project.write_component()
    folder = dg_project.defs_folder / ".local_defs_state" / "DbtProjectComponent__shop__"
    folder.mkdir(parents=True)
    (folder / "state").write_bytes(shop_state_path.read_bytes())
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(dg_project.root / "src")!r})
touched = []
def audit(event, args):
    if event == "open" and isinstance(args[0], str):
        touched.append(args[0])
    if event == "subprocess.Popen" and Path(str(args[0])).name != "file":  # `file` is Dagster's
        touched.append(f"process {{args[:2]}}")
sys.addaudithook(audit)
from pathlib import Path
from dagster.components.core.component_tree import ComponentTree
defs = ComponentTree.for_project(Path({str(dg_project.root)!r})).build_defs()
assert len(list(defs.resolve_all_asset_specs())) > 8
bad = [t for t in touched if "manifest.json" in t or "/dbt/" in t or t.startswith("process")]
modules = [m for m in sys.modules if m.split(".")[0] in ("dbt", "git", "sqlglot")]
print("BAD", bad, modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "BAD [] []" in done.stdout


def test_default_keys_differ_for_components_that_differ(dg_project: DgProject) -> None:
    keys = set()
    variants: list[dict[str, Any]] = [
        {},
        {"project": {"project_dir": "{{ context.project_root }}/shop", "target": "other"}},
        {"project": {"project_dir": "{{ context.project_root }}/shop", "vars": {"a": 1}}},
        {"select": "tag:staging"},
        {"project": "{{ context.project_root }}/other/shop"},
        {"defs_state": {"key": "mine"}},
    ]
    for number, attributes in enumerate(variants):
        dg_project.write_component(f"c{number}", **attributes)
        keys.add(dg_project.component(f"c{number}").defs_state_config.key)
    assert len(keys) == len(variants)
    assert {"DbtProjectComponent[shop]", "mine"} <= keys


@pytest.mark.parametrize("attributes", [{}, {"defs_state": {"key": "mine"}}])
def test_two_components_with_one_state_key_are_refused_with_both_files(
    dg_project: DgProject, attributes: dict[str, dict[str, str]]
) -> None:
    for folder in ("first", "second"):
        dg_project.write_component(folder, translation={"key_prefix": folder}, **attributes)
    with pytest.raises(Exception) as caught:
        dg_project.tree().build_defs()
    messages = []
    error: BaseException | None = caught.value
    while error is not None:
        messages.append(str(error))
        error = error.__cause__ or error.__context__
    text = "\n".join(messages)
    assert "defs/first/defs.yaml" in text and "defs/second/defs.yaml" in text
    assert "defs_state: {key: …}" in text
