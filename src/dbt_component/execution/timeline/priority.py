"""The priority of a node in dbt's queue: the longest chain of nodes that waits for it."""

import statistics
from collections.abc import Collection, Mapping

LEAST_SHARE = 0.1
LEAST_SECONDS = 1.0


def chain_seconds(
    parents: Mapping[str, Collection[str]], usual_seconds: Mapping[str, float]
) -> dict[str, float]:
    """The seconds of the longest chain that starts with each node, itself included.

    Nodes without a duration count as the median of those that have one. Takes time in proportion to nodes and
    edges, and no stack.

    Args:
        parents: What each selected node waits for, by unique id; see ``gated_parents`` for `dbt build`. Parents
            that are not keys are ignored.
        usual_seconds: Durations of earlier runs, of some of these nodes or of others.

    Returns:
        Empty if no duration is known. Nodes in a circle, which dbt refuses, and what leads to them are missing.
    """
    known = [usual_seconds[node] for node in parents if node in usual_seconds]
    if not known:
        return {}
    median = statistics.median(known)
    waiting_children = dict.fromkeys(parents, 0)
    for node, named in parents.items():
        for parent in _among(parents, named, besides=node):
            waiting_children[parent] += 1
    longest_after = dict.fromkeys(parents, 0.0)
    chains: dict[str, float] = {}
    ready = [node for node, count in waiting_children.items() if not count]
    while ready:
        node = ready.pop()
        chains[node] = longest_after[node] + usual_seconds.get(node, median)
        for parent in _among(parents, parents[node], besides=node):
            longest_after[parent] = max(longest_after[parent], chains[node])
            waiting_children[parent] -= 1
            if not waiting_children[parent]:
                ready.append(parent)
    return chains


def _among(
    nodes: Mapping[str, Collection[str]], named: Collection[str], *, besides: str
) -> set[str]:
    return {node for node in named if node in nodes and node != besides}


def worthwhile_priorities(
    parents: Mapping[str, Collection[str]], usual_seconds: Mapping[str, float]
) -> dict[str, float]:
    """The same as ``chain_seconds``, but empty where the order in which nodes start hardly matters.

    It matters if there is a chain that takes a tenth of the work of all nodes and at least a second. Without one,
    threads are busy to the end in any order.

    Args:
        parents: As in ``chain_seconds``.
        usual_seconds: As in ``chain_seconds``.
    """
    chains = chain_seconds(parents, usual_seconds)
    longest = max(chains.values(), default=0.0)
    work = sum(usual_seconds.get(node, 0.0) for node in parents)
    links = sum(1 for named in parents.values() if named)
    if not links or longest < LEAST_SECONDS or longest < LEAST_SHARE * work:
        return {}
    return chains
