"""dbt's graph of a manifest.json alone, for selections without a project.

Needs no dbt_project.yml, profile or adapter, so what depends on them is not available: YAML selectors,
the flags of dbt_project.yml, and a previous state to compare with.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from .child_manifest import files_of_project, load_manifest_json


class ProjectlessConfig:
    """Takes the place of the project configuration that dbt's tasks have."""

    def get_selector(self, name: str) -> Any:
        """Raises ValueError: selectors.yml is part of the project."""
        raise ValueError(
            "the selector %r is defined in the project's selectors.yml, which a manifest.json does not"
            " contain; use `select` and `exclude`" % name
        )


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
        self.config = ProjectlessConfig()
        self.previous_state = None
        self.manifest = load_manifest_json(path)
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
