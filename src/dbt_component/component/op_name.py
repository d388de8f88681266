"""The default name of a component's op."""

import dagster as dg

from dbt_component.project.source import ProjectSource
from dbt_component.selection.criteria import SelectionCriteria


def default_op_name(
    project: ProjectSource,
    criteria: SelectionCriteria,
    context: dg.ComponentLoadContext,
    name: str,
) -> str:
    """The dbt project's name; followed by the component's folder if a selection, target or profile is set.

    So several components on one project have ops with different names.
    """
    settings = project.settings
    is_plain = criteria.is_everything and settings.target is None and settings.profile is None
    if is_plain:
        return name
    folder = context.path if context.path.is_dir() else context.path.parent
    try:
        parts = folder.relative_to(context.defs_module_path).parts
    except ValueError:
        parts = (folder.name,)
    suffix = "_".join("".join(c if c.isalnum() else "_" for c in part) for part in parts)
    return f"{name}__{suffix}" if suffix else name
