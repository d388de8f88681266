"""The ends of nodes that one dbt process reports, each recorded in the command's account."""

import logging
from collections.abc import Iterator

from dbt_component.dbt_process.events import LogLine, NodeFinished, RawEvent
from dbt_component.dbt_process.requests import Invoke
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt


def node_reports(
    attempt: Attempt, request: Invoke, account: Account, log: logging.Logger
) -> Iterator[NodeFinished | RawEvent]:
    """Runs an attempt and yields each node that ends, and dbt's own events if they were requested.

    Nodes that only dbt's final result names come last. dbt is stopped however the iteration ends.

    Args:
        attempt: The attempt, which has not begun.
        request: What dbt's process is to do.
        account: Records the nodes.
        log: Receives the warnings of this package's code in dbt's process.
    """
    for event in attempt.events(request):
        if isinstance(event, NodeFinished):
            account.record(event)
            yield event
        elif isinstance(event, RawEvent):
            yield event
        elif isinstance(event, LogLine) and event.name == "DbtComponent":
            log.warning(event.message)
    for late in account.unreported(attempt.result):
        account.record(late)
        yield late
