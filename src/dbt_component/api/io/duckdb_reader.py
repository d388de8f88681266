"""Reads a relation of DuckDB through its own driver, read-only."""

import os
import time
from typing import TYPE_CHECKING, Any

import msgspec

from dbt_component.api.io.arrow_values import pyarrow, with_instants_in_utc
from dbt_component.api.io.chosen_columns import choose_columns
from dbt_component.api.io.frame_kind import import_library
from dbt_component.api.io.partition_sql import ExpressionKind, bound_condition
from dbt_component.api.io.relation_query import RelationQuery
from dbt_component.api.io.sql_text import SqlText, in_dollar_style, quoted_name
from dbt_component.errors import RelationLoadError

if TYPE_CHECKING:
    import pyarrow as pa

_FINITE = frozenset(("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"))
_AS_TEXT = frozenset(("INTERVAL", "BIT", "TIME WITH TIME ZONE"))
_KINDS = {
    "TIMESTAMP WITH TIME ZONE": ExpressionKind.INSTANT,
    "TIMESTAMP": ExpressionKind.LOCAL_TIME,
    "DATE": ExpressionKind.LOCAL_TIME,
    "VARCHAR": ExpressionKind.TEXT,
}
_IN_MEMORY = ":memory:"


class DuckdbSettings(msgspec.Struct, frozen=True):
    """What to open, and the statements that follow. Not shown: they may hold secrets.

    ``extensions`` are names, each with the repository that it comes from or ``None``. ``folder`` is the one that
    dbt runs in, and ``attempts`` how often dbt tries to open a file that is locked.
    """

    path: str
    is_read_only: bool
    config: dict[str, Any]
    extensions: list[tuple[str, str | None]]
    statements: list[str]
    settings: dict[str, str]
    folder: str
    attempts: int

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"


def read_duckdb(settings: DuckdbSettings, query: RelationQuery) -> "pa.Table":
    """Reads a relation. Types are those of DuckDB's own Arrow output; intervals and bits are text.

    Raises:
        RelationLoadError: The file is missing or locked, DuckDB refused the query, or a column does not exist.
    """
    duckdb = import_library("duckdb", extra="duckdb")
    pyarrow()
    connection = _open(duckdb, settings)
    try:
        _prepare(connection, settings)
        columns = choose_columns(
            {
                name: (name, type_)
                for name, type_ in _described(connection, f"select * from {query.relation}")
            },
            query,
        )
        text: SqlText = (
            f"select {', '.join(_sql_of(*column) for column in columns)} from {query.relation}",
        )
        if query.partitions is not None:
            kinds = _kinds_in(connection, query)
            text = (*text, " where ", *bound_condition(query.partitions, kinds.__getitem__))
        sql, values = in_dollar_style(text)
        return with_instants_in_utc(connection.sql(sql, params=values).to_arrow_table())
    except duckdb.Error as error:
        in_memory = settings.path.startswith(_IN_MEMORY)
        raise RelationLoadError(
            f"DuckDB refused the query: {error}",
            hint="The profile's database is in memory, so it ended with dbt's process. Give the profile a"
            " `path` to a file."
            if in_memory
            else None,
        ) from error
    finally:
        connection.close()


def _open(duckdb: Any, settings: DuckdbSettings) -> Any:
    if settings.is_read_only and "://" not in settings.path and not os.path.exists(settings.path):
        raise RelationLoadError(
            "The profile's database does not exist.",
            where=settings.path,
            hint="Let dbt build it first, or correct `path` in profiles.yml.",
        )
    attempt = 0
    while True:
        try:
            return duckdb.connect(
                settings.path, read_only=settings.is_read_only, config=settings.config
            )
        except duckdb.Error as error:
            attempt += 1
            if attempt < settings.attempts and isinstance(error, duckdb.IOException):
                time.sleep(2 ** (attempt - 1))
                continue
            raise _cant_open(settings, error) from error


def _cant_open(settings: DuckdbSettings, error: Exception) -> RelationLoadError:
    if "lock" in str(error).lower():
        return RelationLoadError(
            f"Another process has the profile's database open for writing: {error}",
            where=settings.path,
            hint="DuckDB allows one writer and no reader beside it. Load the input in a step that does not run"
            " at the same time as dbt, close the other program, or set `retries` in the profile.",
        )
    if "different configuration" in str(error):
        return RelationLoadError(
            f"This process has the profile's database open already, with other settings: {error}",
            where=settings.path,
            hint="Close that connection before the input is loaded.",
        )
    return RelationLoadError(
        f"DuckDB can't open the profile's database: {error}", where=settings.path
    )


def _prepare(connection: Any, settings: DuckdbSettings) -> None:
    for name, repository in settings.extensions:
        if repository is None:
            connection.install_extension(name)
        else:
            connection.execute(f"install {name} from {repository}")
        connection.load_extension(name)
    for statement in settings.statements:
        connection.execute(statement)
    # A view may read files at paths relative to the folder that dbt runs in.
    folder = settings.folder.replace("'", "''")
    connection.execute(f"set file_search_path = '{folder}'")
    for name, value in settings.settings.items():
        connection.execute(f"set {name} = '{value.replace(chr(39), chr(39) * 2)}'")


def _described(connection: Any, sql: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {sql}").fetchall()]


def _kinds_in(connection: Any, query: RelationQuery) -> dict[str, ExpressionKind]:
    conditions = [condition for all_ in query.partitions or () for condition in all_]
    found = {}
    for expression in {condition.expression for condition in conditions}:
        ((_, type_),) = _described(connection, f"select ({expression}) from {query.relation}")
        found[expression] = _KINDS.get(type_, ExpressionKind.OTHER)
    return found


def _sql_of(name: str, type_: str) -> str:
    quoted = quoted_name(name)
    if type_ in _AS_TEXT:
        return f"cast({quoted} as varchar) as {quoted}"
    if type_ in _FINITE:
        return f"case when isfinite({quoted}) then {quoted} end as {quoted}"
    return quoted
