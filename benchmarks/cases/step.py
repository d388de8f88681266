"""A step that builds a part of the project, in a fresh process."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.generate import TESTS_PER_MODEL
from benchmarks.processes import BenchmarkError
from benchmarks.projects import DBT, FLOOR, DgProject, Workbench
from benchmarks.results import Measured, alternate

_SHARES = {"1 % of the project": 0.01, "10 % of the project": 0.1}


def measure_step(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures one view and its tests, 1 % and 10 % of the project; bare dbt only for the one view."""
    samples = measure_selection(bench, "one view", [bench.plan.one_model], repeat, dbt_select=True)
    for name, share in _SHARES.items():
        models = bench.plan.some_models(share)
        if len(models) > 1:
            samples |= measure_selection(bench, name, models, repeat)
    return samples


def measure_selection(
    bench: Workbench,
    name: str,
    models: list[str] | None,
    repeat: int,
    *,
    dbt_select: bool = False,
) -> dict[tuple[str, str], list[float]]:
    """Runs a selection of models with their tests on every side.

    Args:
        bench: The projects.
        name: Describes the selection in the names of the metrics.
        models: The models; ``None`` for all.
        repeat: Number of rounds.
        dbt_select: Whether to run the bare dbt command on ``models`` as well.
    """
    expected = bench.plan.models if models is None else len(models)

    def measure(project: DgProject | None) -> Measured:
        if project is None:
            arguments = ["build"] if models is None else ["build", "--select", *models]
            timing = bench.run_dbt(*arguments)
            return {
                f"{name}: step": timing.seconds,
                f"{name}: process": timing.seconds,
                f"{name}: process, CPU time": timing.cpu_seconds,
            }
        return run_step(project, name, models, expected)

    projects: list[tuple[str, DgProject | None]] = [
        (p.side, p) for p in [*bench.component_projects, bench.floor]
    ]
    if dbt_select:
        bench.bare  # noqa: B018 - parses the project, which warms the parse cache
        projects.append((DBT, None))
    return alternate(projects, measure, repeat=repeat)


def run_step(
    project: DgProject, name: str, models: list[str] | None, expected: int
) -> Mapping[str, float]:
    """Runs a selection on one side.

    Raises:
        BenchmarkError: It did not report ``expected`` models and their tests.
    """
    keys_file = Path(project.root) / "selected.json"
    keys_file.write_text(json.dumps(models))
    timing, found = project.probe("run_step", str(keys_file))
    built = (found["materializations"], found["checks"])
    if built != (expected, expected * TESTS_PER_MODEL):
        raise BenchmarkError(f"{project.side} reported {built} for {expected} models ({name}).")
    measured = {
        f"{name}: step": found["step_seconds"],
        f"{name}: first event of a node": found["first_event_seconds"],
        f"{name}: process": timing.seconds,
        f"{name}: process, CPU time": timing.cpu_seconds,
    }
    if project.side == FLOOR:
        del measured[f"{name}: first event of a node"]
    return measured
