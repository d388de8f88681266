"""The ends of nodes that one dbt process reports, each recorded in the command's account."""

import logging
from collections import deque
from collections.abc import Iterator

import msgspec

from dbt_component.dbt_process.events import LogLine, NodeDescribed, NodeFinished, RawEvent
from dbt_component.dbt_process.requests import Invoke
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt


def node_reports(
    attempt: Attempt, request: Invoke, account: Account, log: logging.Logger
) -> Iterator[NodeFinished | RawEvent]:
    """Runs an attempt and yields each node that ends, and dbt's own events if they were requested.

    Nodes come in the order in which they ended, so one whose metadata is still being fetched holds back those after
    it; if dbt ends before, it comes without. Nodes that only dbt's final result names come last. dbt is stopped
    however the iteration ends.

    Args:
        attempt: The attempt, which has not begun.
        request: What dbt's process is to do.
        account: Records the nodes when they end.
        log: Receives the warnings of this package's code in dbt's process.
    """
    waiting: deque[NodeFinished] = deque()
    described: dict[str, NodeDescribed] = {}
    for event in attempt.events(request):
        if isinstance(event, (NodeFinished, NodeDescribed)):
            if isinstance(event, NodeFinished):
                account.record(event)
                waiting.append(event)
            else:
                described[event.unique_id] = event
            while waiting and _is_complete(waiting[0], described):
                yield _described(waiting.popleft(), described)
        elif isinstance(event, RawEvent):
            yield event
        elif isinstance(event, LogLine) and event.name == "DbtComponent":
            log.warning(event.message)
    for finished in waiting:
        yield _described(finished, described)
    for late in account.unreported(attempt.result):
        account.record(late)
        yield late


def _is_complete(finished: NodeFinished, described: dict[str, NodeDescribed]) -> bool:
    return not finished.is_described_later or finished.unique_id in described


def _described(finished: NodeFinished, described: dict[str, NodeDescribed]) -> NodeFinished:
    found = described.pop(finished.unique_id, None)
    if found is None:
        return finished
    return msgspec.structs.replace(
        finished, relation={**finished.relation, **found.relation}, query=found.query
    )
