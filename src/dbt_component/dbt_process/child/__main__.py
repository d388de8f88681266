"""Entry point of the child process: ``python <this folder> <event fd> [<dbt command>]``.

Started by path, so dbt may be installed in another environment than Dagster. Without a dbt command, dbt
runs in this process; with one, that dbt, which is not a Python script, is driven through its command line.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
from types import ModuleType

PACKAGE = "_dbt_component_child"
HERE = os.path.dirname(os.path.abspath(__file__))


def load(name: str) -> ModuleType:
    """Imports a module of this folder under a package name that shadows nothing in dbt's environment."""
    if PACKAGE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACKAGE, os.path.join(HERE, "__init__.py"), submodule_search_locations=[HERE]
        )
        assert spec is not None and spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"{PACKAGE}.{name}")


def main() -> int:
    # Python added this folder to the path, where its files could shadow other modules.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    is_driver = len(sys.argv) > 2
    code: int = load("drive_command" if is_driver else "child_main").main()
    return code


if __name__ == "__main__":
    # The parent starts this process with interrupts blocked. Until there is a request, they end it silently.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    exit_code = main()
    if len(sys.argv) > 2:
        sys.stdout.flush()
        os._exit(exit_code)
    load("child_main").end_soon(exit_code)
