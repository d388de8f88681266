"""Prints a report of a Dagster run: its assets, its checks and its failures.

    DAGSTER_HOME=… python scripts/demo_report.py [--run-id ID] [--project example_project]

Reads the given run, by default the latest, of the instance in DAGSTER_HOME. Exits with 0 if the run
succeeded and materialized or evaluated everything it planned, with 1 if not, and with 2 if there is no
run to report.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 120
DEFAULT_PROJECT = Path(__file__).resolve().parents[1] / "example_project"
RESULT_STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red", "MISSING": "bold red"}


@dataclass(frozen=True)
class Materialization:
    """An asset that the run materialized. `None` means unknown."""

    key: dg.AssetKey
    row_count: int | None
    seconds: float | None


@dataclass(frozen=True)
class CheckResult:
    """A check that the run evaluated. `failed_row_count` is `None` if the check does not count rows."""

    key: dg.AssetCheckKey
    result: str
    failed_row_count: int | None


@dataclass(frozen=True)
class Failure:
    """The error message of a failed step, or of the run itself."""

    where: str
    message: str


@dataclass(frozen=True)
class AssetDescription:
    """Facts about an asset from its definition that its materializations lack."""

    group_name: str
    kinds: str


@dataclass(frozen=True)
class RunReport:
    """The contents of the report. Assets and checks are in the order of their events."""

    run: DagsterRun
    seconds: float | None
    materializations: Sequence[Materialization]
    checks: Sequence[CheckResult]
    failures: Sequence[Failure]
    planned_assets: frozenset[dg.AssetKey]
    planned_checks: frozenset[dg.AssetCheckKey]

    @property
    def missing_assets(self) -> Sequence[dg.AssetKey]:
        """The planned assets that were not materialized, sorted."""
        return sorted(self.planned_assets - {asset.key for asset in self.materializations})

    @property
    def missing_checks(self) -> Sequence[dg.AssetCheckKey]:
        """The planned checks that were not evaluated, sorted."""
        missing = self.planned_checks - {check.key for check in self.checks}
        return sorted(missing, key=lambda key: (key.asset_key, key.name))

    @property
    def is_complete_success(self) -> bool:
        """Whether the run succeeded and did everything that it planned."""
        return self.run.is_success and not self.missing_assets and not self.missing_checks


def read_run(instance: DagsterInstance, *, run_id: str | None) -> RunReport | None:
    """Reads one run, the latest if `run_id` is `None`. Returns `None` if there is no such run."""
    filters = dg.RunsFilter(run_ids=[run_id]) if run_id else None
    records = instance.get_run_records(filters=filters, limit=1)
    if not records:
        return None
    record = records[0]
    run_id = record.dagster_run.run_id
    events = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]
    return RunReport(
        run=record.dagster_run,
        seconds=record.end_time - record.start_time
        if record.start_time is not None and record.end_time is not None
        else None,
        materializations=list(_read_materializations(events)),
        checks=list(_read_checks(events)),
        failures=list(_read_failures(events)),
        planned_assets=frozenset(
            event.asset_materialization_planned_data.asset_key
            for event in events
            if event.is_asset_materialization_planned
        ),
        planned_checks=frozenset(
            event.asset_check_planned_data.asset_check_key
            for event in events
            if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
        ),
    )


def _read_materializations(events: Sequence[DagsterEvent]) -> Iterator[Materialization]:
    """The last materialization of each asset.

    The duration is dbt's if it reports one, else that of the step if it materialized only this asset.
    """
    step_seconds = {
        event.step_key: event.step_success_data.duration_ms / 1000
        for event in events
        if event.is_step_success
    }
    last_by_key = {event.asset_key: event for event in events if event.is_step_materialization}
    step_keys = [event.step_key for event in last_by_key.values()]
    for key, event in last_by_key.items():
        if key is None:
            continue
        metadata = event.step_materialization_data.materialization.metadata
        seconds = _read_number(metadata, "Execution Duration")
        if seconds is None and step_keys.count(event.step_key) == 1:
            seconds = step_seconds.get(event.step_key)
        row_count = _read_number(metadata, "dagster/row_count")
        yield Materialization(
            key=key, row_count=None if row_count is None else int(row_count), seconds=seconds
        )


def _read_checks(events: Sequence[DagsterEvent]) -> Iterator[CheckResult]:
    """The last evaluation of each check."""
    evaluations = {
        event.asset_check_evaluation_data.asset_check_key: event.asset_check_evaluation_data
        for event in events
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION
    }
    for key, evaluation in evaluations.items():
        failed_row_count = _read_number(evaluation.metadata, "dagster_dbt/failed_row_count")
        if evaluation.passed:
            result = "PASS"
        else:
            result = "WARN" if evaluation.severity == dg.AssetCheckSeverity.WARN else "FAIL"
        yield CheckResult(
            key=key,
            result=result,
            failed_row_count=None if failed_row_count is None else int(failed_row_count),
        )


def _read_failures(events: Sequence[DagsterEvent]) -> Iterator[Failure]:
    """The errors of the failed steps; the error of the run only if no step failed."""
    failed_steps = [event for event in events if event.is_step_failure]
    for event in failed_steps:
        yield Failure(where=event.step_key or "run", message=_read_step_message(event))
    if failed_steps:
        return
    for event in events:
        if event.event_type == DagsterEventType.RUN_FAILURE:
            error = event.job_failure_data.error
            yield Failure(
                where="run", message=(error.message if error else event.message or "").strip()
            )


def _read_step_message(event: DagsterEvent) -> str:
    """The error of a failed step and its causes, without Dagster's wrapper."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    if error and error.cause and error.cls_name == "DagsterExecutionStepExecutionError":
        error = error.cause
    messages = []
    while error is not None:
        messages.append(error.message.strip())
        error = error.cause
    return "\ncaused by ".join(messages) or event.message or ""


def _read_number(metadata: Mapping[str, dg.MetadataValue], name: str) -> float | None:
    """A numeric entry of an event's metadata; `None` if there is none."""
    value = metadata[name].value if name in metadata else None
    return float(value) if isinstance(value, (int, float)) else None


def read_descriptions(project: Path) -> Mapping[dg.AssetKey, AssetDescription]:
    """Reads the groups and kinds of a project's assets from its definitions."""
    asset_graph = dg.load_from_defs_folder(path_within_project=project).resolve_asset_graph()
    return {
        key: AssetDescription(
            group_name=asset_graph.get(key).group_name,
            kinds=", ".join(sorted(asset_graph.get(key).kinds)),
        )
        for key in asset_graph.get_all_asset_keys()
    }


def _read_descriptions_if_loadable(
    project: Path, console: Console
) -> Mapping[dg.AssetKey, AssetDescription]:
    """Same as `read_descriptions`; empty, with a printed note, if the definitions do not load."""
    try:
        return read_descriptions(project)
    except (
        Exception
    ) as error:  # A project's code may raise anything; the run can still be reported.
        console.print(f"Groups and kinds are left out: the definitions do not load: {error!r}")
        return {}


def print_report(
    report: RunReport, *, descriptions: Mapping[dg.AssetKey, AssetDescription], console: Console
) -> None:
    """Prints the report."""
    style = "bold green" if report.run.is_success else "bold red"
    console.print(
        Text.assemble(
            "Run ", report.run.run_id, ": ", (report.run.status.value, style), _in_seconds(report)
        )
    )
    console.print(_build_asset_table(report, descriptions=descriptions))
    if report.checks or report.missing_checks:
        console.print(_build_check_table(report))
    for failure in report.failures:
        console.print(Text.assemble(("FAILED ", "bold red"), (failure.where, "bold")))
        console.print(Text.from_ansi(failure.message), soft_wrap=True)
        console.print()
    console.print(_build_totals(report))


def _in_seconds(report: RunReport) -> str:
    """The duration of the run as text; empty if it has not ended."""
    return "" if report.seconds is None else f" in {report.seconds:.1f} s"


def _build_asset_table(
    report: RunReport, *, descriptions: Mapping[dg.AssetKey, AssetDescription]
) -> Table:
    """A table of the assets by group, with the missing ones at the end."""
    table = Table(title="Assets", title_justify="left", box=box.SIMPLE_HEAD, width=WIDTH)
    table.add_column("asset", overflow="fold", ratio=1)
    table.add_column("group")
    table.add_column("kind")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    unknown = AssetDescription(group_name="", kinds="")
    groups = [descriptions.get(asset.key, unknown).group_name for asset in report.materializations]
    for asset in sorted(
        report.materializations,
        key=lambda asset: groups.index(descriptions.get(asset.key, unknown).group_name),
    ):
        description = descriptions.get(asset.key, unknown)
        table.add_row(
            asset.key.to_user_string(),
            description.group_name,
            description.kinds,
            "" if asset.row_count is None else f"{asset.row_count:,}",
            "" if asset.seconds is None else f"{asset.seconds:.2f}",
        )
    for key in report.missing_assets:
        description = descriptions.get(key, unknown)
        missing = Text("not materialized", style=RESULT_STYLES["MISSING"])
        table.add_row(key.to_user_string(), description.group_name, description.kinds, missing, "")
    return table


def _build_check_table(report: RunReport) -> Table:
    """A table of the checks by asset, with the missing ones at the end."""
    table = Table(title="Checks", title_justify="left", box=box.SIMPLE_HEAD, width=WIDTH)
    table.add_column("asset", overflow="fold")
    table.add_column("check", overflow="fold", ratio=1)
    table.add_column("result")
    table.add_column("failed rows", justify="right")
    rows = sorted(report.checks, key=lambda check: (check.key.asset_key, check.key.name))
    rows += [
        CheckResult(key=key, result="MISSING", failed_row_count=None)
        for key in report.missing_checks
    ]
    for check in rows:
        table.add_row(
            check.key.asset_key.to_user_string(),
            check.key.name,
            Text(check.result, style=RESULT_STYLES[check.result]),
            f"{check.failed_row_count:,}" if check.failed_row_count else "",
        )
    return table


def _build_totals(report: RunReport) -> Text:
    """One line that summarizes the run."""
    results = [check.result for check in report.checks]
    verdict = ("OK", "bold green") if report.is_complete_success else ("FAILED", "bold red")
    return Text.assemble(
        verdict,
        f": {len(report.materializations)} assets materialized, ",
        f"{len(report.missing_assets)} missing; ",
        f"{len(results)} checks evaluated, {len(report.missing_checks)} missing: ",
        f"{results.count('PASS')} passed, {results.count('WARN')} warned, ",
        f"{results.count('FAIL')} failed",
        _in_seconds(report),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the report of one run and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run-id", help="the run to report, by default the latest")
    parser.add_argument(
        "--project",
        type=Path,
        default=DEFAULT_PROJECT,
        help="the dg project that ran, for groups and kinds",
    )
    options = parser.parse_args(argv)
    console = Console(width=WIDTH, highlight=False)
    if not os.environ.get("DAGSTER_HOME"):
        console.print(
            "DAGSTER_HOME is not set. Set it to the folder of the Dagster instance with the run."
        )
        return 2
    with DagsterInstance.get() as instance:
        report = read_run(instance, run_id=options.run_id)
        if report is None:
            console.print(
                f"There is no run {options.run_id!r}." if options.run_id else "There is no run yet."
            )
            return 2
        print_report(
            report,
            descriptions=_read_descriptions_if_loadable(options.project, console),
            console=console,
        )
    return 0 if report.is_complete_success else 1


if __name__ == "__main__":
    sys.exit(main())
