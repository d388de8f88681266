"""The default name of a component's op."""

import hashlib
import re

import dagster as dg


def default_op_name(
    project_name: str, state_key: str, context: dg.ComponentLoadContext | None
) -> str:
    """The dbt project's name, with a suffix unless it is also the state's key.

    Names are unique by state key, so neither several components on one project nor several projects of one
    name share an op. The suffix is a plain key itself; for any other key it is the component's folder, for
    people, and a digest.

    Args:
        project_name: The name in dbt_project.yml.
        state_key: The key of the component's state.
        context: The component's load context, which names its folder.
    """
    short = re.sub(r"^Dbt\w+Component\[(.*)\]$", r"\1", state_key)
    if short == project_name:
        return project_name
    if re.fullmatch(r"[A-Za-z0-9_]+", short):
        return f"{project_name}__{short}"
    derived = re.fullmatch(r".*-([0-9a-f]{8})", short)
    digest = derived.group(1) if derived else hashlib.sha256(state_key.encode()).hexdigest()[:8]
    folder = _folder_of(context) if context is not None else ""
    return f"{project_name}__{folder}_{digest}" if folder else f"{project_name}__{digest}"


def _folder_of(context: dg.ComponentLoadContext) -> str:
    """The folder of the component in the defs folder, as part of a name."""
    folder = context.path if context.path.is_dir() else context.path.parent
    try:
        parts = folder.relative_to(context.defs_module_path).parts
    except ValueError:
        parts = (folder.name,)
    return re.sub(r"[^A-Za-z0-9]+", "_", "_".join(parts)).strip("_")
