"""The two files of a prepared project in its target folder: manifest.json and, beside it, the state."""

import logging
import zlib
from pathlib import Path

from dbt_component.errors import StateError
from dbt_component.project.state import StateFile
from dbt_component.project.temporary import replace_file

_STATE_NAME = "dbt_component.state"
_MANIFEST = "manifest.json"
_logger = logging.getLogger("dbt_component")


def state_beside(manifest_path: Path) -> Path:
    """The path of the state that belongs to a manifest.json."""
    return manifest_path.with_name(_STATE_NAME)


def write_manifest_beside(manifest_path: Path) -> None:
    """Writes the manifest.json of the state beside it, unless the file is that already.

    Raises:
        StateError: The state can't be read.
        OSError: There is no state, or the file can't be written.
    """
    state = StateFile(state_beside(manifest_path))
    try:
        if not _is_manifest_of(state, manifest_path):
            content = state.read_manifest_json()
            replace_file(manifest_path, lambda file: file.write(content))
            manifest_path.chmod(0o644)  # a manifest is for other tools too
    finally:
        state.close()


def open_state_of(manifest_path: Path) -> StateFile | None:
    """Opens the state from which a manifest.json was written.

    ``None`` if there is no state, or if the manifest is another one, such as that of a later `dbt` command: then
    its nodes are not those of the state. A warning tells of a state that can't be read.
    """
    path = state_beside(manifest_path)
    try:
        state = StateFile(path)
    except FileNotFoundError:
        return None
    except StateError as error:
        _logger.warning(
            "The state beside %s can't be used, so dbt parses the project in each run. %s",
            manifest_path,
            error,
        )
        return None
    if _is_manifest_of(state, manifest_path):
        return state
    state.close()
    _logger.info(
        "%s was not written with %s, so dbt parses the project in each run.", manifest_path, path
    )
    return None


def _is_manifest_of(state: StateFile, manifest_path: Path) -> bool:
    try:
        if manifest_path.stat().st_size != state.header.parts[_MANIFEST].content_size:
            return False
        return zlib.crc32(manifest_path.read_bytes()) == state.header.manifest_crc32
    except OSError:
        return False
