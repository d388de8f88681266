"""Small patches to dbt in this process; each first checks that this dbt has what it patches."""

from __future__ import annotations

import contextlib
import gc
import json
import os
from typing import Any, Callable

from .child_manifest import reduce_manifest_json

LOST_CLIENT_CHECK = "5s"


def collect_seldom() -> None:
    """Makes Python's garbage collector run rarely.

    Parsing creates millions of lasting objects and almost no cycles. The collector traverses all of them
    again and again, which takes half of the time for a large project.
    """
    gc.set_threshold(100_000, 50, 100)


class _JsonAtOnce:
    """The ``json`` module, with a faster ``dump`` that encodes in C before it writes. Same output."""

    def dump(self, value: Any, file: Any, **options: Any) -> None:
        file.write(json.dumps(value, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(json, name)


def write_json_at_once() -> None:
    """Makes dbt encode manifest.json in C.

    dbt encodes it piece by piece in Python: 1.2 s for 1,000 models with two tests each.
    """
    try:
        from dbt_common.clients import system
    except ImportError:
        return
    if getattr(system, "json", None) is json:
        system.json = _JsonAtOnce()  # type: ignore[assignment, attr-defined]


def order_static_parser() -> None:
    """Sorts what dbt's static parser returns in another order in every process: sources and keys in configs.

    Equal projects then have equal manifests.
    """
    try:
        from dbt.parser import models

        original = models.py_extract_from_source
    except (ImportError, AttributeError):
        return

    def py_extract_from_source(source: str) -> Any:
        found = original(source)
        if not isinstance(found, dict) or not {"sources", "configs"} <= found.keys():
            return found
        configs = [(name, _sorted_keys(value)) for name, value in found["configs"]]
        return dict(found, sources=sorted(found["sources"]), configs=configs)

    models.py_extract_from_source = py_extract_from_source


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_keys(value[key]) for key in sorted(value)}
    return [_sorted_keys(item) for item in value] if isinstance(value, list) else value


def make_cycle_check_linear() -> None:
    """Makes dbt's search for cycles linear.

    dbt starts a depth-first search at each node; one topological test is enough if there is no cycle.
    """
    try:
        import networkx
        from dbt.compilation import Linker

        original = Linker.find_cycles
    except (ImportError, AttributeError):
        return

    def find_cycles(self: Any) -> Any:
        if networkx.is_directed_acyclic_graph(self.graph):
            return None
        return original(self)

    Linker.find_cycles = find_cycles


def silence_relation_cache(argv: list[str]) -> None:
    """Stops dbt from encoding a debug event for each relation it caches: 80 µs each, read by nobody.

    Does nothing if the user asked for these events.
    """
    if "--log-cache-events" in argv or os.environ.get("DBT_LOG_CACHE_EVENTS"):
        return
    try:
        from dbt.adapters import cache

        original = cache.fire_event
        cache.CacheAction  # noqa: B018 - this dbt has the event
    except (ImportError, AttributeError):
        return

    def fire_event(event: Any, *args: Any, **kwargs: Any) -> None:
        if event is not None:
            original(event, *args, **kwargs)

    cache.CacheAction = lambda **fields: None
    cache.fire_event = fire_event


def compare_relations_of_one_name() -> None:
    """Makes dbt's search for a relation compare only those of the same name.

    dbt compares each relation of a schema with the one it looks for, three times per model, 10 µs each.
    A relation of another name matches neither exactly nor approximately, so it is filtered out first,
    unless the adapter has its own comparison.
    """
    try:
        from dbt.adapters.base.impl import BaseAdapter
        from dbt.adapters.base.relation import BaseRelation

        original = BaseAdapter._make_match
        known = (BaseRelation.matches, BaseRelation._is_exactish_match)
    except (ImportError, AttributeError):
        return

    def _make_match(
        self: Any, relations_list: list[Any], database: str, schema: str, identifier: str
    ) -> Any:
        compared = (self.Relation.matches, self.Relation._is_exactish_match)
        if identifier and compared == known:
            name = identifier.lower()
            relations_list = [
                relation
                for relation in relations_list
                if relation.path.identifier is None
                or relation.path.identifier.lower().strip(relation.quote_character)
                == name.strip(relation.quote_character)
            ]
        return original(self, relations_list, database, schema, identifier)

    BaseAdapter._make_match = _make_match


def select_exactly(unique_ids: list[str]) -> None:
    """Replaces dbt's node selection with a fixed set; each task still drops nodes it does not run."""
    from dbt.graph.selector import NodeSelector

    wanted = frozenset(unique_ids)

    def get_selected(self: Any, *args: Any, **kwargs: Any) -> Any:
        members = set(self.full_graph.nodes())
        return self.filter_selection(wanted & members)

    NodeSelector.get_selected = get_selected


def read_only_known_nodes(manifest: Any) -> None:
    """Makes dbt decode only those nodes of a manifest.json to defer to that ``manifest`` has: 3.5 s for 5,000 models.

    A run whose nodes are already chosen takes nothing else from it.
    """
    try:
        from dbt.artifacts.schemas.manifest import WritableManifest

        original = WritableManifest.upgrade_schema_version
    except (ImportError, AttributeError):
        return

    def upgrade_schema_version(cls: Any, data: Any) -> Any:
        reduce_manifest_json(data, manifest)
        return original(data)

    WritableManifest.upgrade_schema_version = classmethod(upgrade_schema_version)


def remember_manifest(watcher: Any) -> None:
    """Gives the watcher the manifest that dbt runs with, whether loaded or parsed."""
    from dbt.task.base import ConfiguredTask

    original = ConfiguredTask.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        watcher.manifest = self.manifest

    ConfiguredTask.__init__ = __init__


def notice_lost_clients() -> None:
    """Makes a PostgreSQL server end the query of a dbt process that was killed, within ``LOST_CLIENT_CHECK``.

    By default the server looks at its client again only when the query is done. Any user may set this for a
    session; servers before PostgreSQL 14 do not have it, and a value of the user's own is kept. One round
    trip for each connection.
    """
    try:
        from dbt.adapters.contracts.connection import LazyHandle

        original = LazyHandle.resolve
    except (ImportError, AttributeError):
        return

    def resolve(self: Any, connection: Any) -> Any:
        opened = original(self, connection)
        if connection.type == "postgres":
            _set_lost_client_check(connection.handle)
        return opened

    LazyHandle.resolve = resolve


def _set_lost_client_check(handle: Any) -> None:
    # Fails if another server speaks PostgreSQL's protocol, or the operating system has no such check.
    with contextlib.suppress(Exception):
        handle.commit()  # dbt sets the `role` of a profile in a transaction
        autocommit, handle.autocommit = handle.autocommit, True
        try:
            handle.cursor().execute(
                "select set_config('client_connection_check_interval', '%s', false)"
                " where current_setting('client_connection_check_interval', true) = '0'"
                % LOST_CLIENT_CHECK
            )
        finally:
            handle.autocommit = autocommit


def catch_invalid_selector(selector: Any) -> list[str]:
    """Collects errors about unknown selection methods, for which dbt logs and selects nothing.

    Returns:
        A list that is filled while ``selector`` runs.
    """
    errors: list[str] = []
    original = selector.get_method

    def get_method(method: Any, arguments: Any) -> Any:
        try:
            return original(method, arguments)
        except Exception as error:
            errors.append("unknown selection method %r: %s" % (str(method), error))
            raise

    selector.get_method = get_method
    return errors


def finish_before_cleanup(finish: Callable[[], None]) -> None:
    """Calls ``finish`` when dbt has run all nodes, before it closes all connections and runs hooks of the run's end."""
    try:
        from dbt.task.runnable import GraphRunnableTask

        execute_nodes = GraphRunnableTask.execute_nodes
    except (ImportError, AttributeError):
        return

    def _execute_nodes(self: Any) -> Any:
        results = execute_nodes(self)
        finish()
        return results

    GraphRunnableTask.execute_nodes = _execute_nodes
