"""What a project on the dbt platform costs, in turn with dagster-dbt: ``python -m benchmarks.cloud``.

Both sides observe and run one generated project on the stand-in platform of the tests, which runs real dbt on a real
PostgreSQL on this machine and answers at once. Prints medians of seconds, with the least and the most, and what was
counted: runs that were started there, and events. Needs the packages of the tests.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.dg_project import write_dg_project
from benchmarks.environments import Environment, own_environment, peer_environment
from benchmarks.generate import ProjectPlan, write_project
from benchmarks.processes import BenchmarkError
from benchmarks.projects import OURS, PEER, DgProject
from benchmarks.results import Result, alternate

if TYPE_CHECKING:
    from tests.dbt_platform import StandInPlatform
    from tests.dbt_platform.run import Run

_DEFS = """\
type: {package}.DbtCloudComponent
attributes:
  workspace:
    account_id: "{{{{ env('DBT_CLOUD_ACCOUNT_ID') }}}}"
    token: "{{{{ env('DBT_CLOUD_TOKEN') }}}}"
    access_url: "{{{{ env('DBT_CLOUD_ACCESS_URL') }}}}"
    project_id: "{{{{ env('DBT_CLOUD_PROJECT_ID') }}}}"
    environment_id: "{{{{ env('DBT_CLOUD_ENVIRONMENT_ID') }}}}"
"""
_PACKAGES = {OURS: "dbt_component", PEER: "dagster_dbt"}
_COUNTED = "number of "


@dataclass(frozen=True)
class Bench:
    """The platform with the project, and one run there in which everything was built and tested."""

    platform: "StandInPlatform"
    plan: ProjectPlan
    built: "Run"

    def measure(self, project: DgProject) -> dict[str, float]:
        """Everything once, for one side."""
        shutil.rmtree(project.root / ".local_defs_state", ignore_errors=True)
        shutil.rmtree(project.root / "cache", ignore_errors=True)
        begin = self._started
        first = project.dg("utils", "refresh-defs-state").seconds
        started_first, begin = self._started - begin, self._started
        again = project.dg("utils", "refresh-defs-state").seconds
        started_again = self._started - begin
        asked = len(self.platform.requests)
        _, loaded = project.probe("load_definitions")
        asked = len(self.platform.requests) - asked
        if loaded["assets"] != self.plan.models:
            raise BenchmarkError(f"{project.side} defined {loaded['assets']} assets.")
        return {
            "first refresh": first,
            f"{_COUNTED}runs that it started": started_first,
            "refresh, nothing new": again,
            f"{_COUNTED}runs that it started then": started_again,
            "definitions": loaded["load_seconds"],
            f"{_COUNTED}requests while loading": asked,
            "peak memory, MB": loaded["peak_memory_mb"],
            **self._observe(project),
            **self._step(project),
        }

    def _observe(self, project: DgProject) -> dict[str, float]:
        """The sensor over a run that has just ended, and in which everything was built and tested."""
        now = datetime.now(timezone.utc)
        run = self.platform.add_finished_run(
            self.built.job.id,
            status=self.built.status,
            created_at=now - timedelta(minutes=1),
            finished_at=now,
        )
        run.steps, run.git_sha = self.built.steps, self.built.git_sha
        begin = self._started
        _, found = project.probe("tick_sensor", "")
        self.platform.delete_run(run.id)
        return {
            "the sensor's ticks": found["seconds"],
            f"{_COUNTED}materializations": found["materializations"],
            f"{_COUNTED}check results": found["checks"],
            f"{_COUNTED}runs that the sensor started": self._started - begin,
        }

    def _step(self, project: DgProject) -> dict[str, float]:
        """One view with its tests."""
        keys = project.root / "keys.json"
        keys.write_text(json.dumps([self.plan.one_model]))
        begin = self._started
        timing, found = project.probe("run_step", str(keys))
        if found["materializations"] != 1 or found["checks"] != 2:
            raise BenchmarkError(f"{project.side} reported {found}.")
        return {
            "one view: process": timing.seconds,
            "one view: step": found["step_seconds"],
            f"{_COUNTED}runs for one view": self._started - begin,
        }

    @property
    def _started(self) -> int:
        """How many runs the API has started."""
        return sum(
            request.method == "POST" and request.path.rstrip("/").endswith("/run")
            for request in self.platform.requests
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cloud", description=__doc__)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-peer", action="store_true", help="leave out dagster-dbt")
    parser.add_argument("--peer-python", type=Path, help="interpreter with dagster-dbt")
    options = parser.parse_args()
    environments = {OURS: own_environment(None)}
    if not options.skip_peer:
        environments[PEER] = peer_environment(options.peer_python)
    for environment in environments.values():
        environment.compile_bytecode()
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="cloud-", ignore_cleanup_errors=True)
            )
        )
        bench = _bench(stack, folder, ProjectPlan(options.models, "flat"))
        projects = [
            _project(folder, side, environment) for side, environment in environments.items()
        ]
        samples = alternate([(p.side, p) for p in projects], bench.measure, repeat=options.rounds)
    results = [
        Result("cloud", metric, side, "flat", options.models, "", values)
        for (metric, side), values in samples.items()
    ]
    sys.stdout.write("\n".join(_table(results, list(environments))) + "\n")


def _bench(stack: ExitStack, folder: Path, plan: ProjectPlan) -> Bench:
    from tests.dbt_platform import RunStatus, StandInPlatform
    from tests.dbt_platform.embedded_postgres import embedded_postgres

    transform = folder / "transform"
    write_project(transform, plan, database=folder / "unused.duckdb")
    (transform / "profiles.yml").unlink()
    connection = stack.enter_context(embedded_postgres())
    platform = stack.enter_context(StandInPlatform(transform, connection))
    os.environ.update(
        DBT_CLOUD_ACCESS_URL=platform.access_url,
        DBT_CLOUD_ACCOUNT_ID=str(platform.account_id),
        DBT_CLOUD_TOKEN=platform.token,
        DBT_CLOUD_PROJECT_ID=str(platform.project_id),
        DBT_CLOUD_ENVIRONMENT_ID=str(platform.environment_id),
    )
    job = platform.create_job("Build", ["dbt build"])
    # dagster-dbt asks for a new job in fewer words than the stand-in accepts.
    platform.create_job(
        f"DAGSTER_ADHOC_JOB__{platform.project_id}__{platform.environment_id}", ["dbt parse"]
    )
    begin = time.perf_counter()
    run = platform.wait_for(platform.trigger(job.id).id, timeout_seconds=7_200)
    if run.status is not RunStatus.SUCCESS:
        raise BenchmarkError(f"`dbt build` on the platform: {run.status_message}")
    sys.stderr.write(f"`dbt build` on the platform: {time.perf_counter() - begin:.0f} s\n")
    assert run.finished_at is not None, "the run has ended"
    run.finished_at -= timedelta(minutes=10)  # before the first tick of a sensor looks
    return Bench(platform, plan, run)


def _project(folder: Path, side: str, environment: Environment) -> DgProject:
    project = DgProject(side, folder / side, environment)
    write_dg_project(project.root, "bench_project", _DEFS.format(package=_PACKAGES[side]))
    return project


def _table(results: Sequence[Result], sides: list[str]) -> list[str]:
    found: dict[tuple[str, str], Any] = {(r.metric, r.side): r for r in results}
    ratio = len(sides) > 1
    heads = ["what", *sides, *([f"{PEER} / {OURS}"] if ratio else [])]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for metric in dict.fromkeys(result.metric for result in results):
        is_count = metric.startswith(_COUNTED)
        of_sides = [found[metric, side] for side in sides]
        cells = [_shown(result, is_count=is_count) for result in of_sides]
        if ratio:
            own, peer = (result.median for result in of_sides)
            cells.append("" if is_count or not own else f"{peer / own:.2f}")
        lines.append("| " + " | ".join([metric, *cells]) + " |")
    return lines


def _shown(result: Result, *, is_count: bool) -> str:
    form = "{:.0f}" if is_count else "{:.2f}"
    low, high = form.format(min(result.samples)), form.format(max(result.samples))
    median = form.format(result.median)
    return median if low == high else f"{median} ({low} to {high})"


if __name__ == "__main__":
    main()
