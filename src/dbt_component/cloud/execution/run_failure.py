"""Why a run on the platform did not succeed, apart from its nodes."""

from collections.abc import Sequence

from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.dbt_process.child.child_pipe import plain_message
from dbt_component.execution.command_end import CommandEnd

_ENCOUNTERED = "Encountered an error"
_MAX_LINES = 20


def command_end(
    run: CloudRun,
    *,
    command: str,
    contradictions: Sequence[str] = (),
    timeout_seconds: float | None = None,
) -> CommandEnd:
    """How a command ended, by the run that executed it.

    Args:
        run: The run with its steps, when it is over.
        command: The command as text.
        contradictions: What its log reported as a success and its results do not confirm.
        timeout_seconds: The limit of time because of which the run was to be cancelled, unless it succeeded before;
            ``None`` if there was no reason.
    """
    error: str | None = None
    is_late = timeout_seconds is not None and run.status is not RunStatus.SUCCESS
    if is_late:
        error = f"the run took longer than its limit of {timeout_seconds:g} s and was cancelled"
    elif run.status is RunStatus.CANCELLED:
        error = f"the run was cancelled on the dbt platform. {run.status_message}".strip()
    elif contradictions:
        error = (
            f"the log reported success, but the results of the command do not: {', '.join(contradictions)}. Their"
            " outputs are recorded already; materialize them again"
        )
    is_failed = run.status is not RunStatus.SUCCESS and error is None
    return CommandEnd(
        command=command,
        place=f"Run {run.id} on the dbt platform: {run.url}",
        error=error,
        is_stopped=is_late or run.status is RunStatus.CANCELLED,
        error_without_failures=failure_text(run) if is_failed else None,
    )


def failure_text(run: CloudRun) -> str:
    """The message of the platform and the end of the failed step's console. The run must have been read with its steps."""
    parts = [run.status_message] if run.status_message else []
    failed = [step for step in run.steps if step.status is RunStatus.ERROR]
    if failed:
        parts.append(f"Step {failed[-1].index}, {failed[-1].name}, failed.")
        lines = (plain_message(failed[-1].logs) or "").splitlines()
        starts = [number for number, line in enumerate(lines) if _ENCOUNTERED in line]
        parts += lines[starts[-1] :][:_MAX_LINES] if starts else lines[-_MAX_LINES:]
    return "\n".join(parts) or f"the run ended as {run.status!s} without a message"
