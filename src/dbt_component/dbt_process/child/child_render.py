"""Renders SQL and describes relations of a project that was just parsed, for the lineage of its columns."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Callable, Optional

from .child_manifest import find_node, find_relation_node
from .child_parent import await_further_request
from .child_pipe import EventPipe

_NO_DATABASE = "dbt asks the database to render it."


def serve_further_requests(pipe: EventPipe, manifest: Any, list_argv: list[str]) -> None:
    """Serves requests on a manifest until the parent sends ``finish``.

    If dbt can't be set up for the project, each answer is empty.
    """
    from dbt.cli.main import dbtRunner
    from dbt.task.list import ListTask

    served: list[bool] = []

    def run(self: Any) -> list[str]:
        self.compile_manifest()
        served.append(True)
        _serve(pipe, self)
        return []

    ListTask.run = run
    dbtRunner(manifest=manifest).invoke(["--quiet", "ls", *list_argv])
    if not served:
        _serve(pipe, None)


def _serve(pipe: EventPipe, task: Optional[Any]) -> None:
    actions: dict[str, Callable[[Any, list[str]], dict[str, Any]]] = {
        "render": render_nodes,
        "describe": describe_relations,
    }
    while True:
        request = json.loads(await_further_request())
        if request["action"] == "finish":
            return
        answer: dict[str, Any] = {}
        if task is not None:
            answer = actions[request["action"]](task, request["unique_ids"])
        with open(request["output"], "w", encoding="utf-8") as file:
            json.dump(answer, file)
        pipe.emit("served", count=len(answer))


def render_nodes(task: Any, unique_ids: list[str]) -> dict[str, dict[str, str]]:
    """Renders each node as if nothing were built: no relation is found, and a query is an error.

    Args:
        task: dbt's task, with ``config``, ``manifest`` and ``compiler``.
        unique_ids: Models and snapshots.

    Returns:
        ``{"sql": text}``, or ``{"error": reason}``, by unique id.
    """
    from dbt.adapters.exceptions import InvalidConnectionError
    from dbt.adapters.factory import get_adapter
    from dbt.compilation import Compiler

    adapter = get_adapter(task.config)
    adapter.get_relation = lambda *args, **kwargs: None
    compiler = Compiler(task.config)
    rendered = {}
    for unique_id in unique_ids:
        node = find_node(task.manifest, unique_id)
        try:
            compiled = compiler.compile_node(node, task.manifest, {}, write=False)
            rendered[unique_id] = {"sql": compiled.compiled_code}
        except Exception as error:
            is_asking = any(isinstance(e, InvalidConnectionError) for e in _chain(error))
            text = " ".join(str(error).split()) or type(error).__name__
            rendered[unique_id] = {"error": _NO_DATABASE if is_asking else text}
    del adapter.get_relation
    return rendered


def _chain(error: Optional[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def describe_relations(task: Any, unique_ids: list[str]) -> dict[str, list[str]]:
    """Names of the columns of relations; without those that can't be read, such as one that does not exist yet.

    Args:
        task: dbt's task, with ``config`` and ``manifest``.
        unique_ids: Sources, models, seeds and snapshots.
    """
    from dbt.adapters.factory import get_adapter

    adapter = get_adapter(task.config)
    found = {}
    for unique_id in unique_ids:
        relation = adapter.Relation.create_from(
            task.config, find_relation_node(task.manifest, unique_id)
        )
        # Each adapter raises its own errors.
        with contextlib.suppress(Exception), adapter.connection_named("describe_" + unique_id):
            found[unique_id] = [c.name for c in adapter.get_columns_in_relation(relation)]
    adapter.cleanup_connections()
    return {unique_id: columns for unique_id, columns in found.items() if columns}
