"""Runs one dbt command, over an exact set of nodes if given."""

from __future__ import annotations

from typing import Any

from .child_freshness import watch_freshness
from .child_manifest import cut_manifest, load_manifest
from .child_patches import (
    compare_relations_of_one_name,
    finish_before_cleanup,
    make_cycle_check_linear,
    notice_lost_clients,
    read_only_known_nodes,
    remember_manifest,
    select_exactly,
    silence_relation_cache,
)
from .child_pipe import EventPipe
from .child_queue import start_long_chains_first
from .child_raw import RawEvents
from .child_tests import change_tests
from .child_watcher import NodeWatcher, emit_result


def run_invoke(pipe: EventPipe, request: dict[str, Any]) -> None:
    from dbt.cli.main import dbtRunner

    raw_events = RawEvents(pipe) if request.get("with_raw_events") else None
    watcher = NodeWatcher(pipe, frozenset(request.get("metadata") or ()), raw_events)
    remember_manifest(watcher)
    watch_freshness(watcher.measured)
    make_cycle_check_linear()
    compare_relations_of_one_name()
    silence_relation_cache(request["argv"])
    notice_lost_clients()
    change_tests(request.get("severities") or {}, frozenset(request.get("passing_on") or ()))
    if request.get("priorities"):
        start_long_chains_first(request["priorities"])
    if request.get("selected") is not None:
        select_exactly(request["selected"])
    manifest = None
    if request.get("manifest"):
        cut = request.get("cut")
        manifest = load_manifest(request["manifest"], keep_graph=cut is not None)
        if cut is not None:
            cut_manifest(manifest, cut)
        read_only_known_nodes(manifest)
    finish_before_cleanup(watcher.drain)
    outcome = dbtRunner(manifest=manifest, callbacks=[watcher]).invoke(request["argv"])
    watcher.drain()  # nothing is left, except where dbt has no such place
    emit_result(pipe, outcome)
