"""A refresh decides once, prepares once, and never leaves half a state."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.errors import NewerStateError, PrepareError, SelectionError, StateFormatError
from dbt_component.project.cache import cache_folder
from dbt_component.project.previous_state import PreviousState
from dbt_component.project.project import DbtProject
from dbt_component.project.project_copy import unpack_project
from dbt_component.project.refresh import refresh_from, refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import FORMAT_VERSION, StateFile
from dbt_component.project.state_archive import StoredPart
from dbt_component.project.temporary import temporary_folder
from dbt_component.selection.criteria import SelectionCriteria
from tests.conftest import STAGING
from tests.dg_project import PROJECTS, DgProject

SHOP = DbtProject(PROJECTS / "shop")
REFRESH = (
    "import sys; from pathlib import Path\n"
    "from dbt_component.project.refresh import refresh_from_folder\n"
    "from dbt_component.project.refresh_request import RefreshRequest\n"
    "from dbt_component.project.project import DbtProject\n"
    "refresh_from_folder(DbtProject(Path(sys.argv[1])), RefreshRequest(Path(sys.argv[2])))\n"
)


def stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_selections_are_kept_in_order_once_and_only_if_dbt_must_answer(tmp_path: Path) -> None:
    other = SelectionCriteria(select="tag:daily")
    request = RefreshRequest(
        tmp_path,
        selections=[STAGING, SelectionCriteria(), other, STAGING],
        runtime_vars=["b", "a", "b"],
    )
    assert list(request.selections) == [other, STAGING]
    assert list(request.runtime_vars) == ["a", "b"]
    assert request.compared_path == tmp_path


def test_a_state_holds_what_it_resolved_and_tried(shop_state: StateFile, tmp_path: Path) -> None:
    assert RefreshRequest(tmp_path, selections=[STAGING]).is_held_by(shop_state)
    other = SelectionCriteria(select="tag:daily")
    assert not RefreshRequest(tmp_path, selections=[STAGING, other]).is_held_by(shop_state)
    assert not RefreshRequest(tmp_path, runtime_vars=["day"]).is_held_by(shop_state)


def test_an_unchanged_project_starts_no_process_and_writes_nothing(
    shop_state_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    request = RefreshRequest(tmp_path / "state", shop_state_path, selections=[STAGING])
    outcome = refresh_from_folder(SHOP, request)
    assert (outcome.is_changed, outcome.reasons) == (False, [])
    assert not request.state_path.exists()


def test_the_state_is_opened_again_only_if_another_file_took_its_place(
    shop_state_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    with PreviousState(path) as previous:
        assert previous.state is None
        assert not previous.reopen_if_replaced()
        path.write_bytes(shop_state_path.read_bytes())
        assert previous.reopen_if_replaced()
        first = previous.state
        assert first is not None
        assert not previous.reopen_if_replaced()
        assert previous.state is first
        path.write_bytes(b"no state")
        assert previous.reopen_if_replaced()
        assert previous.state is None


def test_work_that_another_process_has_done_meanwhile_is_taken(
    shop_state_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state"
    with PreviousState(path) as previous:
        path.write_bytes(shop_state_path.read_bytes())
        monkeypatch.setattr("subprocess.Popen", None)
        outcome = refresh_from(previous, SHOP, RefreshRequest(path, selections=[STAGING]))
    assert not outcome.is_changed


def with_format_version(state: Path, version: int) -> bytes:
    """The bytes of a state that names another format version in its header."""
    before, after = f'"format_version":{FORMAT_VERSION}', f'"format_version":{version}'
    buffer = io.BytesIO()
    with zipfile.ZipFile(state) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "state.json":
                content = content.replace(before.encode(), after.encode())
            new.writestr(name, content)
    return buffer.getvalue()


def parts_of(path: Path) -> dict[str, StoredPart]:
    state = StateFile(path)
    state.close()
    return state.header.parts


@pytest.mark.reliability(
    "Corrupt states",
    tried="a refresh over a state with a corrupt part",
    outcome="each corrupt part is noticed and named; the project is prepared again",
)
@pytest.mark.server
def test_a_state_with_a_corrupt_part_is_made_anew(shop_state_path: Path, tmp_path: Path) -> None:
    whole = shop_state_path.read_bytes()
    path = tmp_path / "state"
    parts = parts_of(shop_state_path)
    assert len(parts) == 8
    for name, part in parts.items():
        damaged = bytearray(whole)
        damaged[part.offset + part.stored_size // 2] ^= 0x10
        path.write_bytes(damaged)
        with PreviousState(path) as previous:
            assert previous.state is None
            assert name in previous.problem
    outcome = refresh_from_folder(SHOP, RefreshRequest(path, selections=[STAGING]))
    assert outcome.reasons == [
        "no usable state (Part 'project.zip' of the state is missing or corrupt.)"
    ]
    state = StateFile(path)
    state.verify()
    state.close()
    assert not refresh_from_folder(SHOP, RefreshRequest(path, selections=[STAGING])).is_changed


@pytest.mark.reliability(
    "Corrupt states",
    tried="a refresh over a state of an older format",
    outcome="the project is prepared again",
)
@pytest.mark.server
def test_a_state_of_an_older_format_is_made_anew(shop_state_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(with_format_version(shop_state_path, 1))
    assert refresh_from_folder(SHOP, RefreshRequest(path)).is_changed
    StateFile(path).close()


@pytest.mark.reliability(
    "Corrupt states",
    tried="a refresh over a state of a newer format",
    outcome="an error that says so; the state stays as it is",
)
def test_a_state_of_a_newer_format_is_never_replaced(
    shop_state_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    path = tmp_path / "state"
    newer = with_format_version(shop_state_path, FORMAT_VERSION + 1)
    path.write_bytes(newer)
    with pytest.raises(
        StateFormatError, match=r"Upgrade dbt-component.* or delete the state"
    ) as caught:
        refresh_from_folder(SHOP, RefreshRequest(path))
    assert isinstance(caught.value, NewerStateError)
    assert path.read_bytes() == newer


@pytest.mark.server
def test_a_new_selection_is_added_and_those_of_others_stay(
    shop_state_path: Path, tmp_path: Path
) -> None:
    added = SelectionCriteria(select="tag:daily")
    request = RefreshRequest(tmp_path / "state", shop_state_path, selections=[added])
    outcome = refresh_from_folder(SHOP, request)
    assert outcome.reasons == ["new selections or run-time variables"]
    state = StateFile(request.state_path)
    assert {added.cache_key, STAGING.cache_key} <= state.selections.keys()
    assert isinstance(state.parse_cache, ParseCache)


@pytest.mark.server
def test_a_refused_selection_fails_and_leaves_no_file(tmp_path: Path) -> None:
    request = RefreshRequest(
        tmp_path / "states" / "state", selections=[SelectionCriteria(select="nonsense:x")]
    )
    with pytest.raises(SelectionError, match="nonsense"):
        refresh_from_folder(SHOP, request)
    assert not request.state_path.exists()


@pytest.mark.server
def test_a_project_that_dbt_can_not_parse_fails_with_dbts_words(
    dg_project: DgProject, tmp_path: Path
) -> None:
    (dg_project.dbt_folder / "models/marts/report.sql").write_text("{{ nonsense( }}")
    with pytest.raises(PrepareError, match=r"`dbt parse` failed:[\s\S]*report\.sql"):
        refresh_from_folder(DbtProject(dg_project.dbt_folder), RefreshRequest(tmp_path / "state"))


@pytest.mark.server
def test_warnings_of_ours_and_of_dbt_are_told_apart(dg_project: DgProject, tmp_path: Path) -> None:
    profiles = dg_project.dbt_folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("threads: 2", "threads: 2\n      token: abc"))
    yml = dg_project.dbt_folder / "dbt_project.yml"
    yml.write_text(yml.read_text() + "    unused:\n      +tags: [x]\n")
    outcome = refresh_from_folder(
        DbtProject(dg_project.dbt_folder), RefreshRequest(tmp_path / "state")
    )
    (warning,) = outcome.warnings
    assert "not stored in the state: shop.outputs.dev.token may hold a secret" in warning
    assert any("models.shop.unused" in text for text in outcome.dbt_warnings)


def refresh_until_clean(project: DbtProject, state: Path, is_clean: Callable[[], bool]) -> None:
    """Refreshes; again while the dbt of a killed refresh still writes into its folder, which ends within seconds."""
    deadline = time.monotonic() + 30
    refresh_from_folder(project, RefreshRequest(state))
    while not is_clean() and time.monotonic() < deadline:
        refresh_from_folder(project, RefreshRequest(state))


@pytest.mark.reliability(
    "Leftovers",
    tried="a refresh killed at random moments",
    outcome="the old or the new state can be read, and the next refresh succeeds",
)
@pytest.mark.server
@pytest.mark.parametrize("moments", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_refresh_killed_at_any_moment_leaves_the_old_state_or_the_new_one(
    dg_project: DgProject, tmp_path: Path, moments: int
) -> None:
    project = DbtProject(dg_project.dbt_folder)
    state = tmp_path / "kept" / "state"
    refresh_from_folder(project, RefreshRequest(state))
    command = [sys.executable, "-c", REFRESH, str(dg_project.dbt_folder), str(state)]
    (dg_project.dbt_folder / "models/staging/extra.sql").write_text("select -1 as one")
    started = time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    whole_seconds = time.monotonic() - started
    dice = random.Random(moments)
    for number in range(moments):
        wait_seconds = dice.uniform(0, whole_seconds)
        (dg_project.dbt_folder / "models/staging/extra.sql").write_text(f"select {number} as one")
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        opened = StateFile(state)
        assert opened.index.find_asset_node("customers")
        opened.close()
    refresh_until_clean(project, state, lambda: not list(cache_folder("scratch").iterdir()))
    assert StateFile(state).index.find_asset_node("extra")
    assert list(state.parent.iterdir()) == [state]
    assert list(cache_folder("scratch").iterdir()) == []


@pytest.mark.server
def test_refreshes_at_once_prepare_once(dg_project: DgProject, tmp_path: Path) -> None:
    project = DbtProject(dg_project.dbt_folder)
    state = tmp_path / "state"
    outcomes: list[bool] = []

    def refresh() -> None:
        outcomes.append(refresh_from_folder(project, RefreshRequest(state)).is_changed)

    threads = [threading.Thread(target=refresh) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 9 + [True]


@pytest.mark.server
def test_a_state_that_can_not_be_written_leaves_the_old_one(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = DbtProject(dg_project.dbt_folder)
    state = tmp_path / "states" / "state"
    refresh_from_folder(project, RefreshRequest(state))
    before = stamp(state)
    (dg_project.dbt_folder / "models/staging/extra.sql").write_text("select 1 as one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        refresh_from_folder(project, RefreshRequest(state))
    assert stamp(state) == before
    assert list(state.parent.iterdir()) == [state]


@pytest.mark.server
def test_a_read_only_project_is_prepared(dg_project: DgProject, tmp_path: Path) -> None:
    before = sorted(p for p in dg_project.dbt_folder.rglob("*"))
    refresh_from_folder(DbtProject(dg_project.dbt_folder), RefreshRequest(tmp_path / "state"))
    assert sorted(p for p in dg_project.dbt_folder.rglob("*")) == before


def copy_in_order(source: Path, target: Path, *, seconds: int, is_reversed: bool) -> None:
    """Copies a project: with these times, and in another order of creation, so folders list it in another."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for path in reversed(files) if is_reversed else files:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        os.utime(copy, (seconds, seconds))


@pytest.mark.reliability(
    "Times of files",
    tried="a project prepared twice from nothing, with other times of files, in another order, by other processes",
    outcome="equal states, byte for byte",
)
@pytest.mark.server
def test_equal_projects_give_an_equal_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shop"
    states: list[bytes] = []
    for seconds in (0, 1_700_000_000):
        shutil.rmtree(folder, ignore_errors=True)
        copy_in_order(PROJECTS / "shop", folder, seconds=seconds, is_reversed=bool(seconds))
        path = tmp_path / f"state-{seconds}"
        monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / f"cache-{seconds}"))
        refresh_from_folder(DbtProject(folder), RefreshRequest(path, selections=[STAGING]))
        states.append(path.read_bytes())
    assert states[0] == states[1]


@pytest.mark.reliability(
    "Edits that files do not show",
    tried="a YAML file edited without a change of its modification time, between two refreshes",
    outcome="dbt parses the edited file: the state's parse cache has no times that dbt could compare",
)
@pytest.mark.server
def test_an_edit_of_a_yaml_file_with_an_old_time_is_parsed(tmp_path: Path) -> None:
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    for path in shop.rglob("*"):
        os.utime(path, (1, 1))
    request = RefreshRequest(tmp_path / "state")
    refresh_from_folder(DbtProject(shop), request)
    schema = shop / "models/schema.yml"
    text = schema.read_text()
    assert "description: " in text
    schema.write_text(text.replace("description: ", "description: Edited. ", 1))
    os.utime(schema, (1, 1))
    assert refresh_from_folder(DbtProject(shop), request).is_changed
    state = StateFile(request.state_path)
    assert b"Edited. " in state.read_manifest_json()
    state.close()


@pytest.mark.reliability(
    "Files of other users",
    tried="a refresh with a umask of 0",
    outcome="the state is 0600; all folders of the cache are 0700 and all files 0600; a state that was 0644 becomes 0600",
)
@pytest.mark.server
def test_other_users_can_not_read_the_state_and_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(cache))
    state = tmp_path / "state"
    state.write_bytes(b"")
    state.chmod(0o644)
    before = os.umask(0)
    try:
        refresh_from_folder(SHOP, RefreshRequest(state))
        unpack_project(StateFile(state).read_project_zip())
    finally:
        os.umask(before)
    assert state.stat().st_mode & 0o777 == 0o600
    for path in [cache, *cache.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.reliability(
    "Leftovers",
    tried="refreshes killed while dbt prepares and while the state is written, next to one that is at work",
    outcome="the next refresh removes what the killed ones left, in the cache and beside the state, and nothing of the one at work",
)
@pytest.mark.server
def test_what_killed_refreshes_left_is_removed_by_the_next(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    state = tmp_path / "states" / "state"
    halting = (  # with the state half done
        "import os, sys, time; replace = os.replace\n"
        "os.replace = lambda a, b: time.sleep(99) if str(b) == sys.argv[2] else replace(a, b)\n"
    )
    left: set[Path] = set()
    scratch = tmp_path / "cache/scratch"
    for script, place in ((REFRESH, scratch), (halting + REFRESH, state.parent)):
        command = [sys.executable, "-c", script, str(dg_project.dbt_folder), str(state)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_for_file(place, ".temporary-*")
        finally:
            process.kill()
            process.wait()
        left |= set(tmp_path.rglob(".temporary-*"))
    assert len(left) >= 2
    with temporary_folder(cache_folder("scratch")) as at_work:
        refresh_until_clean(
            DbtProject(dg_project.dbt_folder),
            state,
            lambda: set(tmp_path.rglob(".temporary-*")) == {at_work},
        )
        assert set(tmp_path.rglob(".temporary-*")) == {at_work}
    assert list(state.parent.iterdir()) == [state]
    assert list((tmp_path / "tmp").iterdir()) == []


def wait_for_file(folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + 60
    while not any(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} in {folder} within a minute"
        time.sleep(0.01)
