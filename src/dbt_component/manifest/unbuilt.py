"""Removes from a manifest.json what depends on the command that wrote it: compiled code, and macros that only ran.

`dbt parse`, `dbt build` of one model and `dbt test` write different files about the same project. A state that is made from
whatever ran last would change with each run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

_OF_BUILDS = frozenset({"compiled", "compiled_code", "extra_ctes", "extra_ctes_injected"})
_PATHS_OF_BUILDS = frozenset({"build_path", "compiled_path"})
_CALL = re.compile(r"(?:\b(\w+)\.)?\b(\w+)\s*\(")
_DISPATCH = re.compile(r"\bdispatch\(\s*['\"](\w+)['\"]")


def without_builds(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest that is the same for every command over the same project.

    Like that of `dbt parse`, it has no compiled code. Its macros are not quite those of `dbt parse`: dbt adds the ones that
    ran while a node was compiled, tested or cloned, such as those of `if execute`, and they can't be told from the others.
    So a node depends on the macros that its own text calls: its code, its hooks and the arguments of a test. A macro is
    looked for as dbt does: in the node's package, in the project, then in dbt's own. A function of SQL with the name of a
    macro counts as a call of it.

    See: https://docs.getdbt.com/reference/artifacts/manifest-json
    """
    calls = _Macros(manifest)
    nodes = {key: _entry(entry, calls) for key, entry in manifest.get("nodes", {}).items()}
    return {**manifest, "nodes": nodes}


def _entry(entry: Mapping[str, Any], calls: "_Macros") -> dict[str, Any]:
    found = {
        name: None if name in _PATHS_OF_BUILDS else value
        for name, value in entry.items()
        if name not in _OF_BUILDS
    }
    depends_on = entry.get("depends_on")
    if isinstance(depends_on, Mapping) and "macros" in depends_on:
        found["depends_on"] = {**depends_on, "macros": sorted(set(calls.of(entry)))}
    return found


class _Macros:
    """The macros of a manifest.

    Args:
        manifest: manifest.json, decoded.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        metadata = manifest.get("metadata") or {}
        adapter = metadata.get("adapter_type") or ""
        self._project = metadata.get("project_name") or ""
        self._own = (f"dbt_{adapter}", "dbt")
        self._prefixes = ("default", adapter)
        self._ids: dict[str, dict[str, str]] = {}
        for unique_id, macro in (manifest.get("macros") or {}).items():
            packages = self._ids.setdefault(macro.get("name", ""), {})
            packages[macro.get("package_name", "")] = unique_id

    def of(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Unique ids of the macros that a node's own text calls."""
        package = entry.get("package_name") or ""
        for text in _texts(entry):
            for qualifier, name in _CALL.findall(text):
                if packages := self._ids.get(name):
                    yield from self._called(packages, [qualifier, package, self._project])
            for name in _DISPATCH.findall(text):
                for prefix in self._prefixes:
                    yield from self._ids.get(f"{prefix}__{name}", {}).values()

    def _called(self, packages: Mapping[str, str], order: Sequence[str]) -> Iterator[str]:
        for package in (*order, *self._own):
            if package in packages:
                yield packages[package]
                return


def _texts(entry: Mapping[str, Any]) -> Iterator[str]:
    yield entry.get("raw_code") or ""
    config = entry.get("config") or {}
    for hook in (*_listed(config.get("pre-hook")), *_listed(config.get("post-hook"))):
        yield str(hook.get("sql") or "") if isinstance(hook, Mapping) else str(hook)
    arguments = (entry.get("test_metadata") or {}).get("kwargs")
    if arguments:
        yield msgspec.json.encode(arguments).decode()


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
