"""What dbt wrote when it parsed a project: the manifest, and the parse cache."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dbt_component.dbt_process.engine import Engine
from dbt_component.errors import PrepareError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.parse import decode_manifest, parse_manifest
from dbt_component.manifest.timeless import without_times
from dbt_component.project.collector import paused_collector
from dbt_component.project.local_project import LocalProject


@dataclass(frozen=True)
class ParsedFiles:
    """The files that dbt wrote to its target folder, each read once.

    Args:
        target: The folder.
        project: The project that dbt parsed.
        engine: The dbt that parsed it.

    Raises:
        PrepareError: A file is missing.
    """

    target: Path
    project: LocalProject
    engine: Engine

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json, decoded, without times."""
        try:
            data = (self.target / "manifest.json").read_bytes()
        except FileNotFoundError:
            raise PrepareError(
                "dbt wrote no manifest.json to the folder in DBT_TARGET_PATH.",
                where=str(self.project.project_dir),
                hint="A `dbt_executable` that wraps dbt must pass on the DBT_ variables and see the same"
                " folders.",
            ) from None
        with paused_collector():
            return without_times(decode_manifest(data))

    @property
    def index(self) -> ManifestIndex:
        return self._parsed[0]

    @property
    def raw_nodes(self) -> bytes:
        """The raw-node section to which the index refers."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[ManifestIndex, bytes]:
        with paused_collector():
            return parse_manifest(self.manifest, vars_digest=self.project.vars_digest)

    def read_parse_cache(self) -> bytes | None:
        """dbt's parse cache; ``None`` if this dbt does not keep one."""
        try:
            return (self.target / "partial_parse.msgpack").read_bytes()
        except FileNotFoundError:
            if self.engine.command is not None:
                return None
            raise PrepareError(
                "dbt wrote no parse cache.",
                where=str(self.project.project_dir),
                hint="Remove `partial_parse: false` from dbt_project.yml or profiles.yml.",
            ) from None
