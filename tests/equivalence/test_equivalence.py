"""Random subsets of random projects have the same effect with stock dbt and with ours.

A few cases always run; the others only with ``-m slow``. Environment variables:

``EQUIVALENCE_PROJECTS``  number of random projects in slow tests (40)
``EQUIVALENCE_CASES``     number of cases for each of these (6)
``EQUIVALENCE_REPLAY``    ``seed:case`` or ``seed:case:adapter``: runs only that case, in every mode
``EQUIVALENCE_EVERY_MODE``  if set, the known cases run in every mode
``EQUIVALENCE_DBT``       ``dbt`` executables of other versions, separated by ``:``; each runs a few projects
"""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from dbt_component.dbt_process.engine import find_engine
from dbt_component.execution.plan import Mode

from .bench import Bench, Outcome, opened
from .databases import Database, DuckDatabase
from .generate import GeneratedProject, generate_project
from .warm_process import WarmProcess

PROJECTS = int(os.environ.get("EQUIVALENCE_PROJECTS", "40"))
CASES = int(os.environ.get("EQUIVALENCE_CASES", "6"))
REPLAY = os.environ.get("EQUIVALENCE_REPLAY", "")
EXECUTABLES = [e for e in os.environ.get("EQUIVALENCE_DBT", "").split(":") if e]
EVERY_MODE = (None, Mode.CUT, Mode.PARSE)


def modes_of(number: int) -> tuple[Mode | None, ...]:
    """Always the mode that the component chooses; the others only sometimes, since each costs a run."""
    modes: list[Mode | None] = [None]
    if number % 3 == 0:
        modes.append(Mode.CUT)
    if number % 6 == 1:
        modes.append(Mode.PARSE)
    return tuple(modes)


def report(bench: Bench, outcome: Outcome, adapter: str) -> str:
    """The differences, and the command that reproduces them."""
    return "\n".join(
        [
            f"{bench.project}, {outcome.case}, mode {outcome.mode.value}",
            *(f"- {line}" for line in outcome.differences),
            f"replay: EQUIVALENCE_REPLAY={bench.project.seed}:{outcome.case.number}:{adapter}"
            " python -m pytest tests/equivalence -k replay",
        ]
    )


def check(bench: Bench, numbers: Iterable[int], *, every_mode: bool = False) -> None:
    """Runs the cases with these numbers and fails with all their differences."""
    failures: list[str] = []
    with opened(bench):
        for number in numbers:
            modes = EVERY_MODE if every_mode else modes_of(number)
            for outcome in bench.run_case(bench.case(number), modes):
                if outcome.differences:
                    failures.append(report(bench, outcome, bench.adapter))
    assert not failures, "\n\n".join(failures)


def duck_bench(
    project: GeneratedProject, tmp_path: Path, warm: WarmProcess, *, is_warm: bool = True
) -> Bench:
    return Bench(
        project, DuckDatabase(tmp_path / "db"), tmp_path / "bench", warm=warm, is_warm=is_warm
    )


@pytest.mark.parametrize("seed", [3])
def test_random_subsets_have_the_same_effect_as_with_stock_dbt(
    seed: int, tmp_path: Path, warm: WarmProcess
) -> None:
    bench = duck_bench(generate_project(seed), tmp_path, warm)
    check(bench, range(4))


@pytest.mark.slow
def test_a_child_started_as_a_process_has_the_same_effect_as_stock_dbt(
    tmp_path: Path, warm: WarmProcess
) -> None:
    bench = duck_bench(generate_project(1000), tmp_path, warm, is_warm=False)
    numbers = [n for n in range(20) if not bench.case(n).in_turn]
    check(bench, numbers[:3])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1100, 1101])
def test_a_wrapped_dbt_driven_by_command_line_has_the_same_effect_as_stock_dbt(
    seed: int, tmp_path: Path, warm: WarmProcess
) -> None:
    dbt = shutil.which("dbt")
    assert dbt is not None
    wrapper = tmp_path / "wrapped-dbt"
    wrapper.write_text(f'#!/bin/sh\nexec {dbt} "$@"\n')
    wrapper.chmod(0o755)
    bench = Bench(
        generate_project(seed),
        DuckDatabase(tmp_path / "db"),
        tmp_path / "bench",
        warm=warm,
        is_warm=False,
        dbt_executable=str(wrapper),
    )
    numbers = [n for n in range(20) if not bench.case(n).in_turn]
    check(bench, numbers[:5])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + PROJECTS))
def test_many_random_subsets_have_the_same_effect_as_with_stock_dbt(
    seed: int, tmp_path: Path, warm: WarmProcess
) -> None:
    bench = duck_bench(generate_project(seed), tmp_path, warm)
    check(bench, range(CASES))


@pytest.mark.server
@pytest.mark.parametrize(
    "seed", [500, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(501, 506))]
)
def test_random_subsets_on_postgres_have_the_same_effect_as_with_stock_dbt(
    seed: int, tmp_path: Path, warm: WarmProcess, postgres: Database
) -> None:
    project = generate_project(seed, adapter="postgres")
    check(Bench(project, postgres, tmp_path / "bench", warm=warm), range(5))


if EXECUTABLES:

    @pytest.mark.slow
    @pytest.mark.parametrize("executable", EXECUTABLES)
    def test_other_versions_of_dbt_have_the_same_effect_as_without_the_component(
        executable: str, tmp_path: Path
    ) -> None:
        engine = find_engine(executable)
        major, minor = (int(part) for part in engine.versions["dbt-core"].split(".")[:2])
        with WarmProcess(engine.python) as other:
            for seed in range(700, 704):
                bench = Bench(
                    generate_project(seed, dbt_version=(major, minor)),
                    DuckDatabase(tmp_path / str(seed) / "db"),
                    tmp_path / str(seed) / "bench",
                    warm=other,
                    dbt_executable=executable,
                )
                check(bench, range(4), every_mode=True)


if REPLAY:

    def test_replay(tmp_path: Path, request: pytest.FixtureRequest) -> None:
        seed, number, adapter = [*REPLAY.split(":"), "duckdb"][:3]
        executable = EXECUTABLES[0] if EXECUTABLES else None
        engine = find_engine(executable)
        major, minor = (int(part) for part in engine.versions["dbt-core"].split(".")[:2])
        database: Database = (
            request.getfixturevalue("postgres")
            if adapter == "postgres"
            else DuckDatabase(tmp_path / "db")
        )
        project = generate_project(int(seed), adapter=adapter, dbt_version=(major, minor))
        with WarmProcess(engine.python if executable else sys.executable) as process:
            bench = Bench(
                project, database, tmp_path / "bench", warm=process, dbt_executable=executable
            )
            print(f"the project is in {tmp_path / 'bench' / 'project'}")
            check(bench, [int(number)], every_mode=True)
