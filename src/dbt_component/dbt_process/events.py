"""The events that the child reports, decoded from lines of JSON into frozen values."""

from typing import Any

import msgspec


class BuiltColumn(msgspec.Struct, frozen=True):
    """A column, as the database describes it after the build."""

    name: str
    type: str


RelationMetadata = dict[str, int | float | str | list[BuiltColumn]]
"""Metadata fetched from the database about a relation just built, by metadata key."""


class ReadRelation(msgspec.Struct, frozen=True):
    """A relation that a query may read. ``columns`` is empty if they could not be read."""

    unique_id: str
    relation_names: list[str]
    columns: list[str]


class BuiltQuery(msgspec.Struct, frozen=True):
    """The query of a node that was built, with the columns of all relations as the database has them."""

    sql: str
    relation_name: str
    columns: list[str]
    tables: list[ReadRelation]


class SourceAge(msgspec.Struct, frozen=True):
    """The age of a source's data, as dbt measured it.

    Times are ISO times in UTC. ``max_loaded_at`` is in the year 1 if there is no row. ``warn_after`` and
    ``error_after`` are texts such as ``12 hours``, ``None`` where there is no limit.
    """

    max_loaded_at: str
    snapshotted_at: str
    age_seconds: float
    warn_after: str | None = None
    error_after: str | None = None
    filter: str | None = None


class NodeStarted(msgspec.Struct, frozen=True, tag_field="kind", tag="node_started"):
    unique_id: str


class NodeFinished(msgspec.Struct, frozen=True, tag_field="kind", tag="node_finished"):
    """The end of one node. ``started_at`` and ``finished_at`` are ISO times in UTC without a zone.

    ``failures`` is the number of rows that a data test returned, ``None`` where none were counted.
    ``relation`` is empty if no metadata was requested.
    """

    unique_id: str
    status: str
    resource_type: str = ""
    message: str | None = None
    execution_time_seconds: float = 0.0
    started_at: str | None = None
    finished_at: str | None = None
    thread: str | None = None
    failures: int | None = None
    adapter_response: dict[str, Any] = {}
    relation: RelationMetadata = {}
    query: BuiltQuery | None = None
    """Only if the lineage of columns was requested."""
    is_described_later: bool = False
    """Whether a ``NodeDescribed`` follows, unless dbt is stopped before."""
    compiled_code: str | None = None
    compiled_path: str | None = None
    """The file of ``compiled_code``."""
    relation_name: str | None = None
    invocation_id: str | None = None
    freshness: SourceAge | None = None
    """Only of a source whose age dbt could measure."""


class NodeDescribed(msgspec.Struct, frozen=True, tag_field="kind", tag="node_described"):
    """What the database says about a node that has ended, for ``relation`` and ``query`` of its ``NodeFinished``."""

    unique_id: str
    relation: RelationMetadata = {}
    query: BuiltQuery | None = None


class LogLine(msgspec.Struct, frozen=True, tag_field="kind", tag="log"):
    """A warning or error from dbt's log."""

    level: str
    name: str
    message: str
    unique_id: str | None = None


class NodeOutcome(msgspec.Struct, frozen=True):
    """A node in dbt's final result, which also lists nodes without an event."""

    unique_id: str | None
    status: str
    resource_type: str = ""
    message: str | None = None
    failures: int | None = None
    execution_time_seconds: float = 0.0
    relation_name: str | None = None
    compiled_code: str | None = None
    compiled_path: str | None = None


class InvocationResult(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """The end of one dbt command. ``error`` is dbt's message if dbt itself failed."""

    success: bool
    error: str | None = None
    error_type: str | None = None
    interrupted: bool = False
    nodes: list[NodeOutcome] = []


class SelectionsResolved(msgspec.Struct, frozen=True, tag_field="kind", tag="selections"):
    count: int


class ConnectionResolved(msgspec.Struct, frozen=True, tag_field="kind", tag="connection"):
    """The connection that a profile describes. It holds secrets, which its ``repr`` does not show.

    ``settings`` are those for a driver of the database; ``None`` if only dbt's adapter can connect.
    """

    adapter: str
    database: str | None = None
    settings: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.adapter!r})"


class RowsWritten(msgspec.Struct, frozen=True, tag_field="kind", tag="rows"):
    count: int


class RequestServed(msgspec.Struct, frozen=True, tag_field="kind", tag="served"):
    """The answer to a further request of a process that stays open is in its file."""

    count: int


class RawEvent(msgspec.Struct, frozen=True, tag_field="kind", tag="raw"):
    """One of dbt's own events, with ``info`` and ``data``, as a line of dbt's JSON log gives it."""

    event: dict[str, Any]


DbtEvent = (
    NodeStarted
    | NodeFinished
    | NodeDescribed
    | LogLine
    | InvocationResult
    | SelectionsResolved
    | ConnectionResolved
    | RowsWritten
    | RequestServed
    | RawEvent
)

_decoder: msgspec.json.Decoder[DbtEvent] = msgspec.json.Decoder(DbtEvent)


def decode_event(line: bytes) -> DbtEvent:
    """Decodes one line. Raises msgspec.DecodeError if it is not an event of this protocol."""
    event: DbtEvent = _decoder.decode(line)
    return event
