"""The code version of a node: a hash of everything that determines its result, except its parents' data.

dbt's own checksum covers the text of one file. A model's result also depends on the macros it calls, the
ephemeral models it inlines, its configuration, variables, and the environment variables that its code names; all
of these are hashed. Macros of dbt and the adapter are left out, so upgrading dbt does not mark every asset as changed.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_CONFIG_THAT_DOES_NOT_CHANGE_DATA = frozenset(
    {"meta", "tags", "docs", "group", "access", "persist_docs", "severity", "enabled"}
)
_CONFIG_THAT_DOES_NOT_CHANGE_TESTS = frozenset({"meta", "tags", "docs", "group", "description"})
_READS_VARS = re.compile(r"\bvar\s*\(")
_READS_ENV = re.compile(r"""\benv_var\s*\(\s*['"](\w+)['"]""")
_SECRET_PREFIX = "DBT_ENV_SECRET"
_READS_GRAPH = re.compile(r"\bgraph\b")


class Macro(msgspec.Struct, frozen=True, gc=False):
    """The text of a macro and the unique ids of the macros that it calls."""

    sql: str
    macro_ids: list[str]


class NodeCode(msgspec.Struct, frozen=True):
    """The inputs of a model, seed or snapshot, except its parents' data.

    ``checksum`` represents the content of a node without code, such as a seed. ``config`` is complete.
    """

    code: str
    checksum: str
    config: Mapping[str, Any]
    relation_name: str | None
    macro_ids: list[str]
    parent_ids: list[str]


class _Closure(msgspec.Struct, frozen=True, gc=False):
    """All macros reachable from a set: one digest, whether any reads ``graph`` or variables, and the environment
    variables that they name.
    """

    digest: str
    reads_graph: bool
    reads_vars: bool
    env_names: frozenset[str]


class CodeVersions:
    """Computes the code versions of one project; caches macro closures, which nodes share.

    Args:
        nodes: Models, seeds and snapshots by unique id.
        macros: Macros of the project and its packages by unique id, without those of dbt and the adapter.
        vars_digest: Hash of all variables the project was parsed with.
        environ: The environment it was parsed in.
    """

    def __init__(
        self,
        nodes: Mapping[str, NodeCode],
        macros: Mapping[str, Macro],
        *,
        vars_digest: str,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._nodes = nodes
        self._macros = macros
        self._vars_digest = vars_digest
        self._environ = environ
        self._closures: dict[tuple[str, ...], _Closure] = {}
        self._versions: dict[str, str] = {}

    def graph_reading_macros(self) -> list[str]:
        """Unique ids of the macros whose text mentions ``graph``, sorted."""
        return sorted(i for i, macro in self._macros.items() if _READS_GRAPH.search(macro.sql))

    def reads_graph(self, texts: Iterable[str], macro_ids: Iterable[str]) -> bool:
        """Whether one of the texts, or a macro reachable from ``macro_ids``, mentions ``graph``."""
        return any(map(_READS_GRAPH.search, texts)) or self._closure(macro_ids).reads_graph

    def version_of(self, unique_id: str) -> str | None:
        """The version of a model, seed or snapshot as 40 hex digits; ``None`` for other nodes."""
        known = self._versions.get(unique_id)
        if known is not None:
            return known
        node = self._nodes.get(unique_id)
        if node is None:
            return None
        macros = self._closure(node.macro_ids)
        config = {
            key: value
            for key, value in node.config.items()
            if key not in _CONFIG_THAT_DOES_NOT_CHANGE_DATA
        }
        digest = hashlib.sha1(usedforsecurity=False)
        digest.update((node.code or node.checksum).encode())
        digest.update(macros.digest.encode())
        digest.update(json.dumps(config, sort_keys=True, default=str).encode())
        digest.update(str(node.relation_name).encode())
        self._add_surroundings(digest, node.code, macros)
        for parent_id in node.parent_ids:
            parent = self._nodes.get(parent_id)
            if parent is not None and parent.config.get("materialized") == "ephemeral":
                digest.update((self.version_of(parent_id) or "").encode())
        self._versions[unique_id] = digest.hexdigest()
        return self._versions[unique_id]

    def test_version(self, text: str, config: Mapping[str, Any], macro_ids: Iterable[str]) -> str:
        """The version of a test as 40 hex digits: what determines its result, except the data that it reads.

        Args:
            text: Its code and arguments.
            config: Its complete configuration.
            macro_ids: The macros that it calls.
        """
        macros = self._closure(macro_ids)
        kept = {k: v for k, v in config.items() if k not in _CONFIG_THAT_DOES_NOT_CHANGE_TESTS}
        digest = hashlib.sha1(usedforsecurity=False)
        digest.update(text.encode())
        digest.update(macros.digest.encode())
        digest.update(json.dumps(kept, sort_keys=True, default=str).encode())
        self._add_surroundings(digest, text, macros)
        return digest.hexdigest()

    def _add_surroundings(self, digest: "hashlib._Hash", code: str, macros: _Closure) -> None:
        """Adds the variables and environment variables that the code or its macros read."""
        if macros.reads_vars or _READS_VARS.search(code):
            digest.update(self._vars_digest.encode())
        for name in sorted(macros.env_names.union(_READS_ENV.findall(code))):
            if not name.startswith(_SECRET_PREFIX):
                digest.update(f"{name}={self._environ.get(name)!r}".encode())

    def _closure(self, macro_ids: Iterable[str]) -> _Closure:
        key = tuple(sorted(i for i in macro_ids if i in self._macros))
        known = self._closures.get(key)
        if known is not None:
            return known
        seen: set[str] = set()
        waiting = list(key)
        while waiting:
            unique_id = waiting.pop()
            if unique_id in seen or unique_id not in self._macros:
                continue
            seen.add(unique_id)
            waiting.extend(self._macros[unique_id].macro_ids)
        texts = [self._macros[i].sql for i in sorted(seen)]
        digest = hashlib.sha1(usedforsecurity=False)
        for text in texts:
            digest.update(text.encode())
            digest.update(b"\0")
        closure = _Closure(
            digest=digest.hexdigest() if texts else "",
            reads_graph=any(_READS_GRAPH.search(text) for text in texts),
            reads_vars=any(_READS_VARS.search(text) for text in texts),
            env_names=frozenset(name for text in texts for name in _READS_ENV.findall(text)),
        )
        self._closures[key] = closure
        return closure
