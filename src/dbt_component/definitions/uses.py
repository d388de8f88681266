"""The exposures, saved queries, metrics and semantic models that become external assets."""

from collections.abc import Set

from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

_LEAVES = frozenset({"exposure", "saved_query"})


def uses_of(index: ManifestIndex, selected_ids: Set[str]) -> list[Node]:
    """The selected exposures and saved queries, and the metrics and semantic models on the way to them.

    In the project's topological order. Metrics and semantic models count whether dbt selects them or not: without
    them the graph would not show what leads to the exposure.
    """
    waiting = [n for n in index.nodes if n.resource_type in _LEAVES and n.unique_id in selected_ids]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node.unique_id not in found:
            found.add(node.unique_id)
            waiting.extend(parent for parent in index.used_by(node) if parent.is_use)
    return [node for node in index.nodes if node.unique_id in found]
