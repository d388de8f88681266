"""The default key of a component's state: made from all that changes what the state holds."""

import hashlib
import json
import os
import re
from pathlib import Path

from dbt_component.component.schema import DbtProjectArgs
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import SelectionCriteria


def default_state_key(
    project: DbtProjectArgs | DbtProject,
    criteria: SelectionCriteria,
    project_root: Path | None,
) -> str:
    """A key that is the same on every machine and differs for components that differ.

    The folder enters relative to the Dagster project, so that an image built elsewhere finds its state.
    """
    folder = Path(project.project_dir)
    root = project_root or Path.cwd()
    relative = os.path.relpath(folder.resolve(), root.resolve()).replace(os.sep, "/")
    rest = {
        name: value
        for name, value in {
            "profile": project.profile,
            "target": project.target,
            "vars": dict(project.vars),
            "prepare": list(project.prepare_project_cli_args or []),
            "selection": None if criteria.is_everything else criteria.cache_key,
        }.items()
        if value and value != ["parse"]
    }
    is_plain = re.fullmatch(r"[A-Za-z0-9._-]+", relative) is not None
    if is_plain and not rest:
        return f"DbtProjectComponent[{relative}]"
    text = json.dumps([relative, rest], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"DbtProjectComponent[{relative}-{digest}]"
