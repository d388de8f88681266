"""A process that imports dbt once and forks for each run, which saves the time of the imports.

Run by path with the interpreter of the dbt under test (``python warm.py``); uses only the standard library
and dbt. Reads one JSON job per line and answers each with one JSON line when it is done. No adapter is
opened before the fork, and importing dbt starts no thread.

Jobs (``kind``):
  stock  runs dbt with ``argv`` unchanged; writes the events and the result to ``record``.
  ours   sends ``request`` to ``child`` (the path of dbt_component's child) on standard input, as its
         parent does; its events are written to ``record``.

With ``in_turn``, either side runs one node at a time.
"""

from __future__ import annotations  # read by any Python that a supported dbt runs on

import contextlib
import importlib.util
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any


class Recorder:
    """The callback given to stock dbt, independent of dbt_component's own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: list[list[Any]] = []

    def __call__(self, message: Any) -> None:
        name = message.info.name
        if name == "NodeStart":
            with self.lock:
                self.events.append(["start", message.data.node_info.unique_id])
        elif name == "NodeFinished":
            info, result = message.data.node_info, message.data.run_result
            with self.lock:
                self.events.append(
                    [
                        "end",
                        info.unique_id,
                        info.resource_type,
                        str(result.status).lower(),
                        result.num_failures,
                        result.message,
                    ]
                )


def note_selected(found: set[str]) -> None:
    """Adds the nodes that dbt selects to ``found``, without changing the selection."""
    from dbt.graph.selector import NodeSelector

    original = NodeSelector.get_selected

    def get_selected(self: NodeSelector, *args: Any, **kwargs: Any) -> Any:
        chosen = original(self, *args, **kwargs)
        found.update(chosen)
        return chosen

    NodeSelector.get_selected = get_selected


def run_stock(job: dict[str, Any]) -> int:
    from dbt.cli.main import dbtRunner

    recorder = Recorder()
    selected: set[str] = set()
    note_selected(selected)
    outcome = dbtRunner(callbacks=[recorder]).invoke(job["argv"])
    results = {}
    for result in getattr(outcome.result, "results", None) or []:
        node = getattr(result, "node", None)
        if node is not None and hasattr(result, "status"):
            results[node.unique_id] = str(result.status).lower()
    record = {
        "success": bool(outcome.success),
        "error": None if outcome.exception is None else str(outcome.exception),
        "selected": sorted(selected),
        "events": recorder.events,
        "results": results,
    }
    with open(job["record"], "w", encoding="utf-8") as file:
        json.dump(record, file, default=str)
    return 0


def run_ours(job: dict[str, Any]) -> int:
    # Loaded from its path, as the parent starts it by path; the module's name must not shadow anything.
    spec = importlib.util.spec_from_file_location("dbt_component_child", job["child"])
    assert spec is not None and spec.loader is not None
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    events = os.open(job["record"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    read_end, write_end = os.pipe()
    # Written by a thread, since a request may exceed the capacity of a pipe. The write end stays open:
    # closing it would mean to the child that its parent is gone.
    line = json.dumps(job["request"]).encode() + b"\n"
    threading.Thread(target=write_all, args=(write_end, line), daemon=True).start()
    os.dup2(read_end, 0)
    sys.argv = [job["child"], str(events)]
    return int(child.main() or 0)


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def run_nodes_in_turn() -> None:
    """Makes dbt wait for each node that it submits to its pool before it looks for the next one.

    dbt's ``--single-threaded`` can't be used, as it closes the connection that hooks still need.
    """
    from multiprocessing.pool import AsyncResult, ThreadPool

    original = ThreadPool.apply_async

    def apply_async(self: ThreadPool, *args: Any, **kwargs: Any) -> AsyncResult[Any]:
        pending = original(self, *args, **kwargs)
        if threading.current_thread() is threading.main_thread():
            pending.wait()
        return pending

    ThreadPool.apply_async = apply_async  # type: ignore[assignment, method-assign]


RUN: dict[str, Callable[[dict[str, Any]], int]] = {"stock": run_stock, "ours": run_ours}


def run_job(job: dict[str, Any]) -> None:
    """Runs one job in the forked process, then exits."""
    code = 70
    try:
        output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(job.get("env") or {})
        os.chdir(job["cwd"])
        if job.get("in_turn"):
            run_nodes_in_turn()
        code = RUN[job["kind"]](job)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def main() -> None:
    import dbt.cli.main  # noqa: F401 - imported for the forks

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        process = os.fork()
        if process == 0:
            run_job(job)
        _, status = os.waitpid(process, 0)
        print(
            json.dumps({"exit_code": os.waitstatus_to_exitcode(status)}), file=replies, flush=True
        )


if __name__ == "__main__":
    main()
