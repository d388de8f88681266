"""Writes a module's asset and check specs as plain data, for the floor. Runs in our environment.

Usage: ``export_specs.py MODULE OUTPUT``
"""

import importlib
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

_COMPONENT_KEY = "dagster/component_origin"
"""The metadata key under which Dagster keeps the component object, in memory."""


def _asset_fields(spec: dg.AssetSpec) -> dict[str, Any]:
    return {
        "key": list(spec.key.path),
        "deps": [list(dep.asset_key.path) for dep in spec.deps],
        "description": spec.description,
        "metadata": _plain(spec.metadata),
        "skippable": spec.skippable,
        "group_name": spec.group_name,
        "code_version": spec.code_version,
        "owners": list(spec.owners),
        "tags": {k: v for k, v in spec.tags.items() if not k.startswith("dagster/kind/")},
        "kinds": set(spec.kinds),
    }


def _check_fields(spec: dg.AssetCheckSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "asset": list(spec.asset_key.path),
        "description": spec.description,
        "blocking": spec.blocking,
        "metadata": _plain(spec.metadata),
    }


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name != _COMPONENT_KEY}


def main() -> None:
    module_name, output = sys.argv[1:3]
    found = importlib.import_module(module_name).defs
    definitions = found if isinstance(found, dg.Definitions) else found()
    (assets_def,) = set(definitions.get_repository_def().assets_defs_by_key.values())
    exported = {
        "assets": [_asset_fields(spec) for spec in assets_def.specs],
        "checks": [_check_fields(spec) for spec in assets_def.check_specs],
    }
    with Path(output).open("wb") as file:
        pickle.dump(exported, file)


if __name__ == "__main__":
    main()
