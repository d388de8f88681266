"""Accounts for every expected node: exit code 0 alone is not taken as success."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

import dagster as dg

from dbt_component.dbt_process.child.child_statuses import FINE_STATUSES, SKIPPED
from dbt_component.dbt_process.events import InvocationResult, NodeFinished
from dbt_component.definitions.listing import counted, listed
from dbt_component.execution.command_end import CommandEnd
from dbt_component.execution.event_text import cut, first_names
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.skip_causes import SkipCauses, is_hook

_MAX_LISTED = 20
_MAX_DETAILED = 5
"""How many failed nodes are shown with all of their message; the next ones get a line each."""
_MAX_MESSAGE_CHARACTERS = 2_000
_MAX_BRIEF_CHARACTERS = 160
_HEADING = re.compile(r" in \w+ .*\(.*\)$")


def is_failed(finished: NodeFinished) -> bool:
    """Whether a node failed, by its status."""
    return finished.status not in FINE_STATUSES and finished.status != SKIPPED


class Account:
    """Expected nodes against reported ones, over all attempts of one command.

    Args:
        expected: The nodes that dbt must report.
        causes: Finds the reasons of skipped nodes; without it only those that dbt gives are known.
        fails: Whether a report fails the command.
    """

    def __init__(
        self,
        expected: frozenset[str],
        causes: SkipCauses | None = None,
        *,
        fails: Callable[[NodeFinished], bool] = is_failed,
    ) -> None:
        self.expected = expected
        self._fails = fails
        self._withheld: dict[str, str] = {}
        self._reported: dict[str, NodeFinished] = {}
        self._earlier: dict[str, list[NodeFinished]] = {}
        self._causes = causes

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
        return any(
            f.status not in FINE_STATUSES and f.unique_id not in self._withheld
            for f in self._reported.values()
        )

    @property
    def finished(self) -> Iterator[NodeFinished]:
        """The last report of each node, in the order in which nodes first reported."""
        yield from self._reported.values()

    def is_skipped(self, unique_id: str) -> bool:
        """Whether the last report of a node says that dbt skipped it."""
        found = self._reported.get(unique_id)
        return found is not None and found.status == SKIPPED

    def earlier(self, unique_id: str) -> Sequence[NodeFinished]:
        """The reports of a node from attempts before its last one, oldest first."""
        return self._earlier.get(unique_id, ())

    def forget(self, unique_ids: Iterable[str]) -> None:
        """Makes nodes missing again, before they run once more. Their reports are kept as earlier ones."""
        for unique_id in unique_ids:
            finished = self._reported.pop(unique_id, None)
            if finished is not None:
                self._earlier.setdefault(unique_id, []).append(finished)
        if self._causes is not None:
            self._causes = self._causes.without_failures()
            for finished in self._reported.values():
                if self._fails(finished):
                    self._causes.note_failure(finished.unique_id)

    def record(self, finished: NodeFinished) -> None:
        """Records a node's end."""
        self._reported[finished.unique_id] = finished
        if self._causes is not None and self._fails(finished):
            self._causes.note_failure(finished.unique_id)

    def leave_out(self, unique_ids: Set[str]) -> None:
        """No longer expects nodes, because they are unchanged."""
        self.expected -= unique_ids

    def withhold(self, finished: NodeFinished) -> None:
        """Records an expected node that dbt is not asked to run, with status ``skipped`` and the reason as message."""
        self._reported[finished.unique_id] = finished
        self._withheld[finished.unique_id] = finished.message or ""

    def skip_reason(self, finished: NodeFinished) -> str | None:
        """Why a node was skipped: the failed nodes, or dbt's own reason. ``None`` for nodes that were not."""
        if finished.status != SKIPPED:
            return None
        if finished.unique_id in self._withheld:
            return self._withheld[finished.unique_id]
        causes = self._causes.of(finished.unique_id) if self._causes is not None else ()
        if causes:
            return f"{listed(causes, limit=3)} failed"
        return finished.message

    def skip_causes(self, finished: NodeFinished) -> Sequence[NodeFinished]:
        """The reports of the failed nodes and hooks because of which a node was skipped; empty if they are unknown."""
        causes = self._causes.of(finished.unique_id) if self._causes is not None else ()
        return [self._reported[cause] for cause in causes if cause in self._reported]

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

    def failure(self, end: CommandEnd) -> DagsterDbtCliRuntimeError | None:
        """The error of the whole command; ``None`` if every node is accounted for and none failed.

        Args:
            end: How its last attempt ended.
        """
        reported = self._reported.values()
        failed = [f for f in reported if self._fails(f)]
        skipped = [f for f in reported if f.status == SKIPPED]
        missing = sorted(self.missing)
        dbt_error = end.error
        if not any(map(is_failed, reported)):
            dbt_error = dbt_error or end.error_without_failures
        if not (failed or skipped or missing or dbt_error):
            return None
        lines = [f"`{end.command}`: {self._summary(failed, skipped)}."]
        if dbt_error:
            lines.append(f"dbt: {cut(dbt_error, whole=end.log_path)}")
        for finished in failed[:_MAX_DETAILED]:
            lines.append(f"\n{finished.unique_id} ({finished.status}):")
            message = cut(
                finished.message or "no message",
                whole=end.log_path,
                limit=_MAX_MESSAGE_CHARACTERS,
            )
            lines.append(_indented(message))
        if len(failed) > _MAX_DETAILED:
            lines.append("")
        for finished in failed[_MAX_DETAILED:_MAX_LISTED]:
            lines.append(f"{finished.unique_id} ({finished.status}): {_brief(finished.message)}")
        if len(failed) > _MAX_LISTED:
            lines.append(f"… and {len(failed) - _MAX_LISTED} more.")
        for reason, unique_ids in self._by_reason(skipped).items():
            known = f" ({reason})" if reason else ""
            lines.append(f"\nSkipped{known}: {_listed(unique_ids)}")
        if missing:
            after_failure = (
                "After a failure dbt may leave out nodes, as with `--fail-fast`; otherwise the"
            )
            reason = (
                f"{after_failure if failed else 'The'} project may have changed since its state was prepared;"
                " refresh it with `dg utils refresh-defs-state` and reload."
            )
            remedy = "" if end.is_stopped else f" {reason}"
            lines.append(f"\nNever reported: {_listed(missing)}.{remedy}")
        lines.append(f"\n{end.place}")
        return DagsterDbtCliRuntimeError(
            "\n".join(lines),
            metadata={
                "failed_nodes": dg.MetadataValue.json(first_names([f.unique_id for f in failed])),
                "skipped_nodes": dg.MetadataValue.json(first_names([f.unique_id for f in skipped])),
                "missing_nodes": dg.MetadataValue.json(first_names(missing)),
            },
        )

    def _summary(self, failed: Sequence[NodeFinished], skipped: Sequence[NodeFinished]) -> str:
        """The numbers of nodes. Hooks, which dbt reports like nodes, are counted apart.

        Other nodes than the expected ones, such as ephemeral models, count only if they are not fine.
        """
        remarkable = {finished.unique_id for finished in [*failed, *skipped]}
        ids = (self.expected or self._reported.keys()) | remarkable
        nodes = [unique_id for unique_id in ids if not is_hook(unique_id)]
        failed_hooks = sum(is_hook(finished.unique_id) for finished in failed)
        skipped_nodes = sum(not is_hook(finished.unique_id) for finished in skipped)
        parts = [
            f"{len(failed) - failed_hooks} of {counted(len(nodes), 'node')} failed",
            f"{skipped_nodes} {'was' if skipped_nodes == 1 else 'were'} skipped",
        ]
        if self.missing:
            parts.append(f"{len(self.missing)} never reported")
        if failed_hooks:
            parts.append(f"{counted(failed_hooks, 'hook')} failed")
        return ", ".join(parts)

    def _by_reason(self, skipped: Iterable[NodeFinished]) -> dict[str | None, list[str]]:
        found: dict[str | None, list[str]] = {}
        for finished in skipped:
            found.setdefault(self.skip_reason(finished), []).append(finished.unique_id)
        return found


def _brief(message: str | None) -> str:
    """The line of dbt's message that says what happened; the one before it only names the node and its file."""
    lines = [line.strip() for line in (message or "no message").splitlines() if line.strip()]
    is_heading = len(lines) > 1 and _HEADING.search(lines[0]) is not None
    text = lines[1] if is_heading else lines[0] if lines else "no message"
    return text if len(text) <= _MAX_BRIEF_CHARACTERS else f"{text[:_MAX_BRIEF_CHARACTERS]} …"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_MAX_LISTED])
    return shown + (f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else "")
