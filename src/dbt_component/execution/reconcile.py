"""Accounts for every expected node: exit code 0 is never trusted alone."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dbt_component.dbt_process.child.child_statuses import FINE_STATUSES
from dbt_component.dbt_process.events import InvocationResult, NodeFinished
from dbt_component.execution.failure import DagsterDbtCliRuntimeError

_MAX_LISTED = 20


class Reconciliation:
    """Expected nodes against reported ones, over all dbt processes of one command."""

    def __init__(self, expected: frozenset[str]) -> None:
        self._expected = expected
        self._reported: dict[str, NodeFinished] = {}
        self._skip_reasons: dict[str, str] = {}

    @property
    def missing(self) -> frozenset[str]:
        """Expected nodes that nothing was heard of."""
        return self._expected - self._reported.keys()

    @property
    def has_failures(self) -> bool:
        return any(f.status not in FINE_STATUSES for f in self._reported.values())

    def note_skip(self, unique_id: str | None, message: str) -> None:
        """Remembers why dbt skipped a node; told apart from the node's own end."""
        if unique_id:
            self._skip_reasons[unique_id] = message

    def record(self, finished: NodeFinished) -> str | None:
        """Notes a node's end; returns the reason if it was skipped."""
        self._reported[finished.unique_id] = finished
        return self._skip_reasons.get(finished.unique_id) if finished.status == "skipped" else None

    def unreported(self, result: InvocationResult | None) -> Iterator[NodeFinished]:
        """Nodes in dbt's final result that no event told of, such as those skipped at the end."""
        for node in result.nodes if result is not None else []:
            if node.unique_id and node.unique_id not in self._reported:
                yield NodeFinished(
                    unique_id=node.unique_id,
                    status=node.status,
                    resource_type=node.resource_type,
                    message=node.message,
                    failures=node.failures,
                    execution_time_seconds=node.execution_time_seconds,
                    compiled_code=node.compiled_code,
                )

    def failure(
        self,
        result: InvocationResult | None,
        *,
        command: str,
        exit_code: int | None,
        logged_errors: list[str],
        folder: Path,
    ) -> DagsterDbtCliRuntimeError | None:
        """The error of the whole command, or ``None`` if every node is accounted for and fine."""
        failed = [
            f
            for f in self._reported.values()
            if f.status not in FINE_STATUSES and f.status != "skipped"
        ]
        skipped = [f for f in self._reported.values() if f.status == "skipped"]
        missing = sorted(self.missing)
        dbt_error = self._dbt_error(result, exit_code, logged_errors, has_failed_nodes=bool(failed))
        if not (failed or skipped or missing or dbt_error):
            return None
        lines = [
            f"`{command}`: {len(failed)} of {len(self._expected)} nodes failed,"
            f" {len(skipped)} were skipped"
            + (f", {len(missing)} never reported" if missing else "")
            + "."
        ]
        if dbt_error:
            lines.append(f"dbt: {dbt_error}")
        for finished in failed[:_MAX_LISTED]:
            lines.append(f"\n{finished.unique_id} ({finished.status}):")
            lines.append(_indent(finished.message or "no message"))
        if len(failed) > _MAX_LISTED:
            lines.append(f"… and {len(failed) - _MAX_LISTED} more.")
        if skipped:
            lines.append(f"\nSkipped: {_listed([f.unique_id for f in skipped])}")
        if missing:
            lines.append(
                f"\nNever reported: {_listed(missing)}. The project may have changed since its state"
                " was prepared; refresh it with `dg utils refresh-defs-state` and reload."
            )
        lines.append(f"\nArtifacts and dbt.log: {folder / 'target'}")
        return DagsterDbtCliRuntimeError(
            "\n".join(lines),
            metadata={
                "failed_nodes": dg.MetadataValue.json([f.unique_id for f in failed]),
                "skipped_nodes": dg.MetadataValue.json([f.unique_id for f in skipped]),
                "missing_nodes": dg.MetadataValue.json(missing),
            },
        )

    def _dbt_error(
        self,
        result: InvocationResult | None,
        exit_code: int | None,
        logged_errors: list[str],
        *,
        has_failed_nodes: bool,
    ) -> str | None:
        if result is None:
            detail = "\n".join(logged_errors[-5:])
            return f"the process ended with exit code {exit_code} and no result. {detail}".strip()
        if result.error:
            return result.error
        if not result.success and not has_failed_nodes:
            return "\n".join(logged_errors[-5:]) or "the command failed without a message"
        return None


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _listed(values: list[str]) -> str:
    shown = ", ".join(values[:_MAX_LISTED])
    return shown + (f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else "")
