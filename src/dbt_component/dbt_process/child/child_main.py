"""Serves one request inside dbt's own process.

The import of dbt begins at once. The request arrives as one line of JSON on standard input, which then
stays open: when it closes, the parent is gone, and the child interrupts itself.

Each event is one line of JSON on the inherited descriptor. Standard output and standard error are left
to dbt, for people.

The requests are described in ``dbt_process/requests.py``; ``action`` is the kind of request.

A dbt that is not a Python script is driven by ``drive_command.py`` instead, with the same protocol.

See: https://docs.getdbt.com/reference/programmatic-invocations
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import sys
import threading
import time
import traceback

from .child_cancel import cancel_queries
from .child_invoke import run_invoke
from .child_parent import read_request, watch_parent
from .child_pipe import EventPipe
from .child_prepare import run_prepare
from .child_profile import run_connect
from .child_query import run_query
from .child_select import run_select

EXIT_GRACE_SECONDS = 5


def main() -> int:
    """Serves the request; returns the exit code."""
    pipe = EventPipe(int(sys.argv[1]))
    try:
        try:
            gc.disable()  # an import creates almost no garbage, and collecting takes a tenth of its time
            import dbt.cli.main

            gc.freeze()
            gc.enable()
        except ImportError as error:
            pipe.emit("result", success=False, error=str(error), error_type="ImportError", nodes=[])
            return 2
        line = read_request()
        if not line:
            return 0  # started in advance and never used
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        watch_parent(cancel_queries)
        request = json.loads(line)
        if request.get("cwd"):
            os.chdir(request["cwd"])
        os.environ.update(request.get("env") or {})
        actions = {
            "invoke": run_invoke,
            "prepare": run_prepare,
            "select": run_select,
            "connect": run_connect,
            "query": run_query,
        }
        actions[request["action"]](pipe, request)
    except KeyboardInterrupt:
        pipe.emit(
            "result",
            success=False,
            error="interrupted",
            error_type="KeyboardInterrupt",
            interrupted=True,
            nodes=[],
        )
        return 130
    except BaseException:
        pipe.emit(
            "result", success=False, error=traceback.format_exc(), error_type="ChildError", nodes=[]
        )
        return 1
    finally:
        pipe.close()
    return 0


def end_soon(code: int) -> None:
    """Exits cleanly, but skips the interpreter's teardown, which takes 0.3 s with dbt.

    A thread or exit handler of an adapter may hang; a timer exits after ``EXIT_GRACE_SECONDS`` anyway.
    """

    def end() -> None:
        time.sleep(EXIT_GRACE_SECONDS)
        os._exit(code)

    threading.Thread(target=end, name="end-soon", daemon=True).start()
    try:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()  # databases are closed here
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
