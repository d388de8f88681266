"""dbt's graph of a manifest.json alone, for selections without a project.

Needs no dbt_project.yml, profile or adapter, so what depends on them is not available: the
flags of dbt_project.yml, and a previous state to compare with.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from .child_manifest import files_of_project, load_manifest_json


class ManifestSelectors:
    """Takes the place of the project configuration that dbt's tasks have.

    Args:
        selectors: The selectors of a manifest.json, by name.
    """

    def __init__(self, selectors: dict[str, Any]) -> None:
        self._selectors = selectors

    def get_selector(self, name: str) -> Any:
        """The selection of a selector.

        Raises:
            ValueError: The manifest has none of that name.
        """
        from dbt.config.selectors import selector_config_from_data

        if name not in self._selectors:
            raise ValueError(
                "there is no selector %r in the manifest; it has %s"
                % (name, ", ".join(map(repr, sorted(self._selectors))) or "none")
            )
        # All of them, because a definition may refer to others.
        config = selector_config_from_data({"selectors": list(self._selectors.values())})
        return config[name]["definition"]


class ManifestGraph:
    """The attributes of a dbt task that a selection reads.

    Args:
        path: A manifest.json.

    Raises:
        ValueError, OSError: It can't be read.
    """

    def __init__(self, path: str) -> None:
        from dbt.compilation import Linker
        from dbt.flags import set_from_args
        from dbt.graph import Graph

        set_from_args(Namespace(), {})
        self.previous_state = None
        self.manifest = load_manifest_json(path)
        self.config = ManifestSelectors(dict(self.manifest.selectors or {}))
        linker = Linker()
        linker.link_graph(self.manifest)
        self.graph = Graph(linker.graph)

    def imitate_project(self, folder: str) -> None:
        """Creates the project's files, empty, in ``folder`` and changes to it: ``path:`` matches real files."""
        for path in files_of_project(self.manifest):
            file = os.path.join(folder, path)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "w"):
                pass
        os.chdir(folder)
