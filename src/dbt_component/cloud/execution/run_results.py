"""Reads the run_results.json of a step of the dbt platform as the ends of nodes."""

from datetime import datetime, timezone

import msgspec

from dbt_component.dbt_process.artifacts import NodeResult, decode_run_results
from dbt_component.dbt_process.child.child_pipe import plain_message
from dbt_component.dbt_process.child.child_statuses import (
    UNREMARKABLE_STATUSES,
    WARNED,
    counted_rows,
)
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.errors import DagsterDbtError, DbtCloudAnswerError


class RunResults(msgspec.Struct, frozen=True):
    """What one dbt command on the platform reports at its end.

    ``nodes`` are in the order in which they ended. ``generated_at`` is ``None`` if dbt wrote no time. ``command`` is
    the command as ``dbt_process.commands`` names it, such as ``build``; empty if it is unknown.
    """

    nodes: list[NodeFinished]
    invocation_id: str | None = None
    generated_at: datetime | None = None
    command: str = ""


def read_run_results(content: bytes, *, where: str = "run_results.json") -> RunResults:
    """Reads a run_results.json of any dbt since 1.6, and of dbt Fusion.

    Nodes are as a local run reports them: the SQL only of what did not succeed, the relation only of stored rows of a
    test. Unknown fields are ignored, and missing ones get defaults.

    Args:
        content: The content of the file.
        where: The run and step that it comes from, for messages.

    Raises:
        DbtCloudAnswerError: It is truncated, or not such a file.
    """
    try:
        found = decode_run_results(content, where=where)
    except DagsterDbtError as error:
        raise DbtCloudAnswerError(error.message, where=error.where, hint=error.hint) from error
    invocation_id = found.metadata.invocation_id
    which = str((found.args or {}).get("which") or "")
    return RunResults(
        nodes=[_finished(result, invocation_id) for result in found.results],
        invocation_id=invocation_id,
        generated_at=_time(found.metadata.generated_at),
        command=_COMMAND_OF_WHICH.get(which, which),
    )


_COMMAND_OF_WHICH = {"generate": "docs generate", "freshness": "source freshness"}
"""dbt names two-word commands by their second word."""


def _finished(result: NodeResult, invocation_id: str | None) -> NodeFinished:
    resource_type = result.unique_id.partition(".")[0]
    status = result.status.lower()
    times = result.timing or []
    starts = [_plain_time(timing.started_at) for timing in times if timing.started_at]
    ends = [_plain_time(timing.completed_at) for timing in times if timing.completed_at]
    is_failed_test = resource_type == "test" and status in ("fail", WARNED)
    return NodeFinished(
        unique_id=result.unique_id,
        status=status,
        resource_type=resource_type,
        message=plain_message(result.message),
        execution_time_seconds=result.execution_time or 0.0,
        started_at=min(starts, default=None),
        finished_at=max(ends, default=None),
        thread=result.thread_id or None,
        failures=counted_rows(resource_type, status, result.failures),
        adapter_response=result.adapter_response or {},
        compiled_code=None if status in UNREMARKABLE_STATUSES else result.compiled_code,
        relation_name=result.relation_name if is_failed_test else None,
        invocation_id=invocation_id,
    )


def _plain_time(text: str) -> str:
    """An ISO time as ``NodeFinished`` has it: in UTC, without a zone."""
    found = _time(text)
    return text if found is None else found.replace(tzinfo=None).isoformat()


def _time(text: str) -> datetime | None:
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return (
        found.replace(tzinfo=timezone.utc)
        if found.tzinfo is None
        else found.astimezone(timezone.utc)
    )
