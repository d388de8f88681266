"""Runs the benchmarks: ``python -m benchmarks`` at the top of the repository."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.environments import TOP, own_environment, peer_environment
from benchmarks.generate import LAYERS, ProjectPlan
from benchmarks.machine import describe_machine
from benchmarks.processes import BenchmarkError
from benchmarks.projects import OURS, PEER, Workbench
from benchmarks.report import Report, now, write_into
from benchmarks.results import Result, unit_of

_RESULTS = Path(__file__).with_name("results")
_MEMORY_FOLDER = Path("/dev/shm")
_ROOM_BYTES = 4 * 2**30
_DOCUMENT = TOP / "docs" / "performance.md"


@dataclass(frozen=True)
class Options:
    """The parsed command line; see the command's help."""

    plans: list[ProjectPlan]
    cases: list[str]
    repeat: int
    skip_peer: bool
    python: Path | None
    peer_python: Path | None
    work_dir: Path | None
    results: Path
    docs: bool


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--shapes", choices=LAYERS, nargs="+", default=["flat", "deep"])
    parser.add_argument("--materialized", choices=["view", "table"], default="view")
    parser.add_argument("--only", choices=CASES, nargs="+", default=list(CASES), metavar="CASE")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of each measurement")
    parser.add_argument("--skip-peer", action="store_true", help="leave out dagster-dbt")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="check that everything works: 100 models, flat, one round",
    )
    parser.add_argument(
        "--python", type=Path, help="interpreter with this package; default: the current one"
    )
    parser.add_argument("--peer-python", type=Path, help="interpreter with dagster-dbt")
    parser.add_argument(
        "--work-dir",
        type=Path,
        help="folder to generate in, which is kept; default: a temporary one, in memory if possible",
    )
    parser.add_argument("--results", type=Path, default=_RESULTS, help="folder for the JSON file")
    parser.add_argument(
        "--docs", action="store_true", help=f"write the tables into {_DOCUMENT.relative_to(TOP)}"
    )
    given = parser.parse_args(arguments)
    models, shapes, repeat = given.models, given.shapes, given.repeat
    if given.quick:
        models, shapes, repeat = [100], ["flat"], 1
    if min(models) < max(LAYERS.values()) or repeat < 1:
        parser.error(f"at least {max(LAYERS.values())} models and one round are needed")
    return Options(
        plans=[
            ProjectPlan(count, shape, given.materialized) for count in models for shape in shapes
        ],
        cases=[case for case in CASES if case in given.only],
        repeat=repeat,
        skip_peer=given.skip_peer,
        python=given.python,
        peer_python=given.peer_python,
        work_dir=given.work_dir,
        results=given.results,
        docs=given.docs,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the tables and writes the results.

    Returns:
        0, or 1 if something could not be measured.
    """
    options = parse_options(arguments)
    machine, date = describe_machine(), now()

    def report() -> Report:
        return Report(
            date=date,
            machine=machine,
            versions={side: environment.versions for side, environment in environments.items()},
            repeat=options.repeat,
            materialized=options.plans[0].materialized,
            results=results,
        )

    own = own_environment(options.python)
    peer = None if options.skip_peer else peer_environment(options.peer_python)
    environments = {OURS: own, **({PEER: peer} if peer is not None else {})}
    for environment in environments.values():
        _say("Compiling the bytecode of", environment.python)
        environment.compile_bytecode()
    results: list[Result] = []
    failures, written = 0, None
    with _work_folder(options.work_dir) as folder:
        for plan in options.plans:
            bench = Workbench(folder / plan.label, plan, own=own, peer=peer)
            for case in options.cases:
                _say("Measuring", plan.label, case)
                try:
                    results += _measure(case, bench, options.repeat)
                    # Written after each case, so a late failure does not lose hours of measurements.
                    written = report().write_json(options.results)
                except BenchmarkError as error:
                    failures += 1
                    _say("FAILED:", plan.label, case, error)
    _say("Results:", written)
    sys.stdout.write(report().markdown())
    if options.docs and not failures:
        write_into(_DOCUMENT, report().markdown())
    return 1 if failures else 0


def _measure(case: str, bench: Workbench, repeat: int) -> list[Result]:
    plan = bench.plan
    return [
        Result(case, metric, side, plan.shape, plan.models, unit_of(metric), samples)
        for (metric, side), samples in CASES[case](bench, repeat).items()
    ]


@contextmanager
def _work_folder(given: Path | None) -> Iterator[Path]:
    if given is None:
        with tempfile.TemporaryDirectory(
            prefix="dbt-component-bench-", dir=_fast_folder()
        ) as folder:
            yield Path(folder)
    else:
        folder_of_run = given.resolve() / now().replace(":", "-")
        folder_of_run.mkdir(parents=True)
        yield folder_of_run


def _fast_folder() -> str | None:
    """The in-memory file system if it has enough space, else ``None``.

    On a disk, Dagster's event log and DuckDB wait at each commit.
    """
    is_roomy = _MEMORY_FOLDER.is_dir() and shutil.disk_usage(_MEMORY_FOLDER).free > _ROOM_BYTES
    return str(_MEMORY_FOLDER) if is_roomy and os.access(_MEMORY_FOLDER, os.W_OK) else None


def _say(*words: object) -> None:
    sys.stderr.write(" ".join(map(str, words)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
