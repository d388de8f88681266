"""Ops that depend on each other in a circle, as sentences for people."""

from collections.abc import Callable, Mapping, Sequence, Set

from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.reachable import reachable
from dbt_component.manifest.index import ManifestIndex


def describe_circles(
    index: ManifestIndex,
    assets: Set[str],
    op_of: Callable[[str], int],
    rules: Sequence[OpRules],
) -> list[str]:
    """One sentence for each circle of ops, with nodes that make it; empty if there is none.

    Dagster runs such ops all the same: it divides them into several steps.

    Args:
        index: The project.
        assets: Unique ids of the models, seeds and snapshots to look at.
        op_of: The place in ``rules`` of the op of a node.
        rules: The ops.
    """
    edges = _edges(index, assets, op_of)
    children: list[set[int]] = [set() for _ in rules]
    for parent, child in edges:
        children[parent].add(child)
    below = [reachable(children, number) for number in range(len(rules))]
    told: set[int] = set()
    found: list[str] = []
    for number in range(len(rules)):
        circle = {other for other in below[number] if number in below[other]}
        if len(circle) < 2 or number in told:
            continue
        told |= circle
        arrows = [
            f"{parent} ({_name(rules[a])}) -> {child} ({_name(rules[b])})"
            for (a, b), (parent, child) in sorted(edges.items())
            if a in circle and b in circle
        ]
        names = " and ".join(_name(rules[each]) for each in sorted(circle))
        found.append(
            f"Ops {names} depend on each other: {', '.join(arrows)}. A run of all of them starts dbt several times for"
            " some of them. To avoid that, select nodes of one such dependency in the same op."
        )
    return found


def _edges(
    index: ManifestIndex, assets: Set[str], op_of: Callable[[str], int]
) -> Mapping[tuple[int, int], tuple[str, str]]:
    """Pairs of ops of which the second depends on the first -> a pair of nodes that shows it."""
    edges: dict[tuple[int, int], tuple[str, str]] = {}
    for node in index.nodes:
        if node.unique_id not in assets:
            continue
        own = op_of(node.unique_id)
        for parent in index.upstream_assets(node):
            if parent.unique_id in assets and (other := op_of(parent.unique_id)) != own:
                edges.setdefault((other, own), (parent.name, node.name))
    return edges


def _name(rule: OpRules) -> str:
    return "the default op" if rule.name is None else repr(rule.name)
