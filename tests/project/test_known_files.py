"""A file that was read on this machine is read again only if it may have changed."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from dbt_component.project.known_files import KnownFiles


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is ahead, so that files just written are not recent."""
    now = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: now() + 60 * 10**9)


def hash_of(folder: Path) -> str | None:
    """The hash of the file `a`, as one process would find it."""
    known = KnownFiles(folder)
    found = known.hash_of("a", os.stat(folder / "a"))
    known.save()
    return found


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def test_a_known_file_is_not_read_again(
    tmp_path: Path, later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("1")
    assert hash_of(tmp_path) == sha1("1")
    monkeypatch.setattr(KnownFiles, "read", None)
    assert hash_of(tmp_path) == sha1("1")


@pytest.mark.reliability(
    "Edits that files do not show",
    tried="an edit after which size and modification time are set back to what they were",
    outcome="the edit is found: the time of the last change of the file's entry can't be set",
)
def test_an_edit_whose_times_are_set_back_is_found(tmp_path: Path, later: None) -> None:
    path = tmp_path / "a"
    path.write_text("1")
    os.utime(path, (1, 1))
    assert hash_of(tmp_path) == sha1("1")
    path.write_text("2")
    os.utime(path, (1, 1))
    assert hash_of(tmp_path) == sha1("2")


def test_a_recent_file_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("1")
    os.utime(tmp_path / "a", (1, 1))
    assert hash_of(tmp_path) == sha1("1")
    monkeypatch.setattr(KnownFiles, "read", lambda *_: None)
    assert hash_of(tmp_path) is None


def test_a_damaged_record_is_as_none(tmp_path: Path, later: None) -> None:
    cache = Path(os.environ["DBT_COMPONENT_CACHE_DIR"]) / "files"
    (tmp_path / "a").write_text("1")
    before = set(cache.glob("*"))
    hash_of(tmp_path)
    (record,) = set(cache.glob("*")) - before
    record.write_bytes(b"nonsense")
    assert hash_of(tmp_path) == sha1("1")
    assert record.read_bytes() != b"nonsense"
    assert record.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_gone_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    stat = os.stat(tmp_path / "a")
    (tmp_path / "a").unlink()
    assert KnownFiles(tmp_path).hash_of("a", stat) is None
