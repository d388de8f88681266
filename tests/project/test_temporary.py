"""A temporary file lives as long as its process, and is replaced at once or not at all."""

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from dbt_component.project.temporary import remove_abandoned, replace_file, temporary_folder

# Makes one folder and one file, reports, and waits to be killed.
HOLD = """
import sys, time
from pathlib import Path
from dbt_component.project.temporary import replace_file, temporary_folder
parent = Path(sys.argv[1])
def wait(file):
    print("ready", flush=True)
    time.sleep(600)
with temporary_folder(parent) as folder:
    (folder / "inner").mkdir()
    (folder / "inner/file").write_text("x")
    replace_file(parent / "kept", wait)
"""


@pytest.mark.reliability(
    "Leftovers",
    tried="a process killed while it holds a temporary folder and writes a file",
    outcome="both stay while it lives, and are removed once it is dead, however young they are",
)
def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        held = set(tmp_path.iterdir())
        assert len(held) == 2
        remove_abandoned(tmp_path)
        assert set(tmp_path.iterdir()) == held
    finally:
        process.kill()
        process.wait()
    with temporary_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_others_files_and_folders_that_do_not_exist_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".temporary-link").symlink_to(outside)
    remove_abandoned(folder)
    remove_abandoned(tmp_path / "missing")
    assert outside.is_dir() and (tmp_path / "file").exists()


def test_a_file_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, lambda file: file.write(b"old"))

    def fail(file: IO[bytes]) -> None:
        file.write(b"new")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        replace_file(path, fail, is_durable=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600
