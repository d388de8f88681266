"""The cache folder is this user's own, or there is none."""

import os
import tempfile
from pathlib import Path

import pytest

from dbt_component.errors import CacheFolderError
from dbt_component.project.cache import cache_folder

OTHER_USER = 65534


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder used if there is no other; its parent stands for /tmp."""
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(blocked / "cache"))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    return shared / f"dbt-component-{os.getuid()}"


def test_the_folder_of_the_variable_comes_first_then_that_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "a/b"))
    assert cache_folder("locks") == tmp_path / "a/b/locks"
    monkeypatch.delenv("DBT_COMPONENT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("locks") == tmp_path / "xdg/dbt-component/locks"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("locks") == tmp_path / ".cache/dbt-component/locks"


def test_only_this_user_can_read_it_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    before = os.umask(0)
    try:
        folder = cache_folder("locks")
    finally:
        os.umask(before)
    assert (mode_of(folder), mode_of(folder.parent)) == (0o700, 0o700)
    folder.chmod(0o755)
    assert mode_of(cache_folder("locks")) == 0o700


def test_the_fallback_is_made_if_nothing_else_can_be_written(fallback: Path) -> None:
    assert cache_folder("locks") == fallback / "locks"
    assert mode_of(fallback) == 0o700


@pytest.mark.reliability(
    "Files of other users",
    tried="the cache folder in the shared temporary folder is a symlink, or other users can write to it",
    outcome="an error that says so and how to go on; nothing is written there",
)
@pytest.mark.parametrize("kind", ["symlink", "group", "everyone", "file"])
def test_a_fallback_that_others_may_have_filled_is_refused(
    fallback: Path, tmp_path: Path, kind: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if kind == "symlink":
        fallback.symlink_to(elsewhere)
    elif kind == "file":
        fallback.touch()
    else:
        fallback.mkdir()
        fallback.chmod(0o770 if kind == "group" else 0o707)
    expected = {
        "symlink": "is a symlink",
        "file": "is not a folder",
        "group": r"can be written by other users \(mode 770\)",
        "everyone": r"can be written by other users \(mode 707\)",
    }
    with pytest.raises(CacheFolderError, match=expected[kind]) as caught:
        cache_folder("locks")
    assert "DBT_COMPONENT_CACHE_DIR" in str(caught.value)
    assert list(elsewhere.iterdir()) == []
    assert kind == "file" or list(fallback.iterdir()) == []


@pytest.mark.reliability(
    "Files of other users",
    tried="the cache folder in the shared temporary folder belongs to another user",
    outcome="an error that names the owner",
)
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_fallback_of_another_user_is_refused(fallback: Path) -> None:
    fallback.mkdir(mode=0o700)
    os.chown(fallback, OTHER_USER, OTHER_USER)
    with pytest.raises(CacheFolderError, match=f"belongs to another user \\({OTHER_USER}\\)"):
        cache_folder("locks")


@pytest.mark.parametrize("kind", ["symlink", "other user"])
def test_a_folder_in_the_cache_that_is_not_this_users_own_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "cache").mkdir()
    planted = tmp_path / "cache/locks"
    if kind == "symlink":
        planted.symlink_to(tmp_path)
    elif os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    else:
        planted.mkdir()
        os.chown(planted, OTHER_USER, OTHER_USER)
    assert cache_folder("locks") == tmp_path / f"dbt-component-{os.getuid()}/locks"
