"""Runs a query through dbt's adapter and writes its rows to a file."""

from __future__ import annotations

import datetime
import decimal
import pickle
import uuid
from typing import Any

from .child_cursor import fetch
from .child_pipe import EventPipe
from .child_profile import invoke_with_profile, load_profile_of

_PLAIN_TYPES = frozenset(
    (
        type(None),
        bool,
        int,
        float,
        str,
        bytes,
        decimal.Decimal,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    )
)


def run_query(pipe: EventPipe, request: dict[str, Any]) -> None:
    """Selects from a relation, and writes the names of the columns and then lists of rows, pickled.

    Values are of Python's own types, because the reader may be another Python.
    """

    def run(task: Any) -> None:
        adapter = connect(task)
        names = [quoted(adapter, name) for name in request["columns"]]
        query = "select %s from %s" % (", ".join(names) or "*", request["relation"])
        if request["where"]:
            query += " where " + request["where"]
        count = 0
        with adapter.connection_named("load_relation"), open(request["output"], "wb") as file:
            columns, chunks = fetch(adapter, query)
            pickle.dump(columns, file, protocol=4)
            for rows in chunks:
                pickle.dump([[plain(value) for value in row] for row in rows], file, protocol=4)
                count += len(rows)
        pipe.emit("rows", count=count)

    invoke_with_profile(pipe, request["argv"], run)


def connect(task: Any) -> Any:
    """dbt's adapter for the project of a task."""
    from dbt.adapters.factory import get_adapter, register_adapter
    from dbt.config.runtime import RuntimeConfig, load_project
    from dbt.mp_context import get_mp_context

    profile = load_profile_of(task)
    project = load_project(
        str(task.project_dir), version_check=False, profile=profile, cli_vars=task.cli_vars
    )
    config = RuntimeConfig.from_parts(project, profile, task.args)
    register_adapter(config, get_mp_context())
    return get_adapter(config)


def quoted(adapter: Any, name: str) -> str:
    """A column's name; quoted only if it is no plain word, since quotes may make case matter."""
    is_word = name.isascii() and name.isidentifier()
    return name if is_word else str(adapter.quote(name.replace('"', '""')))


def plain(value: Any) -> Any:
    """A value as one of Python's own types; anything else as text. Times with a zone are in UTC."""
    kind = type(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc)
        if kind is datetime.datetime:
            return value
        return datetime.datetime.combine(
            datetime.date(value.year, value.month, value.day),
            datetime.time(value.hour, value.minute, value.second, value.microsecond),
            value.tzinfo,
        )
    if kind in _PLAIN_TYPES:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (memoryview, bytearray)):
        return bytes(value)
    return str(value)
