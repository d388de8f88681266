"""Reads a relation of PostgreSQL through its own driver."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dbt_component.api.io.arrow_values import decimals_from_text, pyarrow, with_instants_in_utc
from dbt_component.api.io.chosen_columns import choose_columns
from dbt_component.api.io.partition_sql import ExpressionKind, bound_condition
from dbt_component.api.io.postgres_driver import PostgresDriver, open_postgres
from dbt_component.api.io.relation_query import RelationQuery
from dbt_component.api.io.sql_text import BoundText, quoted_name

if TYPE_CHECKING:
    import pyarrow as pa

# A domain is read as the type that it restricts.
_COLUMNS = (
    "select a.attname, case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod)"
    " else pg_catalog.format_type(a.atttypid, a.atttypmod) end"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid"
    " where a.attrelid = cast("
)
_NUMERIC = re.compile(r"numeric(?:\((\d+),(-?\d+)\))?")
_LENGTH = re.compile(r"\(\d+\)")
_KINDS = {
    "timestamp with time zone": ExpressionKind.INSTANT,
    "timestamp without time zone": ExpressionKind.LOCAL_TIME,
    "date": ExpressionKind.LOCAL_TIME,
    "text": ExpressionKind.TEXT,
    "character varying": ExpressionKind.TEXT,
}
_FINITE = frozenset(("date", "timestamp without time zone", "timestamp with time zone"))


class PostgresSettings(msgspec.Struct, frozen=True):
    """Parameters of libpq, and the role that dbt takes on. Not shown: they hold the password."""

    parameters: dict[str, str]
    role: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@dataclass(frozen=True)
class _Column:
    name: str
    type: str

    @property
    def sql(self) -> str:
        """The column as one of the types that every driver fetches exactly, or as text."""
        name = quoted_name(self.name)
        if self.type in _FINITE:
            return f"case when isfinite({name}) then {name} end as {name}"
        if self.type in ("character varying[]", "text[]"):
            return f"{name}::text[] as {name}"
        return name if self.type in _arrow_types() else f"{name}::text as {name}"

    @property
    def field(self) -> "pa.Field":
        pa = pyarrow()
        return pa.field(self.name, _arrow_types().get(self.type, pa.string()))


def read_postgres(settings: PostgresSettings, query: RelationQuery) -> "pa.Table":
    """Reads a relation, in a transaction that can't write.

    Numbers, texts, booleans, bytes, dates, times, timestamps and lists of them become the Arrow types of the
    same meaning; ``numeric`` becomes decimals. Every other type is text as PostgreSQL writes it. Infinite dates
    are null.

    Raises:
        RelationLoadError: The database refused, or a column does not exist.
    """
    with open_postgres(settings.parameters) as driver:
        driver.run("set transaction read only")
        if settings.role:
            driver.run(f"set role {settings.role}")
        columns = choose_columns(_columns_of(driver, query.relation), query)
        sql = f"select {', '.join(column.sql for column in columns)} from {query.relation}"
        condition: tuple[Any, ...] = ()
        if query.partitions is not None:
            kinds = _kinds_in(driver, query)
            condition = (" where ", *bound_condition(query.partitions, kinds.__getitem__))
        schema = pyarrow().schema([column.field for column in columns])
        table = driver.fetch_table((sql, *condition), schema)
    for number, column in enumerate(columns):
        if declared := _NUMERIC.fullmatch(column.type):
            digits = [None if text is None else int(text) for text in declared.groups()]
            values = decimals_from_text(table.column(number), *digits)
            table = table.set_column(number, column.name, values)
    return with_instants_in_utc(table)


def _columns_of(driver: PostgresDriver, relation: str) -> dict[str, _Column]:
    rows = driver.fetch(
        (
            _COLUMNS,
            BoundText(relation),
            " as pg_catalog.regclass) and a.attnum > 0 and not a.attisdropped order by a.attnum",
        )
    )
    return {name: _Column(name, _LENGTH.sub("", type_)) for name, type_ in rows}


def _kinds_in(driver: PostgresDriver, query: RelationQuery) -> dict[str, ExpressionKind]:
    conditions = [condition for all_ in query.partitions or () for condition in all_]
    found = {}
    for expression in {condition.expression for condition in conditions}:
        ((type_,),) = driver.fetch(
            (
                f"select pg_catalog.pg_typeof((select ({expression}) from {query.relation} limit 1))::text",
            )
        )
        found[expression] = _KINDS.get(type_, ExpressionKind.OTHER)
    return found


def _arrow_types() -> dict[str, Any]:
    pa = pyarrow()
    plain = {
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "double precision": pa.float64(),
        "boolean": pa.bool_(),
        "text": pa.string(),
    }
    lists = {f"{name}[]": pa.list_(type_) for name, type_ in plain.items()}
    return {
        **plain,
        **lists,
        "character varying[]": pa.list_(pa.string()),
        "bytea": pa.binary(),
        "date": pa.date32(),
        "time without time zone": pa.time64("us"),
        "timestamp without time zone": pa.timestamp("us"),
        "timestamp with time zone": pa.timestamp("us", "UTC"),
    }
