"""The code version of a node: what, when changed, makes a rebuild give something else.

dbt's own checksum covers the text of one file. A model also changes when a macro that it calls, an
ephemeral model that it inlines, its configuration, or a variable changes. All of these are hashed.
Macros of dbt itself and of the adapter are left out, so that upgrading dbt does not mark every asset.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_CONFIG_THAT_DOES_NOT_CHANGE_DATA = frozenset(
    {"meta", "tags", "docs", "group", "access", "persist_docs", "severity", "enabled"}
)
_READS_VARS = re.compile(r"\bvar\s*\(")
READS_GRAPH = re.compile(r"\bgraph\b")


class CodeVersions:
    """Computes code versions over one manifest; macro closures are shared between nodes."""

    def __init__(self, manifest: Mapping[str, Any], *, vars_digest: str) -> None:
        self._nodes: Mapping[str, Any] = manifest["nodes"]
        self._vars_digest = vars_digest
        adapter = manifest.get("metadata", {}).get("adapter_type") or ""
        internal = {"dbt", f"dbt_{adapter}"}
        self._macros: dict[str, tuple[str, list[str]]] = {
            unique_id: (macro.get("macro_sql") or "", macro["depends_on"].get("macros") or [])
            for unique_id, macro in manifest["macros"].items()
            if macro.get("package_name") not in internal
        }
        self._closures: dict[tuple[str, ...], tuple[str, bool, bool]] = {}
        self._versions: dict[str, str | None] = {}

    def graph_reading_macros(self) -> list[str]:
        """Macros outside dbt and its adapter whose text mentions ``graph``, sorted."""
        return sorted(i for i, (sql, _) in self._macros.items() if READS_GRAPH.search(sql))

    def reads_graph(self, entry: Mapping[str, Any]) -> bool:
        """Whether the node's code, one of its hooks, or a macro that it is known to call mentions ``graph``."""
        texts = [entry.get("raw_code") or "", *_hook_texts(entry)]
        return any(map(READS_GRAPH.search, texts)) or self._closure(_macro_ids(entry))[1]

    def version_of(self, unique_id: str) -> str | None:
        """The version of a model, seed or snapshot as 40 hex digits; ``None`` for other nodes."""
        if unique_id in self._versions:
            return self._versions[unique_id]
        entry = self._nodes.get(unique_id)
        if entry is None or entry["resource_type"] not in ("model", "seed", "snapshot"):
            return None
        self._versions[unique_id] = None  # a cycle can't occur in a manifest that dbt accepted
        code = entry.get("raw_code") or entry.get("raw_sql") or ""
        macros_digest, _, macros_read_vars = self._closure(_macro_ids(entry))
        config = {
            key: value
            for key, value in (entry.get("config") or {}).items()
            if key not in _CONFIG_THAT_DOES_NOT_CHANGE_DATA
        }
        digest = hashlib.sha1(usedforsecurity=False)
        digest.update((code or (entry.get("checksum") or {}).get("checksum") or "").encode())
        digest.update(macros_digest.encode())
        digest.update(json.dumps(config, sort_keys=True, default=str).encode())
        digest.update(str(entry.get("relation_name")).encode())
        if macros_read_vars or _READS_VARS.search(code):
            digest.update(self._vars_digest.encode())
        for parent in (entry.get("depends_on") or {}).get("nodes") or []:
            parent_entry = self._nodes.get(parent)
            if (
                parent_entry is not None
                and (parent_entry.get("config") or {}).get("materialized") == "ephemeral"
            ):
                digest.update((self.version_of(parent) or "").encode())
        version = digest.hexdigest()
        self._versions[unique_id] = version
        return version

    def _closure(self, macro_ids: Iterable[str]) -> tuple[str, bool, bool]:
        """Digest of all macros reachable from ``macro_ids``, and whether one reads graph or vars."""
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
            waiting.extend(self._macros[unique_id][1])
        texts = [self._macros[i][0] for i in sorted(seen)]
        digest = hashlib.sha1(usedforsecurity=False)
        for text in texts:
            digest.update(text.encode())
            digest.update(b"\0")
        result = (
            digest.hexdigest() if texts else "",
            any(READS_GRAPH.search(text) for text in texts),
            any(_READS_VARS.search(text) for text in texts),
        )
        self._closures[key] = result
        return result


def _hook_texts(entry: Mapping[str, Any]) -> list[str]:
    config = entry.get("config") or {}
    hooks = [*(config.get("pre-hook") or []), *(config.get("post-hook") or [])]
    return [str(hook.get("sql") if isinstance(hook, dict) else hook) for hook in hooks]


def _macro_ids(entry: Mapping[str, Any]) -> list[str]:
    return (entry.get("depends_on") or {}).get("macros") or []
