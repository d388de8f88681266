"""The state: one self-describing file (a zip) with everything that loading and running need.

``state.json``         format version, provenance, and the place and checksum of each other part
``fingerprint.msgpack``  the inputs it was prepared from
``index.msgpack``      the compact node index
``selections.json``    selection -> unique ids
``nodes.bin``          raw manifest entries, each compressed, located by the index (not compressed again)
``parse_cache.msgpack``  the location of each part of dbt's parse cache
``parse_cache.bin``    the parts, each compressed
``manifest.json``      dbt's manifest, without times
``project.zip``        the project's own files
``lineage.msgpack``    the lineage of columns, if it was asked for
``platform.json``      of a project on the dbt platform: the run of the manifest, and the jobs

The file is written under a temporary name and renamed, so a reader sees either the old state or the new
one. A reader keeps the file open and continues to read the version that it opened, even if the file is
replaced.
See docs/architecture.md, "The state file".
"""

import hashlib
import os
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED

import msgspec

from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.errors import NewerStateError, StateError, StateFormatError
from dbt_component.lineage.project_lineage import ColumnSource, ProjectLineage
from dbt_component.manifest.entries import StoredEntries
from dbt_component.manifest.index import ManifestIndex, decode_index
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.origin import Origin
from dbt_component.project.fingerprint import Fingerprint
from dbt_component.project.state_archive import (
    REBUILD_HINT,
    NewPart,
    StoredPart,
    StoredParts,
    read_header_part,
    write_parts,
)
from dbt_component.project.temporary import remove_abandoned, replace_file

FORMAT = "dbt-component-state"
FORMAT_VERSION = 4
_LINEAGE = "lineage.msgpack"


class Provenance(msgspec.Struct, frozen=True):
    """The provenance of a state. ``replaces`` is the previous version, in a versioned storage."""

    project_name: str
    source: str
    dbt_version: str
    package_version: str
    adapter_type: str
    profile: str | None = None
    target: str | None = None
    origin: Origin | None = None
    replaces: str | None = None


class StateHeader(msgspec.Struct, frozen=True):
    """Format, inputs and provenance of a state.

    ``project_dir`` is the project's folder during preparation.
    ``has_profiles`` means that the state contains profiles.yml, ``has_own_profiles`` that profiles.yml was
    in the project's folder.
    ``manifest_crc32`` is the CRC-32 of manifest.json as dbt wrote it, without times; ``write_state`` fills it in.
    ``runtime_vars`` are those of ``runtime_vars_tried`` that do not affect the manifest. ``parts`` are all
    other parts of the file, and ``state_id`` identifies the contents; ``write_state`` fills them in.
    """

    format: str
    format_version: int
    input_digest: str
    project_dir: str
    has_profiles: bool
    runtime_vars: list[str]
    runtime_vars_tried: list[str]
    provenance: Provenance
    has_own_profiles: bool = False
    manifest_crc32: int = 0
    parts: dict[str, StoredPart] = {}
    state_id: str = ""


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
    lineage: ProjectLineage | None = None
    further: dict[str, bytes] = {}
    """Parts that only the source of the project reads, by name."""


def write_state(
    path: Path, contents: StateContents, *, review: Callable[["StateFile"], object] | None = None
) -> None:
    """Writes a state file atomically. Only this user can read it.

    Equal contents give an equal file, byte for byte, and so do two preparations of equal projects in the same
    folder: a state holds no times and nothing random.

    Args:
        path: The file.
        contents: The state.
        review: Called with the new state before it replaces the file. ``path`` is untouched after an error.

    Raises:
        OSError: The folder can't be written or the disk is full; ``path`` is untouched.
    """
    parts = [
        NewPart("fingerprint.msgpack", msgspec.msgpack.encode(contents.fingerprint), ZIP_DEFLATED),
        NewPart("index.msgpack", contents.index.encode(), ZIP_DEFLATED),
        NewPart("selections.json", msgspec.json.encode(contents.selections), ZIP_DEFLATED),
        NewPart("nodes.bin", contents.raw_nodes, ZIP_STORED),
        NewPart("parse_cache.msgpack", contents.parse_cache_toc, ZIP_DEFLATED),
        NewPart("parse_cache.bin", contents.parse_cache, ZIP_STORED),
        NewPart("manifest.json", contents.manifest_json, ZIP_DEFLATED),
        NewPart("project.zip", contents.project_zip, ZIP_STORED),
    ]
    if contents.lineage is not None:
        encoded = msgspec.msgpack.encode(contents.lineage)
        parts.append(NewPart(_LINEAGE, encoded, ZIP_DEFLATED))
    parts += [NewPart(name, data, ZIP_DEFLATED) for name, data in contents.further.items()]

    def encode_header(stored: dict[str, StoredPart]) -> bytes:
        identity = hashlib.sha256(msgspec.json.encode(contents.header))
        for part in parts:
            identity.update(part.data)
        return msgspec.json.encode(
            msgspec.structs.replace(
                contents.header,
                parts=stored,
                state_id=identity.hexdigest()[:32],
                manifest_crc32=zlib.crc32(contents.manifest_json),
            )
        )

    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)

    def review_file(written: Path) -> None:
        if review is not None:
            with closing(StateFile(written)) as state:
                review(state)

    replace_file(
        path,
        lambda file: write_parts(file, parts, encode_header),
        is_durable=True,
        review=review_file,
    )


class StateFile:
    """An open state file. Each part is read on first access; reading is thread-safe.

    Raises:
        StateError: This user is not allowed to read the file.
        StateFormatError: The file is truncated, corrupt or not a state, or has an older format.
        NewerStateError: A newer release wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("rb")
        except PermissionError as error:
            raise StateError(
                "This user is not allowed to read the state.",
                where=str(path),
                hint="Give the file to the user who runs the code, for example by `COPY --chown=USER` in an image.",
            ) from error
        try:
            self.header = self._read_header()
            self._parts = StoredParts(self._file, path, self.header.parts)
        except BaseException:
            self._file.close()
            raise

    def _read_header(self) -> StateHeader:
        try:
            raw: dict[str, Any] = msgspec.json.decode(read_header_part(self._file, self._path))
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"The state's header can't be read: {error}.",
                where=str(self._path),
                hint=REBUILD_HINT,
            ) from error
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(version, int):
            raise StateFormatError(
                "The file is not a state of dbt-component.",
                where=str(self._path),
                hint=REBUILD_HINT,
            )
        if version > FORMAT_VERSION:
            raise NewerStateError(
                f"The state has format version {version}; this release reads {FORMAT_VERSION}.",
                where=str(self._path),
                hint="Upgrade dbt-component here to the release that wrote the state, or delete the state.",
            )
        if version < FORMAT_VERSION:
            raise StateFormatError(
                f"The state has format version {version}; this release reads {FORMAT_VERSION}.",
                where=str(self._path),
                hint=REBUILD_HINT,
            )
        try:
            return msgspec.convert(raw, StateHeader)
        except msgspec.ValidationError as error:
            raise StateFormatError(
                f"The state's header can't be read: {error}.",
                where=str(self._path),
                hint=REBUILD_HINT,
            ) from error

    @property
    def written_at(self) -> datetime:
        """When this file was written, by the file system: a state itself contains no times."""
        return datetime.fromtimestamp(os.fstat(self._file.fileno()).st_mtime, tz=timezone.utc)

    def verify(self) -> None:
        """Compares every part with its checksum; about 1 ms for each 2 MB.

        Raises:
            StateFormatError: A part is corrupt.
        """
        self._parts.verify()

    @cached_property
    def fingerprint(self) -> Fingerprint:
        fingerprint: Fingerprint = self._decode("fingerprint.msgpack", Fingerprint)
        return fingerprint

    @cached_property
    def index(self) -> ManifestIndex:
        return decode_index(self._parts.read("index.msgpack"))

    @cached_property
    def selections(self) -> dict[str, list[str]]:
        try:
            return msgspec.json.decode(
                self._parts.read("selections.json"), type=dict[str, list[str]]
            )
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"The state's selections can't be read: {error}.",
                where=str(self._path),
                hint=REBUILD_HINT,
            ) from error

    @property
    def lineage_columns_from(self) -> ColumnSource | None:
        """Where the columns of the lineage were read; ``None`` if the state has no lineage."""
        return None if self.lineage is None else self.lineage.columns_from

    @cached_property
    def lineage(self) -> ProjectLineage | None:
        """The lineage of columns; ``None`` if it was not asked for."""
        if _LINEAGE not in self.header.parts:
            return None
        lineage: ProjectLineage = self._decode(_LINEAGE, ProjectLineage)
        return lineage

    def _decode(self, name: str, type_: type[Any]) -> Any:
        try:
            return msgspec.msgpack.decode(self._parts.read(name), type=type_)
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"Part {name!r} of the state can't be read: {error}.",
                where=str(self._path),
                hint=REBUILD_HINT,
            ) from error

    @cached_property
    def manifest(self) -> Manifest:
        return Manifest(
            self.index,
            StoredEntries(partial(self._parts.read_range, "nodes.bin"), self.read_manifest_json),
            origin=self.header.provenance.origin,
        )

    def read_manifest_json(self) -> bytes:
        return self._parts.read("manifest.json")

    @cached_property
    def parse_cache(self) -> ParseCache | None:
        """dbt's parse cache; ``None`` if the dbt that prepared the project keeps none."""
        toc = self._parts.read("parse_cache.msgpack")
        cache = ParseCache(toc, partial(self._parts.read_range, "parse_cache.bin"))
        return None if cache.is_empty else cache

    def read_project_zip(self) -> bytes:
        return self._parts.read("project.zip")

    def read_further(self, name: str) -> bytes | None:
        """A part that only the source of the project reads; ``None`` if there is none of that name."""
        return self._parts.read(name) if name in self.header.parts else None

    def close(self) -> None:
        self._file.close()
