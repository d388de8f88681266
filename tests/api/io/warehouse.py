"""A dbt project over a real database, whose relations are loaded as inputs of an asset."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from dbt_component import DbtIOManager, DbtProject
from tests.equivalence.databases import Database

FILES = {
    "dbt_project.yml": "name: wh\nversion: '1.0'\nprofile: wh\n",
    "models/orders.sql": "{{ config(materialized='table', alias='Order Lines', schema='Sales') }}"
    " select 1 as id, 'x' as name",
    "models/hidden.sql": "{{ config(materialized='ephemeral') }} select 1 as id",
    "models/shown.sql": "select 2 as id from {{ ref('hidden') }}"
    " union all select \"Event\" from {{ source('raw', 'events') }}",
    "models/schema.yml": """
models:
  - name: shown
    config: {meta: {dagster: {partition_expr: id}}}
sources:
  - name: raw
    schema: raw
    tables:
      - name: rows
      - name: events
        identifier: Raw Events
        quoting: {identifier: true}
""",
}
ROWS = dg.AssetKey(["raw", "rows"])
EVENTS = dg.AssetKey(["raw", "events"])


@dataclass
class Warehouse:
    """The project in a folder and its database."""

    folder: Path
    database: Database

    def __post_init__(self) -> None:
        self.write_output({})
        for name, text in FILES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.database.run(
            [
                "create schema raw",
                'create table raw."Raw Events" as select 3 as "Event"',
            ]
        )

    def write_output(self, extra: Mapping[str, Any]) -> None:
        """Writes the profile; ``extra`` are settings of its target."""
        output = {**self.database.output(), "threads": 1, **extra}
        self.folder.mkdir(parents=True, exist_ok=True)
        profile = {"wh": {"target": "dev", "outputs": {"dev": output}}}
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profile))

    def dbt(self, command: str) -> None:
        dbt = Path(sys.executable).parent / "dbt"
        done = subprocess.run(
            [dbt, command, "--profiles-dir", "."], cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout

    @property
    def project(self) -> DbtProject:
        return DbtProject(self.folder)

    def create_rows(self, select: str, *more: str) -> None:
        """Replaces the table of the source ``raw.rows``."""
        self.database.run(
            ["drop table if exists raw.rows", *more, f"create table raw.rows as {select}"]
        )

    def load(self, key: dg.AssetKey | str = ROWS, annotation: Any = Any, **options: Any) -> Any:
        """What an asset gets as its argument; see ``load``."""
        options.setdefault("manager", DbtIOManager(project=self.project))
        return load(key, annotation, **options)


def load(
    key: dg.AssetKey | str,
    annotation: Any = Any,
    *,
    manager: dg.ConfigurableIOManager,
    upstream: Iterable[dg.AssetsDefinition | dg.AssetSpec] | None = None,
    columns: Any = None,
    spec_metadata: Mapping[str, Any] | None = None,
    partition_expr: Any = None,
    partitions_def: dg.PartitionsDefinition[Any] | None = None,
    partition_key: str | None = None,
    partition_mapping: dg.PartitionMapping | None = None,
    tags: Mapping[str, str] | None = None,
) -> Any:
    """Runs an asset with the key as its argument, and returns what it was given.

    Args:
        key: The asset to load.
        annotation: The annotation of the argument.
        manager: The IO manager.
        upstream: The assets that are defined. Default: one spec of the key.
        columns: ``columns`` of the input's metadata.
        spec_metadata: Metadata of the default spec.
        partition_expr: ``partition_expr`` of the input's metadata.
        partitions_def: Partitions of the default spec and of the asset that loads it.
        partition_key: The partition of the run.
        partition_mapping: How the partitions of the two assets belong together.
        tags: Tags of the run.
    """
    given: list[Any] = []
    metadata = {"columns": columns, "partition_expr": partition_expr}

    def reader(value: Any) -> None:
        given.append(value)

    reader.__annotations__["value"] = annotation
    asset_in = dg.AssetIn(
        key,
        input_manager_key="wh",
        metadata={name: value for name, value in metadata.items() if value is not None},
        partition_mapping=partition_mapping,
    )
    made = dg.asset(ins={"value": asset_in}, partitions_def=partitions_def)(reader)
    if upstream is None:
        upstream = [dg.AssetSpec(key, metadata=spec_metadata, partitions_def=partitions_def)]
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [*upstream, made],
            selection=[made],
            resources={"wh": manager, "dbt": dg.ResourceDefinition.none_resource()},
            partition_key=partition_key,
            tags=dict(tags or {}),
            instance=instance,
        )
    assert result.success
    return given[0]
