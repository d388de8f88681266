"""Runs an op's body: no dbt command outlives it, and none is left unfinished unnoticed."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg

from dbt_component._dagster import remember_output_keys
from dbt_component.definitions.listing import listed
from dbt_component.execution.event_text import first_names
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.noted_command import NotedCommand

_MAX_LISTED = 20
_HINT = "Iterate over `stream()` to its end, or call `wait()`."
_started: WeakKeyDictionary[dg.OpExecutionContext, list[NotedCommand]] = WeakKeyDictionary()


def note_command(context: dg.OpExecutionContext, command: NotedCommand) -> None:
    """Remembers a command that was created with the context of an op whose body ``run_body`` runs."""
    commands = _started.get(context)
    if commands is not None:
        commands.append(command)


def run_body(context: dg.AssetExecutionContext, body: Callable[[], Any]) -> Iterator[Any]:
    """Runs an op's body and yields its events. When it ends, stops every dbt command that it left running.

    Every op that runs dbt uses this function around its body.

    Args:
        context: The op's context, which the body passes to ``DbtCliResource.cli``.
        body: Called once. It returns one event, several, or ``None``.

    Raises:
        DagsterDbtCliRuntimeError: The body ended without an error although a command did not run to its end,
            and no other command of the body replaced it.
    """
    remember_output_keys(context)
    op_context = context.op_execution_context
    commands = _started[op_context] = []
    try:
        result = body()
        # Some of Dagster's events are tuples with named fields.
        if isinstance(result, Iterable) and not hasattr(result, "_fields"):
            yield from result
        elif result is not None:
            yield result
    finally:
        del _started[op_context]
        with contextlib.ExitStack() as stack:  # an error in one does not spare the others
            for command in commands:
                stack.callback(command.stop)
    left = [command for command in commands if _is_left(command, commands)]
    if left:
        lines = [*map(_described, left), f"  hint: {_HINT}"]
        missing = sorted({unique_id for command in left for unique_id in command.missing})
        raise DagsterDbtCliRuntimeError(
            "\n".join(lines),
            metadata={"missing_nodes": dg.MetadataValue.json(first_names(missing))},
        )


def _is_left(command: NotedCommand, commands: list[NotedCommand]) -> bool:
    """Whether the command did not run to its end, and no command that did stands in for it."""
    if command.is_finished or command.has_nothing_to_run:
        return False
    finished = [other for other in commands if other.is_finished]
    if command.expected:
        reported = frozenset[str]().union(*(other.reported for other in finished))
        return not (command.missing or command.expected) <= reported
    return all(other.dbt_command != command.dbt_command for other in finished)


def _described(command: NotedCommand) -> str:
    text = f"`{command.dbt_command}` "
    text += (
        "was left before its end, so dbt was stopped."
        if command.has_begun
        else "never ran: its invocation was neither streamed nor waited for."
    )
    missing = sorted(command.missing)
    if missing:
        number = len(missing) + len(command.reported)
        text += f" {len(missing)} of {number} nodes did not report: {listed(missing, _MAX_LISTED)}."
    return text
