"""Selections, resolved by dbt's own selector."""

import json

from child_manifest import load_manifest
from child_patches import catch_invalid_selector, make_cycle_check_linear


def run_select(pipe, request):
    make_cycle_check_linear()
    manifest = load_manifest(request["manifest"], keep_graph=False)
    resolve_selections(pipe, manifest, request)


def resolve_selections(pipe, manifest, request, runtime_vars=()):
    """Resolves each selection with dbt's selector and writes the answers to ``output``.

    {"selections": {key: {ids | error}}, "runtime_vars": [name]}
    """
    found = {}
    selections = request["selections"]
    if selections:
        from dbt.cli.main import dbtRunner
        from dbt.task.list import ListTask

        def run(self):
            self.compile_manifest()
            for selection in selections:
                found[selection["key"]] = resolve_one(self, selection)
            return []

        ListTask.run = run
        outcome = dbtRunner(manifest=manifest).invoke(["--quiet", "ls", *request["list_argv"]])
        if not outcome.success and outcome.exception is not None:
            for selection in selections:
                found.setdefault(selection["key"], {"error": str(outcome.exception)})
    with open(request["output"], "w", encoding="utf-8") as file:
        json.dump({"selections": found, "runtime_vars": list(runtime_vars)}, file)
    pipe.emit("selections", count=len(found))


def resolve_one(task, selection):
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
