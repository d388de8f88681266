"""The working folder shows the files of the current copy and keeps what dbt wrote."""

import os
import shutil
from pathlib import Path

import pytest

from dbt_component.project.working_folder import WorkingFolder, is_relative_path


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def working(tmp_path: Path) -> WorkingFolder:
    return WorkingFolder(tmp_path / "working")


def files_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_of_the_copy_are_replaced_and_what_dbt_wrote_stays(
    working: WorkingFolder, tmp_path: Path
) -> None:
    first = write(tmp_path / "first", seeds__a="1", seeds__old="1", gone__b="1")
    folder = working.lay_out(first)
    assert files_in(folder) == {"seeds/a": "1", "seeds/old": "1", "gone/b": "1"}
    write(folder, **{"seeds__shop.duckdb": "rows", "shop.duckdb": "rows", "gone__out": "rows"})
    second = write(tmp_path / "second", seeds__a="2", seeds__new="2")
    assert working.lay_out(second) == folder
    shutil.rmtree(first)
    assert files_in(folder) == {
        "seeds/a": "2",
        "seeds/new": "2",
        "seeds/shop.duckdb": "rows",
        "shop.duckdb": "rows",
        "gone/out": "rows",
    }
    assert not (second / "shop.duckdb").exists()


def test_a_database_in_the_copy_is_not_shown(working: WorkingFolder, tmp_path: Path) -> None:
    copy = write(tmp_path / "copy", **{"shop.duckdb": "committed", "a.csv": "1"})
    assert files_in(working.lay_out(copy)) == {"a.csv": "1"}


def test_a_link_that_the_user_made_stays(working: WorkingFolder, tmp_path: Path) -> None:
    folder = working.lay_out(write(tmp_path / "first", a="1"))
    big_disk = write(tmp_path / "disk", **{"large": "rows"}) / "large"
    (folder / "store").symlink_to(big_disk)
    working.lay_out(write(tmp_path / "second", b="1"))
    assert (folder / "store").read_text() == "rows"


def test_a_file_that_becomes_a_folder_and_back(working: WorkingFolder, tmp_path: Path) -> None:
    folder = working.lay_out(write(tmp_path / "first", models="1"))
    working.lay_out(write(tmp_path / "second", models__a="2"))
    assert files_in(folder) == {"models/a": "2"}
    working.lay_out(tmp_path / "first")
    assert (tmp_path / "first/models").read_text() == "1"


def test_an_interrupted_layout_is_done_again(
    working: WorkingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = write(tmp_path / "copy", a="1", b="1")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", lambda path: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            working.lay_out(copy)
    (working.project / "a").unlink()
    assert files_in(working.lay_out(copy)) == {"a": "1", "b": "1"}


def test_each_component_of_each_dagster_project_has_its_own(tmp_path: Path) -> None:
    places = {
        WorkingFolder.of(key, root).path
        for key in ("DbtProjectComponent[shop]", "DbtProjectComponent[../shop-12345678]")
        for root in (tmp_path / "one", tmp_path / "two")
    }
    assert len(places) == 4
    assert {place.parent for place in places} == {
        Path(os.environ["DBT_COMPONENT_DATA_DIR"]) / "working"
    }


def test_without_a_writable_data_folder_it_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "file" / "data"))
    place = WorkingFolder.of("key", tmp_path).path
    assert place.is_relative_to(os.environ["DBT_COMPONENT_CACHE_DIR"])


def test_a_user_without_a_home_folder_has_one_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs under a random user id."""
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("DBT_COMPONENT_DATA_DIR")
    users: dict[int, str] = {}
    monkeypatch.setattr("pwd.getpwuid", users.__getitem__)
    place = WorkingFolder.of("key", tmp_path).path
    assert place.is_relative_to(os.environ["DBT_COMPONENT_CACHE_DIR"])


def test_nothing_is_created_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "data"))
    working = WorkingFolder.of("key", tmp_path)
    assert not (tmp_path / "data").exists()
    assert working.path.parent == tmp_path / "data/working"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop.duckdb", True),
        ("data/shop.duckdb", True),
        ("../shop.duckdb", True),
        ("/data/shop.duckdb", False),
        ("~/shop.duckdb", False),
        (":memory:", False),
        ("md:shop", False),
        ("s3://bucket/shop.duckdb", False),
        ("", False),
        (".", False),
    ],
)
def test_relative_paths(path: str, expected: bool) -> None:
    assert is_relative_path(path) is expected
