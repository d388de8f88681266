"""The ``manifest`` argument of the Python API: a path, decoded JSON, or a project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt_component.errors import DefinitionError
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.read import read_manifest
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.project import DbtProject

ManifestArgument = Mapping[str, Any] | str | Path | DbtProject | Manifest
"""A manifest.json as a path or decoded, or a project whose target folder holds one."""


def project_of(manifest: ManifestArgument, project: DbtProject | None = None) -> ManifestProject:
    """Reads a manifest; nothing is read again while the file is unchanged.

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
    vars_digest = project.vars_digest if project is not None else ""
    return ManifestProject(read_manifest(manifest, vars_digest=vars_digest), project)
