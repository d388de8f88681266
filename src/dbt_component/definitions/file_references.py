"""References to an asset's file: the commit, a link at that commit, and the path on this machine."""

import posixpath
from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import code_references, url_reference
from dbt_component.definitions.metadata_keys import COMMIT_KEY, REPOSITORY_KEY
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.project.local_project import normal_path
from dbt_component.project.project import DbtProject
from dbt_component.translation.link import link_to_file


def provenance(manifest: Manifest) -> Mapping[str, Any]:
    """Metadata with repository and commit; empty for a project that is not in Git."""
    origin = manifest.origin
    if origin is None:
        return {}
    return {COMMIT_KEY: origin.commit, REPOSITORY_KEY: origin.repository}


def missing_project() -> dg.DagsterInvalidDefinitionError:
    """The error of code references without the project whose files they would name."""
    return dg.DagsterInvalidDefinitionError(
        "`enable_code_references` is on, but the folder of the dbt project is unknown. Pass the project too, for example"
        " `@dbt_assets(manifest=project.manifest_path, project=project)`."
    )


def file_references(
    metadata: Mapping[str, Any], manifest: Manifest, node: Node, project: DbtProject | None
) -> Mapping[str, Any]:
    """Metadata with references to the node's file, in addition to those already in ``metadata``.

    Adds a link to the Git host if the file is the project's own (not a package's), lies in the repository and
    the host is known, and the absolute path of the file, without ``..``, if ``project`` is given.
    """
    found: dict[str, Any] = {}
    origin = manifest.origin
    root_project = manifest.index.project_name
    is_own = not node.package_name or node.package_name == root_project
    if origin is not None and is_own:
        path = posixpath.normpath(origin.path_of(node.original_file_path))
        link = link_to_file(origin.repository, origin.commit, path, template=origin.link_template)
        if link is not None and not path.startswith(("../", "/")):
            found.update(url_reference(metadata, link))
    if project is not None:
        file = node.original_file_path
        if not is_own:
            file = f"{project.yml.packages_install_path}/{node.package_name}/{file}"
        found.update(
            code_references({**metadata, **found}, normal_path(project.absolute_dir, file))
        )
    return found
