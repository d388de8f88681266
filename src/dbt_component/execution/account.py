"""Accounts for every expected node: exit code 0 alone is not taken as success."""

from collections.abc import Iterator, Sequence

import dagster as dg

from dbt_component.dbt_process.child.child_statuses import FINE_STATUSES, SKIPPED
from dbt_component.dbt_process.events import InvocationResult, NodeFinished
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.event_text import cut, first_names
from dbt_component.execution.failure import DagsterDbtCliRuntimeError

_MAX_LISTED = 20
_MAX_MESSAGE_CHARACTERS = 2_000


class Account:
    """Expected nodes against reported ones, over all attempts of one command."""

    def __init__(self, expected: frozenset[str]) -> None:
        self.expected = expected
        self._reported: dict[str, NodeFinished] = {}
        self._skip_reasons: dict[str, str] = {}

    @property
    def reported(self) -> frozenset[str]:
        """Nodes that an attempt reported."""
        return frozenset(self._reported)

    @property
    def missing(self) -> frozenset[str]:
        """Expected nodes that no attempt reported."""
        return self.expected - self._reported.keys()

    @property
    def has_failures(self) -> bool:
        """Whether a reported node failed or was skipped."""
        return any(f.status not in FINE_STATUSES for f in self._reported.values())

    def note_skip(self, unique_id: str | None, message: str) -> None:
        """Remembers why dbt skipped a node; dbt reports that apart from the node's end."""
        if unique_id:
            self._skip_reasons[unique_id] = message

    def record(self, finished: NodeFinished) -> None:
        """Records a node's end."""
        self._reported[finished.unique_id] = finished

    def skip_reason(self, finished: NodeFinished) -> str | None:
        """Why a node was skipped, where dbt reported a reason; ``None`` for nodes that were not."""
        return self._skip_reasons.get(finished.unique_id) if finished.status == SKIPPED else None

    def unreported(self, result: InvocationResult | None) -> Iterator[NodeFinished]:
        """Nodes in dbt's final result that had no event of their own, such as those skipped at the end."""
        reported = frozenset(self._reported)
        for node in result.nodes if result is not None else []:
            if node.unique_id and node.unique_id not in reported:
                yield NodeFinished(
                    unique_id=node.unique_id,
                    status=node.status,
                    resource_type=node.resource_type,
                    message=node.message,
                    failures=node.failures,
                    execution_time_seconds=node.execution_time_seconds,
                    compiled_code=node.compiled_code,
                    compiled_path=node.compiled_path,
                )

    def failure(self, attempt: Attempt) -> DagsterDbtCliRuntimeError | None:
        """The error of the whole command; ``None`` if every node is accounted for and none failed.

        Args:
            attempt: The last attempt.
        """
        failed = [
            f
            for f in self._reported.values()
            if f.status not in FINE_STATUSES and f.status != SKIPPED
        ]
        skipped = [f for f in self._reported.values() if f.status == SKIPPED]
        missing = sorted(self.missing)
        dbt_error = _dbt_error(attempt, has_failed_nodes=bool(failed))
        if not (failed or skipped or missing or dbt_error):
            return None
        number = len(self.expected | self._reported.keys())
        lines = [
            f"`{attempt.plan.dbt_command}`: {len(failed)} of {number} nodes failed,"
            f" {len(skipped)} were skipped"
            + (f", {len(missing)} never reported" if missing else "")
            + "."
        ]
        if dbt_error:
            lines.append(f"dbt: {cut(dbt_error, whole=attempt.log_path)}")
        for finished in failed[:_MAX_LISTED]:
            lines.append(f"\n{finished.unique_id} ({finished.status}):")
            message = cut(
                finished.message or "no message",
                whole=attempt.log_path,
                limit=_MAX_MESSAGE_CHARACTERS,
            )
            lines.append(_indented(message))
        if len(failed) > _MAX_LISTED:
            lines.append(f"… and {len(failed) - _MAX_LISTED} more.")
        if skipped:
            lines.append(f"\nSkipped: {_listed([f.unique_id for f in skipped])}")
        if missing:
            lines.append(
                f"\nNever reported: {_listed(missing)}. The project may have changed since its state"
                " was prepared; refresh it with `dg utils refresh-defs-state` and reload."
            )
        lines.append(f"\nArtifacts and dbt.log: {attempt.target_path}")
        return DagsterDbtCliRuntimeError(
            "\n".join(lines),
            metadata={
                "failed_nodes": dg.MetadataValue.json(first_names([f.unique_id for f in failed])),
                "skipped_nodes": dg.MetadataValue.json(first_names([f.unique_id for f in skipped])),
                "missing_nodes": dg.MetadataValue.json(first_names(missing)),
            },
        )


def _dbt_error(attempt: Attempt, *, has_failed_nodes: bool) -> str | None:
    """What dbt itself reported as its failure, apart from failed nodes."""
    result = attempt.result
    detail = "\n".join(attempt.errors[-5:])
    if result is None:
        return (
            f"the process ended with exit code {attempt.exit_code} and no result. {detail}".strip()
        )
    if result.error:
        return result.error
    if not result.success and not has_failed_nodes:
        return detail or "the command failed without a message"
    return None


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_MAX_LISTED])
    return shown + (f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else "")
