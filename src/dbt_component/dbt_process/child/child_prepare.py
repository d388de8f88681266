"""Runs ``dbt deps`` and ``dbt parse``, then resolves selections and finds runtime variables."""

from __future__ import annotations

import json
from typing import Any

from .child_databases import database_paths
from .child_manifest import load_manifest, parsed_content
from .child_patches import (
    collect_seldom,
    make_cycle_check_linear,
    order_static_parser,
    write_json_at_once,
)
from .child_pipe import EventPipe
from .child_render import serve_further_requests
from .child_select import resolve_selections
from .child_watcher import NodeWatcher, emit_result

PROBE_VALUE = "2001-02-03"


def run_prepare(pipe: EventPipe, request: dict[str, Any]) -> None:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    watcher = NodeWatcher(pipe, frozenset())
    make_cycle_check_linear()
    collect_seldom()
    write_json_at_once()
    order_static_parser()
    for argv in request["commands"]:
        outcome = dbtRunner(callbacks=[watcher]).invoke(argv)
        emit_result(pipe, outcome)
        if not outcome.success:
            return
    manifest = outcome.result if isinstance(outcome.result, Manifest) else None
    if manifest is None:
        manifest = load_manifest(request["parse_cache"], keep_graph=False)
    databases = database_paths()
    probe = request.get("probe")
    runtime_vars = prove_runtime_vars(manifest, probe) if probe else []
    resolve_selections(pipe, manifest, request, runtime_vars, databases)
    if request.get("stays_open"):
        serve_further_requests(pipe, manifest, request["list_argv"])


def prove_runtime_vars(manifest: Any, probe: dict[str, Any]) -> list[str]:
    """Returns those of ``names`` whose value does not affect parsing.

    They may differ from run to run without parsing again. The project is parsed with another value for
    all of them first, and for one at a time if that changes the result. If it can't be parsed with the
    other value, the variable is taken to matter.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    expected = parsed_content(manifest)

    def is_unread(names: list[str]) -> bool:
        given = dict(probe["vars"])
        given.update(dict.fromkeys(names, PROBE_VALUE))
        argv = [*probe["argv"], "--vars", json.dumps(given), "--no-partial-parse"]
        outcome = dbtRunner().invoke(["--quiet", *argv, "--target-path", probe["target_path"]])
        return isinstance(outcome.result, Manifest) and parsed_content(outcome.result) == expected

    names: list[str] = probe["names"]
    if is_unread(names):
        return names
    return [name for name in names if len(names) > 1 and is_unread([name])]
