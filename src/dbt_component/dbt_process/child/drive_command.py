"""Serves one request with a dbt that is not a Python script, through its command line and JSON log.

Requests and events are those of ``child_main``, without what needs dbt's own process: runs read the
complete project (``manifest`` is not used), relations are not described (``metadata`` causes a warning),
selections need a project (``manifest_json`` is refused), and every variable is taken to affect parsing.

See: https://docs.getdbt.com/reference/global-configs/logs
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from types import FrameType
from typing import Any, Collection, Iterable, Mapping, Optional, Sequence

from .child_log import LogReader
from .child_output import read_lines
from .child_parent import read_request, watch_parent
from .child_pipe import EventPipe, plain, plain_message
from .child_statuses import FINE_STATUSES, UNREMARKABLE_STATUSES, counted_rows

# Always passed: without it dbt applies the project's default selector.
_ALL = ["--select", "fqn:*"]
_SPECIAL = set(" ,*?[]:+@\t\n\"'")
# In the results of every version of dbt, unless ephemeral.
_IN_RESULTS = ("model.", "seed.", "snapshot.", "test.", "unit_test.")
_FAILED_NODES = 1
_QUIET = ("DBT_QUIET", "DBT_ENGINE_QUIET")


class CommandError(Exception):
    """dbt failed; the message is its output."""


class CommandInterruptError(Exception):
    """The run was interrupted; no further command is started."""


class Command:
    """Runs commands of an external dbt, one at a time, in this process group."""

    def __init__(self, executable: str, pipe: EventPipe) -> None:
        self._executable = executable
        self._pipe = pipe
        self.interrupted = False
        signal.signal(signal.SIGINT, self._note_interrupt)
        signal.signal(signal.SIGTERM, self._note_interrupt)

    def _note_interrupt(self, number: int, _: Optional[FrameType]) -> None:
        # dbt is in the same group, so it is interrupted too and exits.
        self.interrupted = True
        if number == signal.SIGTERM:
            os.killpg(0, signal.SIGINT)

    def run(
        self,
        argv: list[str],
        command_names: Sequence[str] = (),
        raw_level: Optional[str] = None,
    ) -> tuple[int, LogReader]:
        """Runs a command and reports its log; returns its exit code and the reader of its log.

        Args:
            argv: The command line.
            command_names: The names of the command, if only lines of its own count.
            raw_level: The lowest level of dbt's own events to send; ``None`` sends none of them.
        """
        reader = LogReader(self._pipe, command_names, raw_level)
        logged = [*argv, "--log-format", "json", "--log-level", "debug"]
        with self._start(logged, stderr=None) as process:
            for line in read_lines(process):
                reader.read(line)
        return process.returncode, reader

    def list_nodes(self, argv: list[str]) -> list[dict[str, Any]]:
        """Runs ``dbt ls``; returns ``unique_id``, ``resource_type`` and ``fqn`` of each node.

        Raises:
            CommandError: dbt failed, for example because it does not accept the selection.
            CommandInterruptError: The command was interrupted.
        """
        keys = ["--output", "json", "--output-keys", "unique_id", "resource_type", "fqn"]
        quiet = ["--quiet", "--log-format", "text", "--log-level", "info", "ls"]
        with self._start([*quiet, *keys, *argv], stderr=subprocess.STDOUT) as process:
            lines = b"".join(read_lines(process)).decode(errors="replace").splitlines()
        entries, others = [], []
        for line in lines:
            try:
                entry = json.loads(line)
                entries.append({key: entry[key] for key in ("unique_id", "resource_type", "fqn")})
            except (ValueError, KeyError, TypeError):
                others.append(line)
        if self.interrupted:
            raise CommandInterruptError
        if process.returncode != 0 or any(line.startswith("{") for line in others):
            output = plain("\n".join(others)).strip()
            raise CommandError(output or "exit code %d" % process.returncode)
        return entries

    def _start(self, argv: list[str], stderr: Optional[int]) -> subprocess.Popen[bytes]:
        if self.interrupted:
            raise CommandInterruptError
        try:
            return subprocess.Popen(
                [self._executable, *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        except OSError as error:  # removed, or too many names for a command line
            raise CommandError("%s can't be started: %s" % (self._executable, error)) from error


def run_invoke(pipe: EventPipe, command: Command, request: dict[str, Any]) -> None:
    """Runs one dbt command, over exactly the nodes in the request's ``names`` if there are any."""
    if request.get("metadata"):
        pipe.emit(
            "log",
            level="warn",
            name="DbtComponent",
            message="include_metadata (%s) needs a dbt that is a Python script; nothing is fetched."
            % ", ".join(request["metadata"]),
        )
    results_path = os.path.join(os.environ["DBT_TARGET_PATH"], "run_results.json")
    if os.path.exists(results_path):
        os.remove(results_path)
    names = request.get("names")
    selection: list[str] = []
    if names is not None:
        selection = select_exactly(
            command, names["names"], names["list_argv"], most=names["are_most"]
        )
        if not selection:
            pipe.emit("result", success=True, nodes=[])
            return
    code, log = command.run(
        [*request["argv"], *selection],
        request.get("command_names") or (),
        console_level(request["argv"], os.environ) if request.get("with_raw_events") else None,
    )
    if log.invocation_id is None and code in (0, _FAILED_NODES) and request.get("command_names"):
        pipe.emit(
            "log",
            level="warn",
            name="DbtComponent",
            message="dbt's log does not name the command `dbt %s`; the log is ignored, and nodes are taken from"
            " run_results.json alone." % request["command_names"][0],
        )
    nodes, error = read_results(results_path, log.invocation_id)
    if code not in (0, _FAILED_NODES):
        error = "\n".join(log.errors[-5:]) or "exit code %d" % code
    elif nodes and error is None:
        error = find_contradiction(log.statuses, nodes, ephemeral=log.ephemeral)
    if command.interrupted:
        error = "interrupted"
    pipe.emit(
        "result",
        success=code == 0,
        error=error,
        error_type="CommandError" if error else None,
        interrupted=command.interrupted,
        nodes=nodes,
    )


def console_level(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The lowest level of dbt's log on standard output, by the command line or else the environment."""
    level = environ.get("DBT_ENGINE_LOG_LEVEL") or environ.get("DBT_LOG_LEVEL") or "info"
    for number, token in enumerate(argv):
        if token == "--log-level":
            level = "".join(argv[number + 1 : number + 2])
        elif token.startswith("--log-level="):
            level = token.partition("=")[2]
        elif token in ("--debug", "-d"):
            return "debug"
    return level if level in ("debug", "warn", "error") else "info"


def select_exactly(
    command: Command, names: Mapping[str, Iterable[str]], list_argv: list[str], *, most: bool
) -> list[str]:
    """Finds arguments that select exactly the nodes of ``names``; empty if dbt knows none of them.

    Nodes are selected by fqn, which also matches nodes below it. So `dbt ls` is asked first and extra
    nodes are excluded, which may exclude too much for the same reason: the result is checked. If ``most``
    of the project is wanted, selecting everything and excluding the rest is tried first.

    Raises:
        CommandError: No such arguments were found; nothing has run.
    """
    by_name = ["--select", *map(method, names.values())]
    in_the_way: set[str] = set()
    for select in (_ALL, by_name) if most else (by_name, _ALL):
        chosen = ["--indirect-selection", "empty", *select]
        listed = command.list_nodes([*chosen, *list_argv])
        found = {entry["unique_id"] for entry in listed} & names.keys()
        besides = [method(entry["fqn"]) for entry in listed if entry["unique_id"] not in names]
        if besides:
            chosen += ["--exclude", *besides]
            listed = command.list_nodes([*chosen, *list_argv])
        ids = {entry["unique_id"] for entry in listed}
        left, lost = ids - names.keys(), found - ids
        if not left | lost:
            return chosen if found else []
        in_the_way = in_the_way or left | lost
    raise CommandError(
        "No selection on dbt's command line matches exactly the requested nodes; it adds or loses: %s."
        " Nothing was run. Use a dbt that is a Python script, or rename these nodes."
        % ", ".join(sorted(in_the_way)[:10])
    )


def method(fqn: Iterable[str]) -> str:
    """A node's fqn as a ``fqn:`` selector; ``?`` replaces characters that are selector syntax."""
    return "fqn:" + "".join("?" if c in _SPECIAL else c for c in ".".join(fqn))


def find_contradiction(
    statuses: Mapping[str, str],
    nodes: Iterable[dict[str, Any]],
    *,
    ephemeral: Collection[str] = (),
) -> Optional[str]:
    """Names the nodes that the log reported as fine although dbt's results do not; ``None`` if there are none.

    Only lines that dbt did not write itself can contradict its results.
    """
    results = {node["unique_id"]: node for node in nodes}
    differing = []
    for unique_id, status in sorted(statuses.items()):
        result = results.get(unique_id)
        if status not in FINE_STATUSES:
            continue
        if result is None and (unique_id in ephemeral or not unique_id.startswith(_IN_RESULTS)):
            continue
        if result is None:
            differing.append("%s (%s, but not in the results)" % (unique_id, status))
        elif result["status"] not in FINE_STATUSES and "fail_fast" not in str(result["message"]):
            differing.append("%s (%s, but %s)" % (unique_id, status, result["status"]))
    if not differing:
        return None
    return (
        "The log on dbt's standard output contradicts run_results.json, so other code than dbt has written lines"
        " of JSON that look like dbt's own, for example a model that calls print(): %s. Do not trust what was"
        " reported about these nodes; remove the code that writes such lines."
        % ", ".join(differing[:10])
    )


def read_results(
    path: str, invocation_id: Optional[str]
) -> tuple[list[dict[str, Any]], Optional[str]]:
    """Reads the nodes in run_results.json, including skipped ones.

    Returns:
        The nodes, none if the file can't be read; and an error if another invocation wrote the file.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        results = content["results"]
        writer = content["metadata"].get("invocation_id")
    except (OSError, ValueError, KeyError):
        return [], None
    if invocation_id is not None and writer != invocation_id:
        return [], (
            "run_results.json is of invocation %s of dbt, but this command was invocation %s. The wrapper may"
            " run only one command that writes to DBT_TARGET_PATH." % (writer, invocation_id)
        )
    return [_describe_result(result) for result in results], None


def _describe_result(result: dict[str, Any]) -> dict[str, Any]:
    resource_type = str(result.get("unique_id")).partition(".")[0]
    status = str(result.get("status")).lower()
    is_remarkable = status not in UNREMARKABLE_STATUSES
    return {
        "unique_id": result.get("unique_id"),
        "resource_type": resource_type,
        "status": status,
        "message": plain_message(result.get("message")),
        "failures": counted_rows(resource_type, status, result.get("failures")),
        "execution_time_seconds": result.get("execution_time") or 0.0,
        "relation_name": result.get("relation_name"),
        "compiled_code": result.get("compiled_code") if is_remarkable else None,
    }


def run_prepare(pipe: EventPipe, command: Command, request: dict[str, Any]) -> None:
    """Runs the request's commands, then resolves its selections."""
    for argv in request["commands"]:
        code, log = command.run(argv)
        error = None if code == 0 else "\n".join(log.errors[-5:]) or "exit code %d" % code
        pipe.emit("result", success=code == 0, error=error, interrupted=command.interrupted)
        if code != 0:
            return
    run_select(pipe, command, request)


def run_select(pipe: EventPipe, command: Command, request: dict[str, Any]) -> None:
    """Resolves each selection with ``dbt ls`` and writes the results to ``output``.

    Raises:
        CommandError: The request has a ``manifest_json``; ``dbt ls`` needs a project.
    """
    if request.get("manifest_json"):
        raise CommandError(
            "A dbt that is not a Python script can select nodes of a project, but not of a manifest.json alone."
        )
    found: dict[str, dict[str, Any]] = {}
    for selection in request["selections"]:
        argv = []
        if selection["selector"]:
            argv += ["--selector", selection["selector"]]
        else:
            argv += ["--select", selection["select"]]
            argv += ["--exclude", selection["exclude"]] if selection["exclude"] else []
        try:
            listed = command.list_nodes([*argv, *request["list_argv"]])
            found[selection["key"]] = {"ids": sorted(entry["unique_id"] for entry in listed)}
        except CommandError as error:
            found[selection["key"]] = {"error": str(error)}
    with open(request["output"], "w", encoding="utf-8") as file:
        json.dump({"selections": found, "runtime_vars": []}, file)
    pipe.emit("selections", count=len(found))


def main() -> int:
    """Serves the request; returns the exit code."""
    pipe = EventPipe(int(sys.argv[1]))
    try:
        line = read_request()
        if not line:
            return 0
        watch_parent(None)
        request = json.loads(line)
        if request.get("cwd"):
            os.chdir(request["cwd"])
        os.environ.update(request.get("env") or {})
        for name in _QUIET:  # dbt would report no node
            os.environ.pop(name, None)
        command = Command(sys.argv[2], pipe)
        actions = {"invoke": run_invoke, "prepare": run_prepare, "select": run_select}
        actions[request["action"]](pipe, command, request)
    except CommandError as error:
        pipe.emit("result", success=False, error=str(error), error_type="CommandError", nodes=[])
        return 1
    except CommandInterruptError:
        pipe.emit("result", success=False, error="interrupted", interrupted=True, nodes=[])
        return 130
    except BaseException:
        pipe.emit(
            "result", success=False, error=traceback.format_exc(), error_type="ChildError", nodes=[]
        )
        return 1
    finally:
        pipe.close()
    return 0
