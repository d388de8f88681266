"""The ends of nodes that the steps of a finished run report."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep
from dbt_component.cloud.execution.run_results import RunResults, read_run_results
from dbt_component.dbt_process.arguments import command_words
from dbt_component.dbt_process.artifacts import RUN_RESULTS
from dbt_component.dbt_process.commands import COMMANDS, DbtCommand
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.errors import (
    CliArgsError,
    DbtCloudAnswerError,
    DbtCloudRequestError,
    DbtCloudUnavailableError,
)
from dbt_component.manifest.index import ManifestIndex

_RETRY = DbtCommand("retry", builds=True, tests=True)
"""What `dbt retry` repeats builds and tests; its results may not name the repeated command."""


@dataclass(frozen=True)
class NodeReport:
    """The end of a node.

    Attributes:
        step: The index of the run's step.
        place: The node's place in the step's artifact, from 0.
        command: The command that ran the node.
        generated_at: When the artifact was written.
    """

    step: int
    place: int
    finished: NodeFinished
    command: DbtCommand
    generated_at: datetime | None


@dataclass(frozen=True)
class MissingReports:
    """Why reports of a step could not be read.

    Attributes:
        is_expected: Whether the step may never have written any: it failed or was cancelled.
        is_unavailable: Whether the platform did not answer.
    """

    reason: str
    is_expected: bool = False
    is_unavailable: bool = False


@dataclass(frozen=True)
class RunReports:
    """The reports of a run, up to the first step whose reports could not be read.

    Attributes:
        nodes: By step; within a step parents first, nodes of one rank by the time of their end, then tests.
        missing: ``None`` if all reports were read.
    """

    nodes: tuple[NodeReport, ...]
    missing: MissingReports | None = None


def read_reports(client: DbtCloudClient, run: CloudRun, index: ManifestIndex) -> RunReports:
    """Reads run_results.json of each step that built or tested something. Costs a request for each of them.

    A step without results of its own has the file of an earlier one among its artifacts, which counts once.

    Args:
        client: The account.
        run: A finished run with its steps.
        index: The project, for the order.

    Raises:
        DbtCloudAuthError: The platform refuses access.
    """
    nodes: list[NodeReport] = []
    seen: set[str] = set()
    for step in run.steps:
        if not _may_report(step):
            continue
        try:
            content = client.artifact(run.id, RUN_RESULTS, step=step.index)
            if content is None:
                missing = _missing(run, step)
                if missing is not None:
                    return RunReports(tuple(nodes), missing)
                continue
            results = read_run_results(content, where=f"run {run.id}, step {step.index}")
            # dbt of all versions names its invocation; a file without one is known by its content.
            identity = results.invocation_id or hashlib.sha256(content).hexdigest()
            if identity not in seen:
                seen.add(identity)
                nodes.extend(_of_step(results, step, index))
        except DbtCloudUnavailableError as error:
            return RunReports(tuple(nodes), MissingReports(str(error), is_unavailable=True))
        except (DbtCloudAnswerError, DbtCloudRequestError) as error:
            return RunReports(tuple(nodes), MissingReports(str(error)))
    return RunReports(tuple(nodes))


def _may_report(step: CloudRunStep) -> bool:
    if step.command is None:
        return False
    command = _command_of(step.command)
    return command is None or command.builds or command.tests


def _command_of(argv: list[str]) -> DbtCommand | None:
    """The command of a step; ``None`` if this release does not know it."""
    try:
        name = " ".join(command_words(argv))
    except CliArgsError:
        return None
    return _RETRY if name == "retry" else COMMANDS.get(name)


def _missing(run: CloudRun, step: CloudRunStep) -> MissingReports | None:
    """Why a step has no results; ``None`` if it can't have any."""
    if "Nothing to do" in step.logs:
        return None
    where = f"step {step.index} ({step.name})"
    if step.status is RunStatus.SUCCESS:
        return MissingReports(f"{where} succeeded, but has no {RUN_RESULTS}")
    if run.artifacts_saved:
        return None
    return MissingReports(f"{where} has no {RUN_RESULTS}", is_expected=True)


def _of_step(results: RunResults, step: CloudRunStep, index: ManifestIndex) -> Iterator[NodeReport]:
    command = COMMANDS.get(results.command)
    if command is None or command.name == "retry":
        command = _command_of(step.command or [])
    if command is None:
        return
    last = len(index.positions)
    positions = index.positions
    ordered = sorted(
        enumerate(results.nodes),
        key=lambda item: (positions.get(item[1].unique_id, last), item[1].finished_at or ""),
    )
    for place, finished in ordered:
        yield NodeReport(step.index, place, finished, command, results.generated_at)
