"""Reads a relation through the connection of a project's profile."""

from typing import TYPE_CHECKING

import msgspec

from dbt_component.api.io.arrow_values import inferred_column, pyarrow
from dbt_component.api.io.duckdb_reader import DuckdbSettings, read_duckdb
from dbt_component.api.io.partition_sql import literal_condition
from dbt_component.api.io.postgres_reader import PostgresSettings, read_postgres
from dbt_component.api.io.relation_query import RelationQuery
from dbt_component.errors import RelationLoadError
from dbt_component.project.adapter_rows import select_through_adapter
from dbt_component.project.profile_connection import resolve_connection
from dbt_component.project.project import DbtProject

if TYPE_CHECKING:
    import pyarrow as pa


def read_relation(project: DbtProject, query: RelationQuery, *, adapter: str) -> "pa.Table":
    """Reads a relation: PostgreSQL and DuckDB through their own drivers, any other through dbt's adapter.

    Args:
        project: The project whose profile and target name the database.
        query: What to load.
        adapter: The adapter that the project's manifest was made with.

    Raises:
        RelationLoadError: The profile, its database or the relation can't be used.
    """
    connection = resolve_connection(project)
    if connection.adapter != adapter:
        raise RelationLoadError(
            f"The profile's target is of type {connection.adapter!r}, and the manifest was made for {adapter!r}.",
            where=project.absolute_dir,
            hint="Set `profile` and `target` as they were when the manifest was made.",
        )
    if connection.settings is not None and adapter == "postgres":
        return read_postgres(msgspec.convert(connection.settings, PostgresSettings), query)
    if connection.settings is not None and adapter == "duckdb":
        return read_duckdb(msgspec.convert(connection.settings, DuckdbSettings), query)
    return read_through_adapter(project, query)


def read_through_adapter(project: DbtProject, query: RelationQuery) -> "pa.Table":
    """Reads a relation through dbt's adapter, in a dbt process. Types are inferred from the values.

    Raises:
        RelationLoadError: dbt or the database refused, or a partition key can't be a literal.
    """
    rows = select_through_adapter(
        project,
        query.relation,
        columns=query.columns,
        where="" if query.partitions is None else literal_condition(query.partitions),
    )
    arrays = [inferred_column(column) for column in rows.columns]
    return pyarrow().Table.from_arrays(arrays, names=rows.names)
