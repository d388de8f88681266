"""The chain of nodes that a run is expected to wait for longest."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from dbt_component.execution.timeline.priority import chain_seconds


def expected_chain(
    waits: Mapping[str, Collection[str]], usual_seconds: Mapping[str, float]
) -> tuple[list[str], float]:
    """The longest chain of nodes that wait for each other, in the order in which they run, and its seconds.

    Args:
        waits: What each node waits for; see ``waits_of``.
        usual_seconds: Durations of earlier runs.

    Returns:
        An empty chain if no duration is known.
    """
    chains = chain_seconds(waits, usual_seconds)
    if not chains:
        return [], 0.0
    children: defaultdict[str, list[str]] = defaultdict(list)
    for node, named in waits.items():
        for parent in named:
            children[parent].append(node)
    chain = [max(chains, key=lambda node: (chains[node], node))]
    while following := [node for node in children[chain[-1]] if node in chains]:
        chain.append(max(following, key=lambda node: (chains[node], node)))
    return chain, chains[chain[0]]
