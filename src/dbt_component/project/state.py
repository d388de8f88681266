"""The state: one self-describing file (a zip) with everything that loading and running need.

``state.json``         format version and provenance
``fingerprint.msgpack``  the inputs it was prepared from
``index.msgpack``      the compact node index
``selections.json``    selection -> unique ids
``nodes.bin``          raw manifest entries, each compressed, located by the index (not compressed again)
``parse_cache.msgpack``  the location of each part of dbt's parse cache
``parse_cache.bin``    the parts, each compressed
``manifest.json``      dbt's manifest as written
``project.zip``        the project's own files

The file is written under a temporary name and renamed, so a reader sees either the old state or the new
one. A reader keeps the file open and continues to read the version that it opened, even if the file is
replaced.
See docs/architecture.md, "The state file".
"""

import os
import tempfile
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import msgspec

from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.errors import StateFormatError
from dbt_component.manifest.entries import StoredEntries
from dbt_component.manifest.index import ManifestIndex, decode_index
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.origin import Origin
from dbt_component.project.fingerprint import Fingerprint

FORMAT = "dbt-component-state"
FORMAT_VERSION = 1
_REBUILD_HINT = "Rebuild it with `dg utils refresh-defs-state`."


class Provenance(msgspec.Struct, frozen=True):
    """The provenance of a state. Times are ISO 8601 in UTC.

    ``replaces`` is the previous version, in a versioned storage.
    """

    project_name: str
    source: str
    created_at: str
    dbt_version: str
    package_version: str
    adapter_type: str
    profile: str | None = None
    target: str | None = None
    origin: Origin | None = None
    replaces: str | None = None


class StateHeader(msgspec.Struct, frozen=True):
    """Format, inputs and provenance of a state.

    ``state_id`` identifies the content. ``project_dir`` is the project's folder during preparation.
    ``has_profiles`` means that the state contains profiles.yml, ``has_own_profiles`` that profiles.yml was
    in the project's folder.
    ``runtime_vars`` are those of ``runtime_vars_tried`` that do not affect the manifest.
    """

    format: str
    format_version: int
    state_id: str
    input_digest: str
    project_dir: str
    has_profiles: bool
    runtime_vars: list[str]
    runtime_vars_tried: list[str]
    provenance: Provenance
    has_own_profiles: bool = False


class StateContents(msgspec.Struct, frozen=True):
    """All parts of a state file to write."""

    header: StateHeader
    fingerprint: Fingerprint
    index: ManifestIndex
    selections: dict[str, list[str]]
    raw_nodes: bytes
    parse_cache_toc: bytes
    parse_cache: bytes
    manifest_json: bytes
    project_zip: bytes


def write_state(path: Path, contents: StateContents) -> None:
    """Writes a state file atomically.

    Raises:
        OSError: The folder can't be written or the disk is full; ``path`` is untouched.
    """
    parts: list[tuple[str, bytes, int]] = [
        ("state.json", msgspec.json.encode(contents.header), zipfile.ZIP_STORED),
        ("fingerprint.msgpack", msgspec.msgpack.encode(contents.fingerprint), zipfile.ZIP_DEFLATED),
        ("index.msgpack", contents.index.encode(), zipfile.ZIP_DEFLATED),
        ("selections.json", msgspec.json.encode(contents.selections), zipfile.ZIP_DEFLATED),
        ("nodes.bin", contents.raw_nodes, zipfile.ZIP_STORED),
        ("parse_cache.msgpack", contents.parse_cache_toc, zipfile.ZIP_DEFLATED),
        ("parse_cache.bin", contents.parse_cache, zipfile.ZIP_STORED),
        ("manifest.json", contents.manifest_json, zipfile.ZIP_DEFLATED),
        ("project.zip", contents.project_zip, zipfile.ZIP_STORED),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".state-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", compresslevel=1) as archive:
                for name, data, compression in parts:
                    archive.writestr(name, data, compress_type=compression)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class StateFile:
    """An open state file. Each part is read on first access; reading is thread-safe.

    Raises:
        StateFormatError: The file is truncated, corrupt or not a state, or has another format version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] = path.open("rb")
        try:
            self._archive = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, OSError) as error:
            self._file.close()
            raise StateFormatError(
                f"The state file is truncated or corrupt ({error}).",
                where=str(path),
                hint=_REBUILD_HINT,
            ) from error
        try:
            self.header = self._read_header()
        except BaseException:
            self._file.close()
            raise

    def _read_header(self) -> StateHeader:
        try:
            raw: dict[str, Any] = msgspec.json.decode(self._read("state.json"))
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"The state's header can't be read: {error}.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            ) from error
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(version, int):
            raise StateFormatError(
                "The file is not a state of dbt-component.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            )
        if version != FORMAT_VERSION:
            newer = version > FORMAT_VERSION
            raise StateFormatError(
                f"The state has format version {version}; this release reads {FORMAT_VERSION}.",
                where=str(self._path),
                hint="Upgrade dbt-component here to the release that wrote the state."
                if newer
                else _REBUILD_HINT,
            )
        try:
            return msgspec.convert(raw, StateHeader)
        except msgspec.ValidationError as error:
            raise StateFormatError(
                f"The state's header can't be read: {error}.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            ) from error

    def _read(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise StateFormatError(
                f"Part {name!r} of the state is missing or corrupt ({error}).",
                where=str(self._path),
                hint=_REBUILD_HINT,
            ) from error

    def _range_reader(self, name: str) -> "_RangeReader":
        info = self._archive.getinfo(name)
        # A stored part begins after its local header: 30 bytes, the name, and the extra field.
        local = os.pread(self._file.fileno(), 30, info.header_offset)
        start = info.header_offset + 30 + int.from_bytes(local[26:28], "little")
        start += int.from_bytes(local[28:30], "little")
        return _RangeReader(self._file, start, info.file_size, self._path)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        fingerprint: Fingerprint = self._decode("fingerprint.msgpack", Fingerprint)
        return fingerprint

    @cached_property
    def index(self) -> ManifestIndex:
        return decode_index(self._read("index.msgpack"))

    @cached_property
    def selections(self) -> dict[str, list[str]]:
        try:
            return msgspec.json.decode(self._read("selections.json"), type=dict[str, list[str]])
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"The state's selections can't be read: {error}.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            ) from error

    def _decode(self, name: str, type_: type[Any]) -> Any:
        try:
            return msgspec.msgpack.decode(self._read(name), type=type_)
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"Part {name!r} of the state can't be read: {error}.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            ) from error

    @cached_property
    def manifest(self) -> Manifest:
        return Manifest(
            self.index,
            StoredEntries(self._range_reader("nodes.bin").read, self.read_manifest_json),
            origin=self.header.provenance.origin,
        )

    def read_manifest_json(self) -> bytes:
        return self._read("manifest.json")

    @cached_property
    def parse_cache(self) -> ParseCache | None:
        """dbt's parse cache; ``None`` if the dbt that prepared the project keeps none."""
        toc = self._read("parse_cache.msgpack")
        cache = ParseCache(toc, self._range_reader("parse_cache.bin").read)
        return None if cache.is_empty else cache

    def read_project_zip(self) -> bytes:
        return self._read("project.zip")

    def close(self) -> None:
        self._file.close()


class _RangeReader:
    """Reads byte ranges of one stored part without moving a shared file position."""

    def __init__(self, file: IO[bytes], start: int, size: int, path: Path) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._path = path

    def read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file.fileno(), length, self._start + offset)
        if len(data) != length or offset + length > self._size:
            raise StateFormatError(
                "The state file is shorter than its index says.",
                where=str(self._path),
                hint=_REBUILD_HINT,
            )
        return data
