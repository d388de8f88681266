"""Serves one request inside dbt's own process.

dbt's import begins at once; the request arrives as one line of JSON on standard input, which then stays
open: its end means that the parent is gone, and the child interrupts itself.

Events go out as one line of JSON each on the inherited descriptor. Standard output and standard error
stay dbt's, for people.

The requests are described in ``dbt_process/requests.py``; ``action`` names the request.

A dbt that is no Python script is driven by ``drive_command.py`` instead, with the same protocol.

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

from .child_invoke import run_invoke
from .child_parent import read_request, watch_parent
from .child_pipe import EventPipe
from .child_prepare import run_prepare
from .child_select import run_select

EXIT_GRACE_SECONDS = 5


def main() -> int:
    """Serves the request; returns the exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    pipe = EventPipe(int(sys.argv[1]))
    try:
        try:
            gc.disable()  # an import makes next to no garbage, and collecting costs a tenth of it
            import dbt.cli.main

            gc.freeze()
            gc.enable()
        except ImportError as error:
            pipe.emit("result", success=False, error=str(error), error_type="ImportError", nodes=[])
            return 2
        line = read_request()
        if not line:
            return 0  # started ahead of need and never used
        watch_parent()
        request = json.loads(line)
        if request.get("cwd"):
            os.chdir(request["cwd"])
        os.environ.update(request.get("env") or {})
        actions = {"invoke": run_invoke, "prepare": run_prepare, "select": run_select}
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
    """Ends this process in order, but without taking the interpreter apart, which takes dbt 0.3 s.

    An adapter may have left a thread or a handler that holds up the end: a timer does not wait for it.
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
