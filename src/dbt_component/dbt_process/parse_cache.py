"""Splits dbt's parse cache (partial_parse.msgpack) into pieces, so a run can load only a slice of it.

Each node is one piece; macros and similar sections are one piece each. Every piece is compressed
separately, so the cost of a slice depends on its size alone. The complete cache can be rebuilt too.

dbt writes the values of environment variables into the cache; only their names are kept. Times, ids of the run
and the order of files are removed too, so equal projects have equal pieces.
"""

import os
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import msgspec

from dbt_component.dbt_process.slice import SlicePlan
from dbt_component.errors import StateFormatError
from dbt_component.manifest.timeless import metadata_without_times

_BY_NODE = (
    "nodes",
    "sources",
    "unit_tests",
    "exposures",
    "semantic_models",
    "saved_queries",
)
# Only parsing and the semantic layer read these; a run from a slice gets them empty.
_NOT_FOR_RUNS = frozenset(
    {
        "files",
        "docs",
        "disabled",
        "env_vars",
        "flat_graph",
        "source_patches",
        "exposures",
        "metrics",
        "semantic_models",
        "saved_queries",
    }
)
_ENTRIES = frozenset({*_BY_NODE, "macros", "metrics", "functions"})
"""Sections of entries by unique id, each of which has the time at which dbt parsed it."""
_NO_TIME = msgspec.Raw(
    msgspec.msgpack.encode(0.0)
)  # before any parse: dbt takes it as not parsed just now
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_CHANGED = "\x00changed"
_UNSET_IN_DBT = "DBT_DEFAULT_PLACEHOLDER"  # recorded by dbt for a variable that used its default
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_decode_lists = msgspec.msgpack.Decoder(dict[str, list[msgspec.Raw]]).decode
_decode_sections = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode


class ParseCacheToc(msgspec.Struct, frozen=True, array_like=True):
    """(offset, length) of each piece: ``whole`` by top-level key, ``pieces`` by section and unique id."""

    keys: list[str]
    whole: dict[str, tuple[int, int]]
    pieces: dict[str, dict[str, tuple[int, int]]]


def split_parse_cache(data: bytes | None) -> tuple[bytes, bytes]:
    """Splits partial_parse.msgpack into pieces.

    Args:
        data: The file; ``None`` if this dbt does not write one, which gives an empty table of contents.

    Returns:
        The encoded table of contents, and the concatenated pieces.
    """
    if data is None:
        return _encode(ParseCacheToc(keys=[], whole={}, pieces={})), b""
    # Pieces stay in dbt's own encoding: decoding thousands of nodes completely costs seconds.
    cache = _decode_sections(data)
    names = _decode(cache["env_vars"]) if "env_vars" in cache else None
    cache["env_vars"] = msgspec.Raw(_encode(dict.fromkeys(sorted(names or {}))))
    packed = bytearray()

    def store(value: msgspec.Raw) -> tuple[int, int]:
        piece = zlib.compress(value, 1)
        offset = len(packed)
        packed.extend(piece)
        return offset, len(piece)

    toc = ParseCacheToc(
        keys=list(cache),
        whole={
            key: store(_without_times(key, value))
            for key, value in cache.items()
            if key not in _BY_NODE
        },
        pieces={
            key: {
                id_: store(_without_time(entry))
                for id_, entry in sorted(_decode_sections(cache[key]).items())
            }
            for key in _BY_NODE
            if key in cache
        },
    )
    return _encode(toc), bytes(packed)


def _without_times(key: str, value: msgspec.Raw) -> msgspec.Raw:
    """A section without times and in order; the order of other sections is that of dbt."""
    if key == "metadata":
        return msgspec.Raw(_encode(metadata_without_times(_decode(value))))
    if key == "files":
        return msgspec.Raw(_encode(dict(sorted(_without_file_times(_decode(value)).items()))))
    if key == "disabled":
        disabled = _decode_lists(value)
        return msgspec.Raw(
            _encode({id_: list(map(_without_time, disabled[id_])) for id_ in sorted(disabled)})
        )
    if key in _ENTRIES:
        entries = _decode_sections(value)
        return msgspec.Raw(_encode({id_: _without_time(entries[id_]) for id_ in sorted(entries)}))
    return value


def _without_time(entry: msgspec.Raw) -> msgspec.Raw:
    fields = _decode_sections(entry)
    if "created_at" not in fields:
        return entry
    fields["created_at"] = _NO_TIME
    return msgspec.Raw(_encode(fields))


def _without_file_times(files: dict[str, Any]) -> dict[str, Any]:
    """dbt takes a YAML file with the recorded time as unchanged without reading it; it reads one without a time."""
    for file in files.values():
        path = file.get("path")
        if isinstance(path, dict) and "modification_time" in path:
            path["modification_time"] = 0.0
    return files


class ParseCache:
    """The pieces of one parse cache, assembled on demand.

    Args:
        toc: The encoded table of contents.
        read_range: (offset, length) within the concatenated pieces -> bytes.

    Raises:
        StateFormatError: The table of contents can't be read.
    """

    def __init__(self, toc: bytes, read_range: Callable[[int, int], bytes]) -> None:
        try:
            self._toc = msgspec.msgpack.decode(toc, type=ParseCacheToc)
        except msgspec.DecodeError as error:
            raise StateFormatError(
                f"The parse cache in the state can't be read: {error}.",
                hint="Rebuild the state with `dg utils refresh-defs-state`.",
            ) from error
        self._read_range = read_range

    @property
    def is_empty(self) -> bool:
        """Whether the dbt that prepared the project writes no parse cache."""
        return not self._toc.keys

    def _piece(self, location: tuple[int, int]) -> bytes:
        try:
            return zlib.decompress(self._read_range(*location))
        except zlib.error as error:
            raise StateFormatError(
                f"A piece of the parse cache in the state is corrupt: {error}.",
                hint="Rebuild the state with `dg utils refresh-defs-state`.",
            ) from error

    def environment_names(self) -> list[str]:
        """Names of the environment variables that the project read while parsing, sorted."""
        location = self._toc.whole.get("env_vars")
        return sorted(_decode(self._piece(location))) if location else []

    def put_together(
        self,
        *,
        is_env_unchanged: Callable[[str], bool],
        moved: tuple[str, str] | None = None,
    ) -> bytes:
        """Assembles the complete cache in dbt's format.

        dbt parses a file again if a variable that it read has a different value in the cache. No values
        are stored, so unchanged variables get this process's value, and the others a value that no
        variable can have.

        Args:
            is_env_unchanged: Whether an environment variable has the same value as when the project was
                parsed.
            moved: (project folder then, project folder now), if they differ.
        """
        cache: dict[str, Any] = {}
        for key in self._toc.keys:
            if key in self._toc.whole:
                cache[key] = self._section(key)
            else:
                cache[key] = {
                    unique_id: self._entry(unique_id, location, moved=moved)
                    for unique_id, location in self._toc.pieces[key].items()
                }
        cache["env_vars"] = {
            name: os.environ.get(name, _UNSET_IN_DBT) if is_env_unchanged(name) else _CHANGED
            for name in self.environment_names()
        }
        return _encode(cache)

    def slice(self, plan: SlicePlan, *, moved: tuple[str, str] | None = None) -> bytes:
        """Assembles the part of the cache that ``plan`` keeps, in dbt's format."""
        wanted = dict.fromkeys(plan.keep)
        cache: dict[str, Any] = {}
        for key in self._toc.keys:
            if key in _NOT_FOR_RUNS:
                cache[key] = {}
            elif key in self._toc.whole:
                cache[key] = self._section(key)
            else:
                section = self._toc.pieces[key]
                members = (
                    (unique_id for unique_id in section if unique_id in wanted)
                    if len(wanted) > len(section)
                    else (unique_id for unique_id in wanted if unique_id in section)
                )
                cache[key] = {
                    unique_id: self._entry(
                        unique_id,
                        section[unique_id],
                        moved=moved,
                        parents=plan.rewired.get(unique_id),
                    )
                    for unique_id in members
                }
        return _encode(cache)

    def _section(self, key: str) -> msgspec.Raw:
        piece = self._piece(self._toc.whole[key])
        if key == "metadata":  # which dbt copies to the artifacts of a run
            metadata: dict[str, Any] = _decode(piece)
            if "generated_at" in metadata:
                metadata["generated_at"] = datetime.now(timezone.utc).strftime(_TIME_FORMAT)
            piece = _encode(metadata)
        return msgspec.Raw(piece)

    def _entry(
        self,
        unique_id: str,
        location: tuple[int, int],
        *,
        moved: tuple[str, str] | None,
        parents: list[str] | None = None,
    ) -> msgspec.Raw:
        piece = self._piece(location)
        is_moved_seed = moved is not None and unique_id.startswith("seed.")
        if parents is None and not is_moved_seed:
            return msgspec.Raw(piece)
        entry: dict[str, Any] = _decode(piece)
        if parents is not None and isinstance(entry.get("depends_on"), dict):
            entry["depends_on"]["nodes"] = parents
        if moved is not None and is_moved_seed:
            entry["root_path"] = _move(entry, *moved)
        return msgspec.Raw(_encode(entry))


def _move(entry: Mapping[str, Any], before: str, now: str) -> str | None:
    """A seed's root folder after the project moved; dbt stores the folder at parse time."""
    root = entry.get("root_path")
    if isinstance(root, str) and (root == before or root.startswith(before + os.sep)):
        return now + root[len(before) :]
    return root
