"""A PostgreSQL of the stand-in's own, for its command line."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.dbt_platform.connection import PostgresConnection
from tests.equivalence.databases import PostgresDatabase


@contextmanager
def embedded_postgres() -> Iterator[PostgresConnection]:
    """Runs PostgreSQL in a temporary folder, and yields the connection to an empty database."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        database = PostgresDatabase(Path(folder))
        try:
            yield create_database(database, "platform")
        finally:
            database.close()


def create_database(server: PostgresDatabase, name: str) -> PostgresConnection:
    """Creates an empty database of this name, replacing one that exists."""
    with server.connect() as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
    output = server.output()
    return PostgresConnection(
        output["host"], output["port"], output["user"], output["password"], name
    )
