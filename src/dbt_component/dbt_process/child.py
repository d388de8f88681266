"""Entry point that runs inside dbt's own interpreter: the standard library and dbt, nothing else.

Started by path (``python child.py <event fd>``), so that dbt may live in another environment than
Dagster. dbt's import begins at once; the request arrives as one line of JSON on standard input, which
then stays open: its end means that the parent is gone, and the child interrupts itself.

Events go out as one line of JSON each on the inherited descriptor. Standard output and standard error
stay dbt's, for people.

Requests (``action``):
  invoke   run one dbt command. ``manifest``: msgpack file to run from instead of parsing; ``selected``:
           the exact unique ids to run; ``metadata``: what to fetch of built relations.
  prepare  ``dbt deps`` if asked, then parse; then resolve ``selections`` to unique ids.
  select   resolve ``selections`` against an existing manifest.

See: https://docs.getdbt.com/reference/programmatic-invocations
"""

import atexit
import gc
import json
import os
import re
import signal
import sys
import threading
import time
import traceback

COLOUR_CODE = re.compile("\x1b\\[[0-9;]*m")
UNREMARKABLE_STATES = ("success", "pass", "skipped", "no-op", "reused")
EXIT_GRACE_SECONDS = 5
PROBE_VALUE = "2001-02-03"
STANDARD_INPUT = 0
FINISHED_STATES = ("success", "pass", "warn", "no-op", "reused")


def plain(text):
    """Text without terminal colours."""
    return COLOUR_CODE.sub("", text)


class EventPipe:
    """Serialises events from dbt's threads onto one descriptor, in the order of their emission."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def emit(self, kind, **fields):
        line = json.dumps({"kind": kind, **fields}, default=str).encode() + b"\n"
        with self._lock:
            view = memoryview(line)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BrokenPipeError:
                pass  # the parent is gone: the watcher on standard input ends this process

    def close(self):
        with self._lock:
            os.close(self._descriptor)


def read_request():
    """The request line, or nothing if the parent closed standard input. Read without buffering, as a
    buffered reader's lock would be held by the watching thread while the interpreter ends.
    """
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(STANDARD_INPUT, 1 << 16)
        if not chunk:
            return b""
        line += chunk
    return line


def watch_parent():
    """Interrupts this process when the parent's end of standard input closes, as Ctrl-C would, then ends it."""

    def watch():
        try:
            while os.read(STANDARD_INPUT, 1):
                pass
        except OSError:
            pass
        for wait_seconds in (5, 5):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(wait_seconds)
        os._exit(130)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


def load_manifest(path, keep_graph):
    """Reads a manifest from dbt's own parse-cache format."""
    from dbt.contracts.graph.manifest import Manifest

    with open(path, "rb") as file:
        data = file.read()
    try:
        from dbt.parser.manifest import extended_mashumuro_decoder
    except ImportError:
        manifest = Manifest.from_msgpack(data)
    else:
        manifest = Manifest.from_msgpack(data, decoder=extended_mashumuro_decoder)
    if keep_graph:
        manifest.build_flat_graph()
    return manifest


def cut_manifest(manifest, cut):
    """Reduces a complete manifest to the nodes of a run, leaving its flat graph complete."""
    keep = set(cut["keep"])
    manifest.nodes = {i: n for i, n in manifest.nodes.items() if i in keep}
    manifest.unit_tests = {i: n for i, n in manifest.unit_tests.items() if i in keep}
    manifest.exposures = {}
    manifest.metrics = {}
    manifest.saved_queries = {}
    manifest.semantic_models = {}
    for unique_id, parents in cut["rewired"].items():
        node = manifest.nodes.get(unique_id)
        if node is not None and hasattr(node.depends_on, "nodes"):
            node.depends_on.nodes = parents


def make_cycle_check_linear():
    """dbt restarts a depth-first search at each node; one topological test finds the same."""
    try:
        import networkx
        from dbt.compilation import Linker

        original = Linker.find_cycles
    except (ImportError, AttributeError):
        return

    def find_cycles(self):
        if networkx.is_directed_acyclic_graph(self.graph):
            return None
        return original(self)

    Linker.find_cycles = find_cycles


def silence_relation_cache(argv):
    """dbt encodes a debug event for each relation that it finds in a schema, read by nobody: 80 µs each."""
    if "--log-cache-events" in argv or os.environ.get("DBT_LOG_CACHE_EVENTS"):
        return
    try:
        from dbt.adapters import cache

        original = cache.fire_event
        cache.CacheAction  # noqa: B018 - this dbt has the event
    except (ImportError, AttributeError):
        return

    def fire_event(event, *args, **kwargs):
        if event is not None:
            original(event, *args, **kwargs)

    cache.CacheAction = lambda **fields: None
    cache.fire_event = fire_event


def select_exactly(unique_ids):
    """Replaces dbt's node choice by a fixed set; each task still drops what it does not run."""
    from dbt.graph.selector import NodeSelector

    wanted = frozenset(unique_ids)

    def get_selected(self, *args, **kwargs):
        members = set(self.full_graph.nodes())
        return self.filter_selection(wanted & members)

    NodeSelector.get_selected = get_selected


class NodeWatcher:
    """The one callback given to dbt: turns its events into ours."""

    def __init__(self, pipe, metadata):
        self._pipe = pipe
        self._metadata = metadata
        self._printed = set()
        self.reported = set()
        self.manifest = None

    def __call__(self, message):
        try:
            self._handle(message)
        except Exception:  # an exception here would become an error of the node itself
            self._pipe.emit(
                "log", level="warn", name="DbtComponent", message=traceback.format_exc()
            )

    def _handle(self, message):
        name = message.info.name
        if name == "NodeStart":
            info = message.data.node_info
            self._pipe.emit("node_started", unique_id=info.unique_id)
        elif name == "NodeFinished":
            self._finished(message.data, message.info.invocation_id)
        elif name in ("LogModelResult", "LogFunctionResult"):
            self._printed.add(message.data.node_info.unique_id)
        elif name in ("SkippingDetails", "LogSkipBecauseError", "MarkSkippedChildren"):
            info = getattr(message.data, "node_info", None)
            self._pipe.emit(
                "skip_cause",
                unique_id=getattr(info, "unique_id", None)
                or getattr(message.data, "unique_id", None),
                message=plain(message.info.msg),
            )
        elif message.info.level in ("error", "warn"):
            info = getattr(message.data, "node_info", None)
            self._pipe.emit(
                "log",
                level=message.info.level,
                name=name,
                message=plain(message.info.msg),
                unique_id=getattr(info, "unique_id", None) or None,
            )

    def _finished(self, data, invocation_id):
        from google.protobuf.json_format import MessageToDict

        info = data.node_info
        result = data.run_result
        status = str(result.status).lower()
        # Each batch of a microbatch model finishes too, under the model's id, and may be skipped. Only the
        # model prints; a model skipped as a whole is in dbt's final result.
        if (
            info.resource_type == "model"
            and info.unique_id not in self._printed
            and self._is_microbatch(info.unique_id)
        ):
            return
        fields = {
            "unique_id": info.unique_id,
            "resource_type": info.resource_type,
            "status": status,
            "invocation_id": invocation_id,
            "message": result.message or None,
            "execution_time_seconds": result.execution_time,
            "started_at": info.node_started_at or None,
            "finished_at": info.node_finished_at or None,
            "thread": result.thread or None,
            "failures": result.num_failures
            if info.resource_type in ("test", "unit_test")
            else None,
            "adapter_response": MessageToDict(result.adapter_response),
        }
        if (
            status in FINISHED_STATES
            and self._metadata
            and info.resource_type in ("model", "seed", "snapshot")
            and info.materialized != "ephemeral"
        ):
            fields["relation"] = self._describe_relation(info.unique_id, info.materialized)
        if status not in UNREMARKABLE_STATES and self.manifest is not None:
            node = self.manifest.nodes.get(info.unique_id)
            fields["compiled_code"] = getattr(node, "compiled_code", None)
        if info.unique_id in self.reported:
            return
        self.reported.add(info.unique_id)
        self._pipe.emit("node_finished", **fields)

    def _is_microbatch(self, unique_id):
        node = self.manifest.nodes.get(unique_id) if self.manifest else None
        return (
            node is not None and getattr(node.config, "incremental_strategy", None) == "microbatch"
        )

    def _describe_relation(self, unique_id, materialized):
        """Asks the database, on the adapter that dbt has open, about the relation just built."""
        from dbt.adapters.factory import FACTORY

        described = {}
        try:
            adapter = next(iter(FACTORY.adapters.values()))
            node = self.manifest.nodes[unique_id]
            relation = adapter.Relation.create_from(adapter.config, node)
            with adapter.connection_named("describe_" + unique_id):
                if "column_metadata" in self._metadata:
                    described["columns"] = [
                        {"name": column.name, "type": column.data_type}
                        for column in adapter.get_columns_in_relation(relation)
                    ]
                if "row_count" in self._metadata and materialized != "view":
                    _, table = adapter.execute(
                        "select count(*) as row_count from %s" % relation, fetch=True
                    )
                    described["row_count"] = int(table.rows[0][0])
        except Exception as error:
            self._pipe.emit(
                "log",
                level="warn",
                name="DbtComponent",
                message="No metadata of %s: %s" % (unique_id, error),
                unique_id=unique_id,
            )
        return described


def remember_manifest(watcher):
    """Lets the watcher see the manifest that dbt runs with, whichever way it came to be."""
    from dbt.task.base import ConfiguredTask

    original = ConfiguredTask.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        watcher.manifest = self.manifest

    ConfiguredTask.__init__ = __init__


def describe_result(result):
    """One node of dbt's final result, for nodes that no event told of."""
    node = getattr(result, "node", None)
    return {
        "unique_id": getattr(node, "unique_id", None) or getattr(result, "unique_id", None),
        "resource_type": str(getattr(node, "resource_type", "") or ""),
        "status": str(result.status).lower(),
        "message": result.message,
        "failures": result.failures,
        "execution_time_seconds": result.execution_time,
        "relation_name": getattr(node, "relation_name", None),
        "compiled_code": None
        if str(result.status).lower() in UNREMARKABLE_STATES
        else getattr(node, "compiled_code", None),
    }


def emit_result(pipe, outcome):
    """Sends the end of one dbt invocation: success, dbt's error if any, and every node's result."""
    results = getattr(outcome.result, "results", None) or []
    exception = outcome.exception
    pipe.emit(
        "result",
        success=bool(outcome.success),
        error=None if exception is None else (str(exception) or repr(exception)),
        error_type=None if exception is None else type(exception).__name__,
        interrupted=isinstance(exception, (KeyboardInterrupt, SystemExit)),
        nodes=[describe_result(r) for r in results if hasattr(r, "status")],
    )


def run_invoke(pipe, request):
    from dbt.cli.main import dbtRunner

    watcher = NodeWatcher(pipe, frozenset(request.get("metadata") or ()))
    remember_manifest(watcher)
    make_cycle_check_linear()
    silence_relation_cache(request["argv"])
    if request.get("selected") is not None:
        select_exactly(request["selected"])
    manifest = None
    if request.get("manifest"):
        cut = request.get("cut")
        manifest = load_manifest(request["manifest"], keep_graph=cut is not None)
        if cut is not None:
            cut_manifest(manifest, cut)
    outcome = dbtRunner(manifest=manifest, callbacks=[watcher]).invoke(request["argv"])
    emit_result(pipe, outcome)


def run_prepare(pipe, request):
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    watcher = NodeWatcher(pipe, frozenset())
    make_cycle_check_linear()
    for argv in request["commands"]:
        outcome = dbtRunner(callbacks=[watcher]).invoke(argv)
        emit_result(pipe, outcome)
        if not outcome.success:
            return
    manifest = outcome.result if isinstance(outcome.result, Manifest) else None
    if manifest is None:
        manifest = load_manifest(request["parse_cache"], keep_graph=False)
    probe = request.get("probe")
    runtime_vars = prove_runtime_vars(manifest, probe) if probe else []
    resolve_selections(pipe, manifest, request, runtime_vars)


def prove_runtime_vars(manifest, probe):
    """Those of ``names`` that change nothing when the project is parsed with another value.

    They may then differ from run to run without parsing again. All are tried together first, and one by
    one if something changed. A project that can't be parsed with the other value proves nothing.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    expected = parsed_content(manifest)

    def is_unread(names):
        given = dict(probe["vars"])
        given.update(dict.fromkeys(names, PROBE_VALUE))
        argv = [*probe["argv"], "--vars", json.dumps(given), "--no-partial-parse"]
        outcome = dbtRunner().invoke(["--quiet", *argv, "--target-path", probe["target_path"]])
        return isinstance(outcome.result, Manifest) and parsed_content(outcome.result) == expected

    names = probe["names"]
    if is_unread(names):
        return names
    return [name for name in names if len(names) > 1 and is_unread([name])]


def parsed_content(manifest):
    """What parsing decides, without what differs between two parses of the same project."""
    content = {}
    for section in ("nodes", "sources", "exposures", "unit_tests", "metrics", "disabled"):
        for unique_id, entry in getattr(manifest, section, {}).items():
            entries = entry if isinstance(entry, list) else [entry]
            for position, one in enumerate(entries):
                fields = one.to_dict(omit_none=False)
                for name in ("created_at", "build_path", "compiled_path"):
                    fields.pop(name, None)
                content[section, unique_id, position] = fields
    return content


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

    warnings = []
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
    return {"ids": ids, "warnings": warnings}


def catch_invalid_selector(selector):
    """dbt logs an unknown selector method and selects nothing; here it becomes an error."""
    errors = []
    original = selector.get_method

    def get_method(method, arguments):
        try:
            return original(method, arguments)
        except Exception as error:
            errors.append("unknown selection method %r: %s" % (str(method), error))
            raise

    selector.get_method = get_method
    return errors


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    # This file's folder holds no modules for dbt; without it on the path nothing can be shadowed.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
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


def end_soon(code):
    """Ends this process in order, but without taking the interpreter apart, which takes dbt 0.3 s.

    An adapter may have left a thread or a handler that holds up the end: a timer does not wait for it.
    """

    def end():
        time.sleep(EXIT_GRACE_SECONDS)
        os._exit(code)

    threading.Thread(target=end, name="end-soon", daemon=True).start()
    try:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()  # noqa: SLF001 - databases are closed here
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    end_soon(main())
