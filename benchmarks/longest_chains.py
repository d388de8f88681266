"""What starting long chains first saves against dbt's own order: ``python -m benchmarks.longest_chains``.

Generates projects whose models wait in PostgreSQL, runs each once to learn durations, and then in both orders
in turn. Prints the seconds in which dbt ran nodes. Needs the packages of the tests.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import run_timed
from dbt_component.execution.timeline.history import DurationHistory
from dbt_component.execution.timeline.priority import chain_seconds

_PROBE = Path(__file__).with_name("probes") / "run_in_order.py"


@dataclass(frozen=True)
class Shape:
    """Independent models, and one chain of models, each of which takes ``seconds``."""

    name: str
    shorts: int
    short_seconds: float
    links: int
    link_seconds: float

    def models(self) -> dict[str, tuple[float, str | None]]:
        """The seconds and the parent of each model."""
        chain = [f"chain_{number:02}" for number in range(self.links)]
        parents = [None, *chain]
        found: dict[str, tuple[float, str | None]] = {
            name: (self.link_seconds, parent) for name, parent in zip(chain, parents, strict=False)
        }
        found.update((f"short_{n:03}", (self.short_seconds, None)) for n in range(self.shorts))
        return found

    def least_seconds(self, threads: int) -> float:
        """No order is faster than this."""
        chain = self.links * self.link_seconds
        return max(chain, (chain + self.shorts * self.short_seconds) / threads)


SHAPES = (
    Shape("a chain among many short models", 80, 0.25, 12, 0.5),
    Shape("a chain that is longer than all else", 40, 0.25, 20, 0.5),
    Shape("short models alone", 80, 0.25, 0, 0.0),
    Shape("400 models that take no time", 400, 0.0, 0, 0.0),
)


class ChainsProject:
    """A generated project of one shape."""

    def __init__(self, folder: Path, shape: Shape, output: dict[str, Any]) -> None:
        self.folder = folder
        (folder / "models").mkdir(parents=True)
        project = {"name": "chains", "version": "1.0", "profile": "chains"}
        profile = {"chains": {"target": "dev", "outputs": {"dev": output}}}
        (folder / "dbt_project.yml").write_text(json.dumps(project))
        (folder / "profiles.yml").write_text(json.dumps(profile))
        self.parents: dict[str, list[str]] = {}
        for name, (seconds, parent) in shape.models().items():
            source = f"{{{{ ref('{parent}') }}}}" if parent else "(select 1 as id) as one"
            slept = f", pg_sleep({seconds})" if seconds else ""
            (folder / "models" / f"{name}.sql").write_text(
                f"{{{{ config(materialized='table') }}}} select id from {source}{slept}"
            )
            parents = [f"model.chains.{parent}"] if parent else []
            self.parents[f"model.chains.{name}"] = parents

    def run(self, priorities: dict[str, float]) -> dict[str, Any]:
        """Runs all models and returns dbt's run results."""
        file = self.folder / "priorities.json"
        file.write_text(json.dumps(priorities))
        options = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        argv = [sys.executable, str(_PROBE), str(file), "run", "--quiet", *options]
        run_timed(argv, env=os.environ, cwd=self.folder)
        found: dict[str, Any] = json.loads((self.folder / "target/run_results.json").read_text())
        return found


def measure(project: ChainsProject, *, rounds: int) -> tuple[list[float], list[float]]:
    """The seconds of dbt's order and of longest first, taken in turn."""
    history = DurationHistory(project.folder / "history")
    learned = project.run({})
    history.record({r["unique_id"]: r["execution_time"] for r in learned["results"]})
    usual = DurationHistory(project.folder / "history").usual_seconds()
    priorities = chain_seconds(project.parents, usual)
    dbts, ours = [], []
    for _ in range(rounds):
        dbts.append(float(project.run({})["elapsed_time"]))
        ours.append(float(project.run(priorities)["elapsed_time"]))
    return dbts, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", type=int, nargs="+", default=list(range(len(SHAPES))))
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    from tests.equivalence.databases import PostgresDatabase

    with tempfile.TemporaryDirectory(prefix="chains-", ignore_cleanup_errors=True) as name:
        database = PostgresDatabase(Path(name) / "postgres")
        output = {**database.output(), "threads": options.threads}
        try:
            sys.stdout.write(
                "| project | least possible | dbt's order | longest chains first | saved |\n|---|---|---|---|---|\n"
            )
            for number in options.shapes:
                shape = SHAPES[number]
                project = ChainsProject(Path(name) / str(number), shape, output)
                dbts, ours = (statistics.median(s) for s in measure(project, rounds=options.rounds))
                least = shape.least_seconds(options.threads)
                saved = f"{1 - ours / dbts:.0%}".replace("%", " %")
                seconds = f"{least:.1f} s | {dbts:.2f} s | {ours:.2f} s"
                sys.stdout.write(f"| {shape.name} | {seconds} | {saved} |\n")
                sys.stdout.flush()
        finally:
            database.close()


if __name__ == "__main__":
    main()
