"""Runs one request in a dbt process to completion."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import DbtEvent, InvocationResult, LogLine
from dbt_component.dbt_process.hidden_values import HiddenValues
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Request
from dbt_component.errors import DagsterDbtError, PrepareError


def run_to_end(
    engine: Engine,
    build_request: Callable[[], Request],
    *,
    scratch: Path,
    env: Mapping[str, str],
    cwd: Path,
    what: str,
    where: Path | None = None,
    hidden: HiddenValues | None = None,
    explain: Callable[[int, str], DagsterDbtError] | None = None,
    receive: Callable[[DbtEvent], object] | None = None,
    ask_further: Callable[[DbtEvent], Iterator[Request]] | None = None,
) -> list[str]:
    """Runs one request and returns dbt's warnings.

    Args:
        engine: The dbt to run.
        build_request: Builds the request; called while dbt is being imported, which takes over a second.
        scratch: A folder for dbt's output.
        env: Variables to set on top of the inherited ones.
        cwd: Folder to run in.
        what: Description of the request, for errors.
        where: Folder to name in errors. Default: ``cwd``.
        hidden: Values to mask in dbt's messages.
        explain: Turns dbt's message into an error, from the number of commands that succeeded before.
        receive: Called with the event that completes the request.
        ask_further: Yields the next request for a process that stays open, from the event that completes the one
            before; ``Finish`` at last. It is resumed once the request is sent, so what it does then overlaps with
            the answer.

    Raises:
        PrepareError: dbt failed (the message is its output), or the process ended without a result.
    """
    place = str(where or cwd)
    hidden = hidden or HiddenValues({})
    errors: list[str] = []
    warnings: list[str] = []
    is_complete = False
    succeeded = 0
    output = scratch / "output.txt"
    with (
        output.open("wb") as file,
        DbtProcess(engine, stdout=file.fileno(), stderr=file.fileno()) as process,
    ):
        process.send(build_request(), env={**env, **hidden.environment}, cwd=cwd)
        for event in map(hidden.mask_event, process.events()):
            if isinstance(event, LogLine):
                (errors if event.level == "error" else warnings).append(event.message)
            elif isinstance(event, InvocationResult):
                if event.success:
                    succeeded += 1
                    continue
                text = event.error or "\n".join(errors) or "no message"
                if explain is not None:
                    raise explain(succeeded, text)
                raise PrepareError(f"{what} failed:\n{text}", where=place)
            else:
                is_complete = True
                if receive is not None:
                    receive(event)
                for request in ask_further(event) if ask_further is not None else ():
                    process.send(request, env={}, cwd=cwd)
        exit_code = process.exit_code
    if not is_complete:
        tail = hidden.mask(output.read_bytes()[-2000:].decode(errors="replace").strip())
        raise PrepareError(
            f"{what} ended with exit code {exit_code} and no result."
            + (f" Its last output:\n{tail}" if tail else ""),
            where=place,
        )
    return warnings
