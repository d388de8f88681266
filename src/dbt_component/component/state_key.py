"""The default key of a component's state, derived from everything that changes the state's contents."""

import hashlib
import json
import re
import warnings
from pathlib import Path

import dagster as dg

from dbt_component._dagster import DuplicateDefsStateKeyWarning
from dbt_component.errors import DefinitionError
from dbt_component.project.source import ProjectSource
from dbt_component.selection.criteria import SelectionCriteria


def default_state_key(
    project: ProjectSource, criteria: SelectionCriteria, project_root: Path | None
) -> str:
    """A key that is the same on every machine and differs for components that differ."""
    name, parts = project.state_name(project_root or Path.cwd())
    settings = project.settings
    variants = {
        "profile": settings.profile,
        "target": settings.target,
        "vars": dict(settings.vars),
        "prepare": list(settings.prepare_project_cli_args or []),
        "selection": None if criteria.is_everything else criteria.cache_key,
    }
    rest = {
        **parts,
        **{key: value for key, value in variants.items() if value and value != ["parse"]},
    }
    if re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None and not rest:
        return f"DbtProjectComponent[{name}]"
    text = json.dumps([name, rest], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"DbtProjectComponent[{name}-{digest}]"


def claim_state_key(context: dg.ComponentLoadContext, key: str) -> None:
    """Reserves a key for this component within its dg project.

    Raises:
        DefinitionError: Another component uses it, and each would overwrite the other's state. The message
            names the files of both.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", DuplicateDefsStateKeyWarning)
        try:
            context.component_tree.mark_component_defs_state_key(
                defs_state_key=key, loc=context.component_loc
            )
        except DuplicateDefsStateKeyWarning as clash:
            places = re.findall(r"file_path_posix='([^']*)', instance_key=([^)]*)\)", str(clash))
            in_one_file = len({folder for folder, _ in places}) < len(places)
            files = [
                f"{folder}/defs.yaml" + (f", component {number}" if in_one_file else "")
                for folder, number in places
            ]
            raise DefinitionError(
                f"Two components have the state key {key!r}: they prepare the same selection of the same"
                " dbt project, or `defs_state.key` is the same in both.",
                where=" and ".join(files) or str(clash),
                hint="Remove one of them, or select other nodes in it. To keep both, give one of them its"
                " own assets and state: `translation: {key_prefix: …}` and `defs_state: {key: …}`.",
            ) from None
