"""What each node of a step waits for."""

from collections import defaultdict
from collections.abc import Iterable, Set

from dbt_component.execution.timeline.gated_parents import gated_parents
from dbt_component.manifest.index import ManifestIndex


def waits_of(
    index: ManifestIndex, selected: Set[str], *, gates_on_tests: bool
) -> dict[str, tuple[str, ...]]:
    """The selected nodes and tests that dbt ends before it starts each selected one, by unique id.

    A node also waits for those that it depends on through nodes that are not selected, as dbt makes it. A model
    waits for its unit tests. Takes time in proportion to the nodes and edges of the project.

    Args:
        index: The project.
        selected: Unique ids of the nodes and tests that dbt runs.
        gates_on_tests: Whether children wait for the data tests of their parents, as in `dbt build`.
    """
    nearest: dict[str, dict[str, None]] = {}

    def among_selected(unique_ids: Iterable[str]) -> dict[str, None]:
        found: dict[str, None] = {}
        for unique_id in unique_ids:
            found.update({unique_id: None} if unique_id in selected else nearest.get(unique_id, {}))
        return found

    waits: dict[str, tuple[str, ...]] = {}
    for node in index.nodes:
        parents = among_selected(node.depends_on)
        if node.unique_id in selected:
            waits[node.unique_id] = tuple(parents)
        else:
            nearest[node.unique_id] = parents
    unit_tests: defaultdict[str, list[str]] = defaultdict(list)
    data_tests = []
    for test in index.tests:
        if test.unique_id not in selected:
            continue
        if test.is_unit_test:
            (model, *_) = [*among_selected(test.depends_on), ""]
            unit_tests[model].append(test.unique_id)
            waits[test.unique_id] = waits.get(model, ())
        else:
            data_tests.append(test.unique_id)
            waits[test.unique_id] = tuple(among_selected(test.depends_on))
    if gates_on_tests:
        waits = gated_parents(waits, data_tests)
    for model, tests in unit_tests.items():
        if model in waits:
            waits[model] = (*waits[model], *tests)
    return waits
