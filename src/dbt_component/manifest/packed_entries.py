"""Concatenated manifest entries, each compressed separately so that it can be read alone."""

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from dbt_component.errors import StateFormatError

_encode_json = msgspec.json.Encoder().encode


class EntryPacker:
    """Concatenates entries as zlib-compressed JSON."""

    def __init__(self) -> None:
        self._packed = bytearray()

    def add(self, entry: Mapping[str, Any]) -> tuple[int, int]:
        """Appends an entry; returns its offset and length in bytes."""
        packed = zlib.compress(_encode_json(entry), 1)
        offset = len(self._packed)
        self._packed.extend(packed)
        return offset, len(packed)

    def packed(self) -> bytes:
        return bytes(self._packed)


def unpack_entry(packed: bytes) -> dict[str, Any]:
    """Decodes one entry.

    Raises:
        StateFormatError: The bytes are not a packed entry.
    """
    try:
        entry: dict[str, Any] = msgspec.json.decode(zlib.decompress(packed))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateFormatError(
            f"A node in the state can't be read: {error}.",
            hint="Rebuild the state with `dg utils refresh-defs-state`.",
        ) from error
    return entry
