"""The project of a component that has no state: known by the manifest.json in its folder."""

import logging

from dbt_component.errors import DagsterDbtManifestNotFoundError
from dbt_component.project.manifest_argument import prepared_from
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.source import ProjectSource

_logger = logging.getLogger("dbt_component")


def read_manifest_project(source: ProjectSource, *, key: str, hint: str) -> PreparedProject:
    """Reads the manifest.json in the target folder of a component's project.

    A deployment that ships `target/manifest.json` and never refreshes a state has the same assets as with a
    state. If the file is one that `dbt-component project prepare-and-package` wrote, what is beside it serves as
    the state. With any other, loading takes longer, because the manifest is read and indexed each time, and dbt
    parses the project in each run. A warning says so.

    Args:
        source: The component's project.
        key: The key of the missing state, for messages.
        hint: How to get a state.

    Raises:
        DagsterDbtManifestNotFoundError: There is no manifest.json, or no folder that could hold one.
        ProjectFileError: The file is not a manifest.
    """
    project = source.find_folder()
    if project is None:
        raise DagsterDbtManifestNotFoundError(
            f"Component state {key!r} does not exist, and the dbt project has no folder on this machine whose"
            " manifest.json could be used instead.",
            hint=hint,
        )
    path = project.manifest_path
    if not path.is_file():
        raise DagsterDbtManifestNotFoundError(
            f"Component state {key!r} does not exist, and dbt project {project.name!r} has no manifest.json.",
            where=str(path),
            hint=f"{hint} Or run `dbt parse` in the project's folder and ship its target folder.",
        )
    prepared = prepared_from(project)
    if prepared.parse_cache is None:
        _logger.warning(
            "%s has no state, so its definitions come from %s: loading is slower, and dbt parses the project in each"
            " run. %s",
            key,
            path,
            hint,
        )
    return prepared
