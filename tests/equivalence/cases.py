"""Random cases of one project: the nodes to run, the command, and the nodes that fail."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .generate import GeneratedProject

RUNNABLE = frozenset({"model", "seed", "snapshot", "test", "unit_test"})
_DATA = frozenset({"model", "seed", "snapshot"})


@dataclass(frozen=True)
class ProjectGraph:
    """A project according to dbt's manifest.json, read without dbt_component.

    ``names`` are values for ``--select``: the complete ``fqn`` and the resource type, since the name of
    a model alone would also select its unit tests. Tests of several versions of a model share a name.
    """

    parents: dict[str, list[str]]
    resource_types: dict[str, str]
    names: dict[str, str]
    ephemerals: frozenset[str]

    @property
    def runnable(self) -> list[str]:
        """Unique ids of the nodes that a dbt command can run, sorted."""
        return sorted(i for i, kind in self.resource_types.items() if kind in RUNNABLE)

    def ancestors(self, unique_id: str) -> set[str]:
        """All nodes that ``unique_id`` depends on, directly or not."""
        found: set[str] = set()
        waiting = list(self.parents.get(unique_id, ()))
        while waiting:
            parent = waiting.pop()
            if parent not in found:
                found.add(parent)
                waiting.extend(self.parents.get(parent, ()))
        return found


def read_graph(manifest: Mapping[str, Any]) -> ProjectGraph:
    """Reads manifest.json."""
    parents: dict[str, list[str]] = {}
    types: dict[str, str] = {}
    names: dict[str, str] = {}
    ephemerals: set[str] = set()
    for section in ("nodes", "sources", "unit_tests"):
        for unique_id, entry in (manifest.get(section) or {}).items():
            parents[unique_id] = list((entry.get("depends_on") or {}).get("nodes") or [])
            types[unique_id] = entry["resource_type"]
            fqn = ".".join(entry["fqn"])
            names[unique_id] = f"fqn:{fqn},resource_type:{entry['resource_type']}"
            if (entry.get("config") or {}).get("materialized") == "ephemeral":
                ephemerals.add(unique_id)
    return ProjectGraph(parents, types, names, frozenset(ephemerals))


@dataclass(frozen=True)
class Case:
    """One run.

    ``failing`` maps names in the control table to kinds of failure. ``in_turn`` means that each node runs
    to its end before dbt looks for the next one; the sequence then depends only on dbt's graph.
    """

    number: int
    style: str
    argv: tuple[str, ...]
    selected: frozenset[str]
    failing: Mapping[str, str]
    in_turn: bool = False

    def __str__(self) -> str:
        return (
            f"case {self.number} ({self.style}{', in turn' if self.in_turn else ''}):"
            f" dbt {' '.join(self.argv)}\n"
            f"  selected: {' '.join(sorted(self.selected))}\n"
            f"  failing: {' '.join(f'{n}={k}' for n, k in self.failing.items())}"
        )


def make_case(
    project: GeneratedProject,
    graph: ProjectGraph,
    number: int,
    *,
    flags: bool = True,
    lone_unit_tests: bool = False,
) -> Case:
    """Draws a case.

    Args:
        project: The project.
        graph: The same project, as parsed by dbt.
        number: Determines the case, together with the project's seed.
        flags: Whether to draw flags that change how dbt runs.
        lone_unit_tests: Whether unit tests may be selected without their model; ``dbt build`` silently
            ignores those.
    """
    rng = random.Random(f"case-{project.seed}-{number}")
    style = rng.choices(
        ["sparse", "assets", "ends", "tests", "everything", "single", "dense"],
        [5, 4, 4, 1, 2, 2, 3],
    )[0]
    selected = _select(rng, graph, style)
    argv = _command(rng, flags=flags)
    in_turn = flags and rng.random() < 0.5
    if in_turn:
        argv += ["--threads", "1"]
    names = {graph.names[i] for i in selected}
    if argv[0] == "build" and not lone_unit_tests:
        names -= {
            graph.names[i]
            for i in graph.runnable
            if graph.resource_types[i] == "unit_test" and graph.parents[i][0] not in selected
        }
    # Nodes that dbt's selector can't distinguish are selected together.
    selected = {i for i in graph.runnable if graph.names[i] in names}
    rate = rng.choice([0.0, 0.05, 0.1, 0.25])
    failing = {
        name: rng.choice(project.failable[name])
        for name in sorted(project.failable)
        if rng.random() < rate
    }
    return Case(number, style, tuple(argv), frozenset(selected), failing, in_turn)


def _select(rng: random.Random, graph: ProjectGraph, style: str) -> set[str]:
    runnable = graph.runnable
    data = [i for i in runnable if graph.resource_types[i] in _DATA]
    tests = [i for i in runnable if graph.resource_types[i] not in _DATA]
    with_ephemerals = rng.random() < 0.3
    if not with_ephemerals:
        data = [i for i in data if i not in graph.ephemerals]
    if style == "everything":
        return {*data, *tests}
    if style == "single":
        node = rng.choice(data)
        return {node, *(t for t in tests if node in graph.parents[t])}
    if style == "tests":
        return set(rng.sample(tests, min(len(tests), rng.randint(1, 6))))
    if style == "assets":  # as in Dagster: assets with their checks
        chosen = {i for i in data if rng.random() < 0.5}
        return chosen | {t for t in tests if any(p in chosen for p in graph.parents[t])}
    if style == "ends":  # nodes far apart, and tests of the nodes between them
        ranked = sorted(data, key=lambda i: len(graph.ancestors(i)))
        third = max(1, len(ranked) // 3)
        chosen = set(rng.sample(ranked[:third], min(third, 3)))
        chosen |= set(rng.sample(ranked[-third:], min(third, 3)))
        return chosen | {t for t in tests if rng.random() < 0.4}
    rate = 0.3 if style == "sparse" else 0.8
    return {i for i in [*data, *tests] if rng.random() < rate}


def _command(rng: random.Random, *, flags: bool) -> list[str]:
    command = rng.choices(["build", "run", "test", "seed", "snapshot"], [16, 2, 2, 1, 1])[0]
    argv = [command]
    if not flags:
        return argv
    if command in ("build", "run", "seed") and rng.random() < 0.2:
        argv.append("--full-refresh")
    if rng.random() < 0.15:
        argv.append(rng.choice(["--no-populate-cache", "--cache-selected-only"]))
    if command == "build" and rng.random() < 0.1:
        argv += ["--exclude-resource-type", rng.choice(["unit_test", "test", "seed", "snapshot"])]
    if command in ("build", "test") and rng.random() < 0.1:
        argv.append("--store-failures")
    if command in ("build", "run") and rng.random() < 0.05:
        argv.append("--empty")
    return argv
