"""Small changes to dbt in this process; each looks first whether this dbt has what it changes."""

import gc
import json
import os


def collect_seldom():
    """Parsing makes millions of objects that stay, and next to no cycles: Python's collector, which walks
    through all of them again and again, takes half of the time of a large project.
    """
    gc.set_threshold(100_000, 50, 100)


class _JsonAtOnce:
    """The ``json`` module, except that ``dump`` encodes in C before it writes: the same text, in a tenth
    of the time.
    """

    def dump(self, value, file, **options):
        file.write(json.dumps(value, **options))

    def __getattr__(self, name):
        return getattr(json, name)


def write_json_at_once():
    """dbt encodes manifest.json piece by piece in Python: 1.2 s for 1,000 models with two tests each."""
    try:
        from dbt_common.clients import system
    except ImportError:
        return
    if getattr(system, "json", None) is json:
        system.json = _JsonAtOnce()


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


def compare_relations_of_one_name():
    """dbt compares each relation of a schema with the one it looks for, 10 µs each, three times a model.

    One of another name can match neither exactly nor nearly, so it is left out beforehand, unless the
    adapter has a comparison of its own.
    """
    try:
        from dbt.adapters.base.impl import BaseAdapter
        from dbt.adapters.base.relation import BaseRelation

        original = BaseAdapter._make_match
        known = (BaseRelation.matches, BaseRelation._is_exactish_match)
    except (ImportError, AttributeError):
        return

    def _make_match(self, relations_list, database, schema, identifier):
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


def select_exactly(unique_ids):
    """Replaces dbt's node choice by a fixed set; each task still drops what it does not run."""
    from dbt.graph.selector import NodeSelector

    wanted = frozenset(unique_ids)

    def get_selected(self, *args, **kwargs):
        members = set(self.full_graph.nodes())
        return self.filter_selection(wanted & members)

    NodeSelector.get_selected = get_selected


def remember_manifest(watcher):
    """Lets the watcher see the manifest that dbt runs with, whichever way it came to be."""
    from dbt.task.base import ConfiguredTask

    original = ConfiguredTask.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        watcher.manifest = self.manifest

    ConfiguredTask.__init__ = __init__


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
