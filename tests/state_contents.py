"""All bytes of a state, decompressed: to search it for what must not be there."""

import io
import zipfile
from pathlib import Path

from dbt_component.project.state import StateFile


def everything_in(path: Path) -> bytes:
    state = StateFile(path)
    try:
        parts = [b"".join(_files(path.read_bytes()))]
        parts += [repr(dict(state.manifest.props(i))).encode() for i in state.index.all_ids]
        if state.parse_cache is not None:
            parts.append(state.parse_cache.put_together(is_env_unchanged=lambda _: False))
        parts += _files(state.read_project_zip())
        return b"\0".join(parts)
    finally:
        state.close()


def _files(data: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]
