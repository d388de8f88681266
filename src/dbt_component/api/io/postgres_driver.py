"""The drivers of PostgreSQL, behind one interface: ADBC if it is installed, else psycopg or psycopg2."""

import abc
import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from dbt_component.api.io.arrow_values import pyarrow
from dbt_component.api.io.sql_text import SqlText, in_dollar_style, in_format_style
from dbt_component.errors import RelationLoadError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 20_000
_ADBC = "adbc_driver_postgresql.dbapi"
DRIVERS = (_ADBC, "psycopg", "psycopg2")
"""Modules of drivers, the one to prefer first."""


class PostgresDriver(Protocol):
    """An open connection in a transaction."""

    def run(self, sql: str) -> None:
        """Runs a statement without a result."""

    def fetch(self, text: SqlText) -> list[tuple[Any, ...]]:
        """All rows of a small result."""

    def fetch_table(self, text: SqlText, schema: "pa.Schema") -> "pa.Table":
        """All rows of a result as a table of these columns."""


class _Cursors(abc.ABC):
    """What all drivers do alike, through the cursors that Python's database API describes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def fetch(self, text: SqlText) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(*self._arguments(text))
            return list(cursor.fetchall())

    @abc.abstractmethod
    def fetch_table(self, text: SqlText, schema: "pa.Schema") -> "pa.Table":
        """All rows of a result as a table of these columns."""

    def _arguments(self, text: SqlText) -> tuple[Any, ...]:
        sql, values = self._written(text)
        return (sql, tuple(values)) if values else (sql,)

    @abc.abstractmethod
    def _written(self, text: SqlText) -> tuple[str, Sequence[str]]:
        """The SQL with this driver's placeholders, and their values."""


class _Adbc(_Cursors):
    def fetch_table(self, text: SqlText, schema: "pa.Schema") -> "pa.Table":
        with self._connection.cursor() as cursor:
            cursor.execute(*self._arguments(text))
            return cursor.fetch_arrow_table().cast(schema)

    def _written(self, text: SqlText) -> tuple[str, Sequence[str]]:
        return in_dollar_style(text)


class _Psycopg(_Cursors):
    """psycopg and psycopg2, which have the same cursors."""

    def fetch_table(self, text: SqlText, schema: "pa.Schema") -> "pa.Table":
        pa = pyarrow()
        batches = []
        # A cursor of the server's: only `_ROWS` rows are Python objects at a time.
        with self._connection.cursor(name="dbt_component") as cursor:
            cursor.execute(*self._arguments(text))
            while rows := cursor.fetchmany(_ROWS):
                columns = zip(*rows, strict=True)
                arrays = [
                    pa.array(values, field.type)
                    for values, field in zip(columns, schema, strict=True)
                ]
                batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        return pa.Table.from_batches(batches, schema)

    def _written(self, text: SqlText) -> tuple[str, Sequence[str]]:
        return in_format_style(text)


@contextmanager
def open_postgres(parameters: Mapping[str, str]) -> Iterator[PostgresDriver]:
    """Opens a connection with the first driver that is installed, and closes it.

    Args:
        parameters: Parameters of libpq.

    Raises:
        RelationLoadError: No driver is installed, or the database refused; the message is the driver's.
    """
    name, module = _find_driver()
    dsn = connection_string(parameters)
    try:
        connection = module.connect(dsn)
    except module.Error as error:
        raise RelationLoadError(
            f"PostgreSQL refused the connection of the dbt profile: {str(error).strip()}",
            hint="`dbt debug` in the project shows whether dbt can connect.",
        ) from error
    try:
        yield _Adbc(connection) if name == _ADBC else _Psycopg(connection)
    except module.Error as error:
        raise RelationLoadError(f"PostgreSQL refused the query: {str(error).strip()}") from error
    finally:
        connection.close()


def _find_driver() -> tuple[str, Any]:
    for name in DRIVERS:
        try:
            return name, importlib.import_module(name)
        except ImportError:
            continue
    raise RelationLoadError(
        "No driver of PostgreSQL is installed in this environment.",
        hint="Install one, for example with `pip install 'dbt-component[postgres]'`;"
        " `adbc-driver-postgresql` is the fastest.",
    )


def connection_string(parameters: Mapping[str, str]) -> str:
    """Parameters of libpq in one text.

    See: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
    """
    escaped = {
        name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in parameters.items()
    }
    return " ".join(f"{name}='{value}'" for name, value in escaped.items())
