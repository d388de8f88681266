"""Explains a selection without assets."""

from collections.abc import Set

from dbt_component.manifest.index import ManifestIndex
from dbt_component.selection.criteria import SelectionCriteria


def explain_emptiness(
    index: ManifestIndex, criteria: SelectionCriteria, selected_ids: Set[str]
) -> str | None:
    """Why there is nothing to define; ``None`` if a model, seed or snapshot is selected.

    Args:
        index: The project.
        criteria: The selection.
        selected_ids: The unique ids that it selects.
    """
    assets = [node.unique_id for node in index.nodes if node.is_asset]
    if not assets:
        return (
            f"dbt project {index.project_name!r} has no enabled models, seeds or snapshots."
            " Check `model-paths` in dbt_project.yml and the `enabled` configs."
        )
    if not selected_ids.isdisjoint(assets):
        return None
    nodes = (index.node_by_id.get(unique_id) for unique_id in selected_ids)
    if any(node is not None and node.materialized == "ephemeral" for node in nodes):
        return (
            f"{criteria} matches no model of dbt project {index.project_name!r} that is built, only ephemeral ones,"
            " which are part of what reads them. Select that."
        )
    return (
        f"{criteria} matches no model, seed or snapshot of dbt project {index.project_name!r}."
        " Check it with `dbt ls`."
    )
