"""Orders nodes so that each follows its dependencies."""

from collections.abc import Mapping

from dbt_component.manifest.node import Node


def in_topological_order(nodes: Mapping[str, Node]) -> list[Node]:
    """Orders nodes so that each follows its dependencies; otherwise keeps the given order.

    Iterative, since graphs may be deep. Dependencies that are not among ``nodes`` are ignored.
    """
    ordered: list[Node] = []
    done: set[str] = set()
    for root in nodes:
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            unique_id, expanded = stack.pop()
            if unique_id in done or unique_id not in nodes:
                continue
            if expanded:
                done.add(unique_id)
                ordered.append(nodes[unique_id])
                continue
            stack.append((unique_id, True))
            stack.extend(
                (parent, False)
                for parent in reversed(nodes[unique_id].depends_on)
                if parent not in done and parent != unique_id
            )
    return ordered
