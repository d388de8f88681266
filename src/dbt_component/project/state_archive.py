"""The parts of a state file: how they are laid out in its zip, and the checksum of each.

The header lists all other parts. Only the header is found by the zip's directory, so damage there can't
lead to a wrong part.
"""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from dbt_component.errors import StateFormatError

HEADER_PART = "state.json"
REBUILD_HINT = "Rebuild it with `dg utils refresh-defs-state`."
_LOCAL_HEADER_BYTES = 30
_CHUNK_BYTES = 1 << 20
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class NewPart(NamedTuple):
    """A part to write. One that is read piece by piece must be ``ZIP_STORED``, not ``ZIP_DEFLATED``."""

    name: str
    data: bytes
    compression: int


class StoredPart(msgspec.Struct, frozen=True, array_like=True):
    """A part in a state file: where its bytes lie, their CRC-32, and the size of its content in bytes.

    The checksum is that of the bytes as stored, so that it is verified without decompressing.
    """

    offset: int
    stored_size: int
    crc32: int
    content_size: int
    is_compressed: bool


def zip_entry(name: str) -> zipfile.ZipInfo:
    """An entry of a zip that says nothing of the file's times and permissions, nor of the system.

    Equal contents then give equal bytes, and times that a zip can't express (before 1980) don't matter.
    """
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def write_parts(
    file: IO[bytes],
    parts: Sequence[NewPart],
    encode_header: Callable[[dict[str, StoredPart]], bytes],
) -> None:
    """Writes the zip of a state.

    Args:
        file: An empty file, opened for reading and writing.
        parts: All parts but the header.
        encode_header: Builds the header, which is written last, from the stored parts by name.
    """
    stored: dict[str, StoredPart] = {}
    with zipfile.ZipFile(file, "w") as archive:
        for part in parts:
            entry = zip_entry(part.name)
            archive.writestr(entry, part.data, part.compression, compresslevel=1)
            file.flush()
            stored[part.name] = _describe(file, entry)
        archive.writestr(zip_entry(HEADER_PART), encode_header(stored), zipfile.ZIP_STORED)


def _describe(file: IO[bytes], entry: zipfile.ZipInfo) -> StoredPart:
    # The bytes of a part follow its local header: fixed fields, the name, and the extra field.
    local = os.pread(file.fileno(), _LOCAL_HEADER_BYTES, entry.header_offset)
    offset = entry.header_offset + _LOCAL_HEADER_BYTES
    offset += int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    checksum = _checksum(file, offset, entry.compress_size)
    is_compressed = entry.compress_type == zipfile.ZIP_DEFLATED
    return StoredPart(offset, entry.compress_size, checksum, entry.file_size, is_compressed)


def _checksum(file: IO[bytes], offset: int, size: int) -> int:
    """CRC-32 of a range of a file, or of as much of it as there is."""
    checksum = 0
    for chunk in _chunks(file, offset, size):
        checksum = zlib.crc32(chunk, checksum)
    return checksum


def _chunks(file: IO[bytes], offset: int, size: int) -> Iterator[bytes]:
    end = offset + size
    while offset < end:
        chunk = os.pread(file.fileno(), min(_CHUNK_BYTES, end - offset), offset)
        if not chunk:
            return
        yield chunk
        offset += len(chunk)


def read_header_part(file: IO[bytes], path: Path) -> bytes:
    """Reads the header.

    Raises:
        StateFormatError: The file is no zip, or is damaged in the header or in the zip's directory.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.read(HEADER_PART)
    except Exception as error:  # a damaged directory makes zipfile raise errors of a dozen types
        raise StateFormatError(
            f"The state file is truncated or corrupt ({error}).",
            where=str(path),
            hint=REBUILD_HINT,
        ) from error


class StoredParts:
    """Reads the parts that the header lists. Thread-safe: no file position is shared.

    Args:
        file: The open state file.
        path: Its path, for errors.
        parts: The parts by name.
    """

    def __init__(self, file: IO[bytes], path: Path, parts: Mapping[str, StoredPart]) -> None:
        self._file = file
        self._path = path
        self._parts = parts

    def read(self, name: str) -> bytes:
        """The content of a part.

        Raises:
            StateFormatError: The part is missing, or differs from its checksum.
        """
        part = self._find(name)
        stored = b"".join(_chunks(self._file, part.offset, part.stored_size))
        if zlib.crc32(stored) != part.crc32:
            raise self._damaged(name)
        return zlib.decompress(stored, -zlib.MAX_WBITS) if part.is_compressed else stored

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        """A piece of an uncompressed part, which is not compared with the checksum.

        Raises:
            StateFormatError: The part is missing, or does not contain the piece.
        """
        part = self._find(name)
        piece = b"".join(_chunks(self._file, part.offset + offset, length))
        if len(piece) != length or offset + length > part.stored_size:
            raise StateFormatError(
                "The state file is shorter than its index says.",
                where=str(self._path),
                hint=REBUILD_HINT,
            )
        return piece

    def verify(self) -> None:
        """Compares every part with its checksum; about 1 ms for each 2 MB.

        Raises:
            StateFormatError: A part differs.
        """
        for name, part in self._parts.items():
            if _checksum(self._file, part.offset, part.stored_size) != part.crc32:
                raise self._damaged(name)

    def _find(self, name: str) -> StoredPart:
        try:
            return self._parts[name]
        except KeyError:
            raise self._damaged(name) from None

    def _damaged(self, name: str) -> StateFormatError:
        return StateFormatError(
            f"Part {name!r} of the state is missing or corrupt.",
            where=str(self._path),
            hint=REBUILD_HINT,
        )
