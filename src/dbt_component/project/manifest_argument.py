"""The ``manifest`` argument of the Python API: a path, decoded JSON, or a project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt_component.errors import DefinitionError
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.read import read_manifest
from dbt_component.manifest.recent import Recent
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.folder import FolderSource
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.prepared_files import open_state_of, state_beside
from dbt_component.project.project import DbtProject
from dbt_component.project.state_project import StateProject

ManifestArgument = Mapping[str, Any] | str | Path | DbtProject | Manifest
"""A manifest.json as a path or decoded, or a project whose target folder holds one."""


def prepared_from(manifest: ManifestArgument, project: DbtProject | None = None) -> PreparedProject:
    """The project of a manifest: with the state beside the manifest.json if it was written with that file.

    Nothing is read again while the files are unchanged.

    Args:
        manifest: The manifest, or the project that it belongs to.
        project: The project that it belongs to, if ``manifest`` does not say so.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        ProjectFileError: It is not a dbt manifest.
        DefinitionError: The argument is nothing of this kind.
    """
    if isinstance(manifest, DbtProject):
        project = project or manifest
        manifest = manifest.manifest_path
    if not isinstance(manifest, (str, Path, Mapping)):
        raise DefinitionError(
            f"`manifest` is a {type(manifest).__name__}.",
            hint="Pass the path of manifest.json, its decoded content, or a DbtProject.",
        )
    if not isinstance(manifest, Mapping):
        prepared = _find_prepared(Path(manifest), project)
        if prepared is not None:
            return prepared
    vars_digest = project.vars_digest if project is not None else ""
    read = read_manifest(manifest, vars_digest=vars_digest)
    key = (id(read), id(project))
    kept = _unprepared.find(key)
    if kept is None:
        kept = ManifestProject(read, project)
        _unprepared.keep(key, kept)
    return kept


def _find_prepared(manifest_path: Path, project: DbtProject | None) -> StateProject | None:
    try:
        stats = [path.stat() for path in (manifest_path, state_beside(manifest_path))]
    except OSError:
        return None
    identity = tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)
    key = (str(manifest_path.resolve()), id(project), identity)
    kept = _prepared.find(key)
    if kept is None:
        state = open_state_of(manifest_path)
        if state is None:
            return None
        kept = StateProject(
            state,
            None if project is None else FolderSource.of(project),
            asked=AskedSelections.beside(state_beside(manifest_path)),
        )
        _prepared.keep(key, kept)
    return kept


# A kept project holds the manifest and the DbtProject by whose ids it is found.
_unprepared: Recent[tuple[int, int], ManifestProject] = Recent()
_prepared: Recent[tuple[str, int, tuple[tuple[int, int, int], ...]], StateProject] = Recent()
