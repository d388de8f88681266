"""The state file: what is damaged is noticed."""

import random
import zipfile
from pathlib import Path

import pytest

from dbt_component.errors import StateError, StateFormatError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.fingerprint import Fingerprint
from dbt_component.project.state import (
    FORMAT,
    FORMAT_VERSION,
    Provenance,
    StateContents,
    StateFile,
    StateHeader,
    write_state,
)

HEADER = StateHeader(
    format=FORMAT,
    format_version=FORMAT_VERSION,
    state_id="id",
    input_digest="digest",
    project_dir="/shop",
    has_profiles=True,
    runtime_vars=[],
    runtime_vars_tried=[],
    provenance=Provenance("shop", "shop", "2024-01-01T00:00:00+00:00", "1.9.0", "0.1.0", "duckdb"),
)


def read_everything(path: Path) -> None:
    """Reads all parts of a state, as loading and runs do."""
    state = StateFile(path)
    try:
        _ = state.index, state.selections, state.fingerprint
        for unique_id in state.index.all_ids:
            dict(state.manifest.props(unique_id))
        assert state.parse_cache is not None
        state.parse_cache.put_together(is_env_unchanged=lambda _: True)
        state.read_manifest_json()
        state.read_project_zip()
    finally:
        state.close()


def directory_of(path: Path) -> range:
    """The bytes of the zip's directory."""
    with zipfile.ZipFile(path) as archive:
        return range(archive.start_dir, path.stat().st_size)


@pytest.mark.reliability(
    "Corrupt states",
    tried="bits flipped at random places and at every place of the zip's directory",
    outcome="reading gives the right contents or StateFormatError, no other error",
)
def test_bits_flipped_anywhere_are_noticed_or_harmless(
    shop_state_path: Path, tmp_path: Path
) -> None:
    whole = shop_state_path.read_bytes()
    path = tmp_path / "state"
    dice = random.Random(1)
    everywhere = [dice.randrange(len(whole)) for _ in range(60)]
    for position in [*everywhere, *directory_of(shop_state_path)]:
        damaged = bytearray(whole)
        damaged[position] ^= dice.randrange(1, 256)
        path.write_bytes(damaged)
        try:
            read_everything(path)
        except StateFormatError:
            continue


@pytest.mark.reliability(
    "Corrupt states",
    tried="a state cut off at random places",
    outcome="StateFormatError",
)
def test_a_state_cut_off_anywhere_is_noticed(shop_state_path: Path, tmp_path: Path) -> None:
    whole = shop_state_path.read_bytes()
    path = tmp_path / "state"
    for length in random.Random(2).sample(range(len(whole)), 50):
        path.write_bytes(whole[:length])
        with pytest.raises(StateFormatError, match="truncated or corrupt"):
            StateFile(path)


@pytest.mark.reliability(
    "Corrupt states",
    tried="a bit flipped at the start or end of each part",
    outcome="the check names the part",
)
def test_every_part_is_verified(shop_state_path: Path, tmp_path: Path) -> None:
    whole = shop_state_path.read_bytes()
    path = tmp_path / "state"
    state = StateFile(shop_state_path)
    state.verify()
    state.close()
    for name, part in state.header.parts.items():
        for position in (part.offset, part.offset + part.stored_size - 1):
            damaged = bytearray(whole)
            damaged[position] ^= 1
            path.write_bytes(damaged)
            opened = StateFile(path)
            with pytest.raises(StateFormatError, match=f"{name}.* corrupt"):
                opened.verify()
            opened.close()


@pytest.mark.reliability(
    "Times of files",
    tried="the same contents written twice, at very different times of the clock",
    outcome="equal files, byte for byte",
)
def test_equal_contents_give_an_equal_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = StateContents(
        header=HEADER,
        fingerprint=Fingerprint(files={}, settings={}, env={}, salt="salt"),
        index=ManifestIndex("shop", None, "duckdb", "1.9.0", [], []),
        selections={"a": ["model.shop.a"]},
        raw_nodes=b"nodes",
        parse_cache_toc=b"toc",
        parse_cache=b"cache",
        manifest_json=b"{}",
        project_zip=b"zip",
    )
    write_state(tmp_path / "first", contents)
    for clock in (0.0, 2.0**33):
        monkeypatch.setattr("time.time", lambda clock=clock: clock)
        write_state(tmp_path / "second", contents)
        assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()


def test_any_zip_program_reads_a_state(shop_state_path: Path) -> None:
    with zipfile.ZipFile(shop_state_path) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[-1] == "state.json"


def test_a_state_of_another_user_is_an_error_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StateError, match=r"not allowed to read[\s\S]*COPY --chown"):
        StateFile(tmp_path / "state")
