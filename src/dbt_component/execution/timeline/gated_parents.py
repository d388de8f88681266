"""What each node of a `dbt build` waits for: its parents, and the tests of its parents."""

from collections import defaultdict
from collections.abc import Collection, Mapping


def gated_parents(
    parents: Mapping[str, Collection[str]], tests: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Adds to the parents of each node the tests that `dbt build` runs before it.

    A test of one node is run before all children of that node. A test of several is run before nodes that depend
    on all of them; here, before those that do so directly, which is where it nearly always matters.

    Args:
        parents: The parents of each node, by unique id, those of tests included.
        tests: The data tests among them. Unit tests run with their models and gate nothing else.
    """
    tested_nodes = {test: frozenset(parents.get(test, ())) for test in tests}
    tests_by_node: defaultdict[str, list[str]] = defaultdict(list)
    for test, tested in tested_nodes.items():
        if tested:
            tests_by_node[min(tested)].append(test)  # one of them is enough to find the test
    gated = {}
    for node, named in parents.items():
        found = dict.fromkeys(named)
        if node not in tested_nodes:
            own = frozenset(named)
            found.update(
                (test, None)
                for parent in named
                for test in tests_by_node.get(parent, ())
                if tested_nodes[test] <= own
            )
        gated[node] = tuple(found)
    return gated
