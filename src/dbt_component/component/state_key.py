"""The default key of a component's state: made from all that changes what the state holds."""

import hashlib
import json
import os
import re
import warnings
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import DuplicateDefsStateKeyWarning
from dbt_component.component.schema import GitProjectArgs, ProjectArgs
from dbt_component.errors import DefinitionError
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.translation.git_url import public_url


def default_state_key(
    project: ProjectArgs, criteria: SelectionCriteria, project_root: Path | None
) -> str:
    """A key that is the same on every machine and differs for components that differ.

    A folder enters relative to the Dagster project, so that an image built elsewhere finds its state; a
    repository enters with its URL (without credentials), folder and ref.
    """
    rest: dict[str, Any] = {}
    if isinstance(project, GitProjectArgs):
        source = project.source
        url = public_url(source.repo_url)
        name = url.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
        rest = {
            "url": url,
            "folder": os.path.normpath(source.repo_relative_path),
            "ref": source.ref or "default",
            "submodules": source.submodules,
        }
    else:
        root = project_root or Path.cwd()
        folder = Path(project.project_dir)
        name = os.path.relpath(folder.resolve(), root.resolve()).replace(os.sep, "/")
    settings = project if isinstance(project, DbtProject) else project.settings
    variants = {
        "profile": settings.profile,
        "target": settings.target,
        "vars": dict(settings.vars),
        "prepare": list(settings.prepare_project_cli_args or []),
        "selection": None if criteria.is_everything else criteria.cache_key,
    }
    rest.update({key: value for key, value in variants.items() if value and value != ["parse"]})
    if re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None and not rest:
        return f"DbtProjectComponent[{name}]"
    text = json.dumps([name, rest], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"DbtProjectComponent[{name}-{digest}]"


def claim_state_key(context: dg.ComponentLoadContext, key: str) -> None:
    """Makes a key this component's own within its dg project.

    Raises:
        DefinitionError: Another component has it; the message names the files of both. Each would
            overwrite the other's state.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", DuplicateDefsStateKeyWarning)
        try:
            context.component_tree.mark_component_defs_state_key(
                defs_state_key=key, loc=context.component_loc
            )
        except DuplicateDefsStateKeyWarning as clash:
            places = re.findall(r"file_path_posix='([^']*)', instance_key=([^)]*)\)", str(clash))
            files = [f"{folder}/defs.yaml, component {number}" for folder, number in places]
            raise DefinitionError(
                f"Two components have the state key {key!r}.",
                where=" and ".join(files) or str(clash),
                hint="Give one of them a key of its own: `defs_state: {key: …}`.",
            ) from None
