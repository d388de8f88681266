"""Column lineage in Dagster's terms, with the final keys of assets."""

from collections.abc import Callable, Iterable, Mapping

import dagster as dg

from dbt_component.definitions.listing import listed
from dbt_component.definitions.metadata_keys import COLUMN_LINEAGE_KEY, COLUMN_LINEAGE_TABLE_KEY
from dbt_component.lineage.column_lineage import ColumnLineage
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.manifest.node import Node


def lineage_metadata(
    lineage: ColumnLineage, key_of: Callable[[str], dg.AssetKey | None]
) -> Mapping[str, dg.TableColumnLineage | dg.MarkdownMetadataValue]:
    """The lineage of one asset as metadata; columns of nodes without a key are left out.

    It is there twice: as Dagster+ draws it, and as a table, because the open-source UI does not show the former.

    Args:
        lineage: The lineage.
        key_of: Unique id -> the key of the asset, also of a source.
    """
    deps_by_column = {}
    rows = ["| column | computed from |", "|---|---|"]
    for column, parents in lineage.columns.items():
        keys = [(key_of(parent.unique_id), parent.column) for parent in parents]
        deps_by_column[column] = [
            dg.TableColumnDep(asset_key=key, column_name=name) for key, name in keys if key
        ]
        origins = ", ".join(f"{key.to_user_string()}.{name}" for key, name in keys if key)
        rows.append(f"| {_in_a_cell(column)} | {_in_a_cell(origins)} |")
    return {
        COLUMN_LINEAGE_KEY: dg.TableColumnLineage(deps_by_column=deps_by_column),
        COLUMN_LINEAGE_TABLE_KEY: dg.MetadataValue.md("\n".join(rows)),
    }


def _in_a_cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def lineage_notes(lineage: ProjectLineage, nodes: Iterable[Node]) -> list[str]:
    """Says for which nodes the lineage is not known before the first run: a note for each reason."""
    names: dict[str, list[str]] = {}
    for node in nodes:
        found = lineage.nodes.get(node.unique_id)
        if found is not None and found.problem is not None:
            names.setdefault(found.problem, []).append(node.name)
    return [
        f"Before the first run there is no column lineage of {listed(same)}: {reason}"
        for reason, same in names.items()
    ]


def with_lineage(
    spec: dg.AssetSpec,
    unique_id: str,
    lineage: ProjectLineage,
    key_of: Callable[[str], dg.AssetKey | None],
) -> dg.AssetSpec:
    """The spec with the lineage that was traced before anything was built; one that a rule set stays.

    Args:
        spec: The asset.
        unique_id: Its node.
        lineage: The project's lineage.
        key_of: As in ``lineage_metadata``.
    """
    node = lineage.nodes.get(unique_id)
    if node is None or node.lineage is None or COLUMN_LINEAGE_KEY in spec.metadata:
        return spec
    return spec.merge_attributes(metadata=lineage_metadata(node.lineage, key_of))
