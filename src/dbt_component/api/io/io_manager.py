"""``DbtIOManager``: loads dbt relations as arguments of Python assets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import ConfigDict, Field

from dbt_component.api.io.frame_kind import FrameName, frame_kind
from dbt_component.api.io.input_node import InputNode, find_input_node, metadata_of_asset
from dbt_component.api.io.input_partitions import PARTITION_EXPR, partitions_of
from dbt_component.api.io.relation_query import RelationQuery
from dbt_component.api.io.relation_reader import read_relation
from dbt_component.errors import ProjectError, RelationLoadError
from dbt_component.project.manifest_argument import prepared_from
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject


class DbtIOManager(dg.ConfigurableIOManager):
    """Loads the relation of a dbt model, seed, snapshot or source, and never writes.

    The relation is the one in the project's manifest: database, schema, alias or identifier, and quoting. The
    connection is that of the project's profile, which dbt resolves. The annotation of the argument decides what it
    is loaded as: ``pandas.DataFrame``, ``polars.DataFrame``, ``polars.LazyFrame`` or ``pyarrow.Table``.

    Metadata of the input (``AssetIn(metadata=…)``), or else of the asset, or ``meta.dagster`` in dbt:

    - ``columns``: names of the columns to load, in this order (of the input only);
    - ``partition_expr``: the SQL expression that the partitions of the asset are about; a mapping by dimension if
      there are several. Only the partitions that the run needs are then loaded.

    Without arguments, it uses the project that the dbt definitions of the code location were made from.

    Args:
        project: A DbtProject, for the connection, and for its manifest if the code location has no dbt
            definitions with the node.
        manifest: manifest.json as a path or decoded; it takes precedence over that of the dbt definitions.
        project_dir: Folder of dbt_project.yml, instead of ``project``.
        profiles_dir: Folder of profiles.yml.
        profile: Profile to use.
        target: Target of the profile. Relations stay those of the manifest.
        default_frame: What to load an argument without annotation as.
    """

    model_config = ConfigDict(extra="forbid")

    project: dg.ResourceDependency[Any] = None  # type: ignore[assignment]
    manifest: dg.ResourceDependency[Any] = None  # type: ignore[assignment]
    project_dir: str | None = Field(default=None, description="Folder of dbt_project.yml.")
    profiles_dir: str | None = Field(
        default=None, description="Folder of profiles.yml. Default: as for dbt itself."
    )
    profile: str | None = Field(default=None, description="Profile of profiles.yml to use.")
    target: str | None = Field(default=None, description="Target of the profile.")
    default_frame: FrameName = Field(
        default="pandas", description="What to load an argument without annotation as."
    )

    def load_input(self, context: dg.InputContext) -> Any:
        """Loads the relation behind an input.

        Cost: one dbt process for each profile and Dagster process (one to two seconds), then the query.

        Raises:
            RelationLoadError: There is no such relation, it can't be read, or the annotation is no frame.
        """
        annotation = context.dagster_type.typing_type
        kind = frame_kind(annotation, self.default_frame)
        found = find_input_node(
            context,
            manifest=None if self.manifest is None else prepared_from(self.manifest),
            project=self._given_project,
        )
        query = _query_of(context, found)
        project = self._connection_project(found.prepared)
        adapter = found.prepared.manifest.index.adapter_type
        table = read_relation(project, query, adapter=adapter)
        context.log.info(
            "Loaded %d rows and %d columns of %s as %s",
            table.num_rows,
            table.num_columns,
            query.relation,
            kind.type_name,
        )
        return kind.make(table)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Does nothing for an output without a value: dbt has written the relation itself.

        Raises:
            RelationLoadError: There is a value.
        """
        if obj is None:
            return
        what = context.asset_key.to_user_string() if context.has_asset_key else context.name
        raise RelationLoadError(
            f"{what!r} returns a {type(obj).__name__}, and DbtIOManager only reads.",
            hint="Give the asset another IO manager with `io_manager_key`, or let it write the value itself and"
            " return nothing.",
        )

    def _given_project(self) -> DbtProject | None:
        if self.project is not None and not isinstance(self.project, DbtProject):
            raise RelationLoadError(
                f"`project` of DbtIOManager is a {type(self.project).__name__}.",
                hint="Pass a DbtProject, or the folder as `project_dir`.",
            )
        return self.project or (DbtProject(Path(self.project_dir)) if self.project_dir else None)

    def _connection_project(self, prepared: PreparedProject) -> DbtProject:
        """The project whose profile is used."""
        try:
            project = self._given_project() or prepared.open()
        except ProjectError as error:
            raise RelationLoadError(
                error.message, hint="Pass it to the IO manager: `DbtIOManager(project=…)`."
            ) from error
        given: dict[str, Any] = {
            "profiles_dir": None if self.profiles_dir is None else Path(self.profiles_dir),
            "profile": self.profile,
            "target": self.target,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        return replace(project, **changes) if changes else project


def _query_of(context: dg.InputContext, found: InputNode) -> RelationQuery:
    own = context.definition_metadata or {}
    expression = next(
        (
            metadata[PARTITION_EXPR]
            for metadata in (own, metadata_of_asset(context), found.node.dagster_meta)
            if metadata.get(PARTITION_EXPR) is not None
        ),
        None,
    )
    if expression is None and context.has_asset_partitions:
        context.log.warning(
            "All of %s is loaded, whatever the partition: neither the input nor the asset nor `meta.dagster` in dbt"
            " has a %r.",
            found.relation,
            PARTITION_EXPR,
        )
    return RelationQuery(
        found.relation,
        columns=_columns_in(own),
        partitions=partitions_of(context, expression),
    )


def _columns_in(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    columns = metadata.get("columns")
    if columns is None:
        return ()
    is_list = isinstance(columns, (list, tuple))
    if not is_list or not columns or not all(isinstance(name, str) for name in columns):
        raise RelationLoadError(
            f"The metadata 'columns' is {columns!r}.",
            hint="Write a list with the names of the columns to load.",
        )
    return tuple(dict.fromkeys(columns))
