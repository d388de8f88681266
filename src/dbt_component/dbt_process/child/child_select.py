"""Resolves selections with dbt's own selector."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Sequence

from .child_graph import ManifestGraph
from .child_manifest import load_manifest
from .child_patches import catch_invalid_selector, make_cycle_check_linear
from .child_pipe import EventPipe


def run_select(pipe: EventPipe, request: dict[str, Any]) -> None:
    """Resolves the selections in a project's manifest, or in a manifest.json alone; without either, dbt parses."""
    make_cycle_check_linear()
    if request.get("manifest_json"):
        select_from_manifest_json(pipe, request)
        return
    path = request.get("manifest")
    manifest = None if path is None else load_manifest(path, keep_graph=False)
    resolve_selections(pipe, manifest, request)


def select_from_manifest_json(pipe: EventPipe, request: dict[str, Any]) -> None:
    """Resolves each selection without a project; fails the request if the manifest can't be read."""
    try:
        task = ManifestGraph(request["manifest_json"])
    except Exception as error:
        message = "%s can't be used: %s" % (request["manifest_json"], str(error) or repr(error))
        pipe.emit("result", success=False, error=message, error_type=type(error).__name__, nodes=[])
        return
    selections = request["selections"]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(request["output"])) as folder:
        before = os.getcwd()
        if any(may_be_by_path(selection) for selection in selections):
            task.imitate_project(folder)
        found = {selection["key"]: resolve_one(task, selection) for selection in selections}
        os.chdir(before)
    write_answers(pipe, request, found)


def may_be_by_path(selection: dict[str, Any]) -> bool:
    """Whether dbt may match this selection against files; it takes any value with a slash for a path."""
    text = " ".join((selection["select"], selection["exclude"]))
    return "/" in text or os.sep in text or "path" in text


def resolve_selections(
    pipe: EventPipe,
    manifest: Any,
    request: dict[str, Any],
    runtime_vars: Sequence[str] = (),
    databases: Sequence[str] = (),
) -> None:
    """Resolves each selection with dbt's selector and writes the answers to ``output``."""
    found: dict[str, dict[str, Any]] = {}
    selections = request["selections"]
    if selections:
        from dbt.cli.main import dbtRunner
        from dbt.task.list import ListTask

        def run(self: Any) -> list[str]:
            self.compile_manifest()
            for selection in selections:
                found[selection["key"]] = resolve_one(self, selection)
            return []

        ListTask.run = run
        outcome = dbtRunner(manifest=manifest).invoke(["--quiet", "ls", *request["list_argv"]])
        if not outcome.success and outcome.exception is not None:
            for selection in selections:
                found.setdefault(selection["key"], {"error": str(outcome.exception)})
    write_answers(pipe, request, found, runtime_vars, databases)


def write_answers(
    pipe: EventPipe,
    request: dict[str, Any],
    found: dict[str, dict[str, Any]],
    runtime_vars: Sequence[str] = (),
    databases: Sequence[str] = (),
) -> None:
    """Writes {"selections": {key: {ids | error}}, "runtime_vars": [name], "databases": [path]} to ``output``."""
    answers = {
        "selections": found,
        "runtime_vars": list(runtime_vars),
        "databases": list(databases),
    }
    with open(request["output"], "w", encoding="utf-8") as file:
        json.dump(answers, file)
    pipe.emit("selections", count=len(found))


def resolve_one(task: Any, selection: dict[str, Any]) -> dict[str, Any]:
    """Resolves one selection: ``{"ids": [unique id]}``, sorted, or ``{"error": message}``.

    Args:
        task: Has ``manifest``, ``graph``, ``previous_state`` and ``config``, as dbt's tasks do.
        selection: ``select`` and ``exclude``, or ``selector``.
    """
    from dbt.graph import parse_difference
    from dbt.graph.selector import NodeSelector

    try:
        if selection["selector"]:
            spec = task.config.get_selector(selection["selector"])
        else:
            exclude = [selection["exclude"]] if selection["exclude"] else None
            spec = parse_difference([selection["select"]], exclude)
        selector = NodeSelector(
            graph=task.graph,
            manifest=task.manifest,
            previous_state=task.previous_state,
            include_empty_nodes=True,
        )
        selector_errors = catch_invalid_selector(selector)
        ids = sorted(selector.get_selected(spec))
        if selector_errors:
            return {"error": selector_errors[0]}
    except Exception as error:
        return {"error": str(error) or repr(error)}
    return {"ids": ids}
