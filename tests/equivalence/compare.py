"""Lists the differences between two runs of one case."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from .cases import Case, ProjectGraph
from .observation import Observation, Step

_MAX_LISTED = 8
_COMPILED_FILE = re.compile(r"file compiled/\S*/(\w+)\.sql:")


def constraints(graph: ProjectGraph, ran: Collection[str]) -> dict[str, set[str]]:
    """Maps each node that ran to the other nodes that it must wait for in ``dbt build``.

    A node waits for its dependencies and, if it is not a test, for every test whose parents are all among
    its ancestors; both also through nodes that did not run. A model also waits for its own unit tests.
    The package's docstring explains why unselected tests don't count.
    """
    tests = [i for i in ran if graph.resource_types[i] == "test" and graph.parents[i]]
    edges: dict[str, set[str]] = {}
    for unique_id, parents in graph.parents.items():
        edges[unique_id] = set(parents)
        if graph.resource_types[unique_id] not in ("test", "unit_test"):
            ancestors = graph.ancestors(unique_id)
            edges[unique_id] |= {t for t in tests if ancestors.issuperset(graph.parents[t])}
    waits: dict[str, set[str]] = {}
    for unique_id in ran:
        is_unit_test = graph.resource_types[unique_id] == "unit_test"
        # dbt runs a unit test once its model could start, before the model itself.
        start = graph.parents[unique_id][0] if is_unit_test else unique_id
        found: set[str] = set()
        waiting = list(edges[start])
        while waiting:
            before = waiting.pop()
            if before not in found:
                found.add(before)
                waiting.extend(edges.get(before, ()))
        waits[unique_id] = {i for i in found if i in ran}
    for unique_id in ran:
        if graph.resource_types[unique_id] == "unit_test":
            waits.get(graph.parents[unique_id][0], set()).add(unique_id)
    return waits


def broken_constraints(
    observation: Observation, waits: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Describes each node that started before a node it must wait for had ended."""
    started: dict[str, int] = {}
    ended: dict[str, int] = {}
    for position, step in enumerate(observation.steps):
        if step.kind == "start":
            started.setdefault(step.unique_id, position)
        else:
            ended[step.unique_id] = position
    for unique_id, position in started.items():
        for before in sorted(waits.get(unique_id, ())):
            if before not in started and before not in ended:
                yield f"{unique_id} started, but {before} never ran"
            elif ended.get(before, len(observation.steps)) > position:
                yield f"{unique_id} started before the end of {before}"


def differences(
    case: Case,
    graph: ProjectGraph,
    stocks: Sequence[Observation],
    ours: Observation,
    *,
    expected: frozenset[str],
) -> list[str]:
    """Lists all differences of a case, as text; empty if our run has the same effect as stock dbt.

    Args:
        case: The case.
        graph: Its project.
        stocks: One or more runs of stock dbt; where they differ, ours may equal any of them.
        ours: Our run.
        expected: The nodes that, according to our side, must report.
    """
    stock = stocks[0]
    found: list[str] = []
    if ours.success not in {s.success for s in stocks}:
        found.append(f"success: stock {stock.success}, ours {ours.success}")
    if ours.error not in {s.error for s in stocks}:
        found.append(f"error of the command: stock {stock.error!r}, ours {ours.error!r}")
    found += _compare_maps("end", [s.ends for s in stocks], ours.ends)
    found += _compare_maps("result", [s.results for s in stocks], ours.results)
    found += _compare_maps("file", [s.files for s in stocks], ours.files)
    found += _compare_maps("relation", [s.relations for s in stocks], ours.relations)
    if case.argv[0] == "build":
        waits = constraints(graph, case.selected & stock.ends.keys())
        found += [f"order, stock: {line}" for line in broken_constraints(stock, waits)]
        found += [f"order, ours: {line}" for line in broken_constraints(ours, waits)]
    if case.in_turn and _sequence(ours) not in [_sequence(s) for s in stocks]:
        found.append(f"sequence: stock {_sequence(stock)}, ours {_sequence(ours)}")
    twice = sorted(i for i, count in ours.end_counts.items() if count > 1)
    if twice:
        found.append(f"ended twice in ours: {twice}")
    reported = stock.ends.keys() | stock.results.keys()
    silent = sorted(expected - ours.ends.keys() - ours.results.keys())
    if silent and set(silent) != expected - reported:
        found.append(f"never reported in ours: {silent}")
    return found


def are_races_of_dbt(found: Sequence[str], graph: ProjectGraph) -> bool:
    """Whether all differences are in compiled files of ephemeral models.

    dbt compiles such a model in the thread of each node that reads it, without a lock: one thread may
    write the file after another has removed the inlined models. This can't happen with one thread.
    """
    names = {i.split(".", 2)[2].replace(".", "_") for i in graph.ephemerals}
    return bool(found) and all(
        (match := _COMPILED_FILE.match(line)) is not None and match[1] in names for line in found
    )


def _sequence(observation: Observation) -> list[str]:
    """Unique ids in the order in which nodes first started."""
    steps: list[Step] = [step for step in observation.steps if step.kind == "start"]
    return list(dict.fromkeys(step.unique_id for step in steps))


def _compare_maps(
    kind: str, stocks: Sequence[Mapping[str, object]], ours: Mapping[str, object]
) -> list[str]:
    found: list[str] = []
    absent = object()
    for key in sorted({key for stock in stocks for key in stock} | ours.keys()):
        values = [stock.get(key, absent) for stock in stocks]
        value = ours.get(key, absent)
        if value in values:
            continue
        if value is absent:
            found.append(f"{kind} {key}: only in stock: {values[0]}")
        elif values[0] is absent:
            found.append(f"{kind} {key}: only in ours: {value}")
        else:
            found.append(f"{kind} {key}:\n    stock {values[0]}\n    ours  {value}")
    if len(found) > _MAX_LISTED:
        found[_MAX_LISTED:] = [f"… and {len(found) - _MAX_LISTED} more of kind {kind}"]
    return found
