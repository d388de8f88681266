"""Reads run_results.json and sources.json into frozen values.

Fields that a dbt version does not write get defaults; fields that are not listed here are ignored.

See: https://docs.getdbt.com/reference/artifacts/dbt-artifacts
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from dbt_component.errors import DagsterDbtError

RUN_RESULTS = "run_results.json"
SOURCES = "sources.json"


class ArtifactMetadata(msgspec.Struct, frozen=True):
    """The origin of an artifact. ``generated_at`` is an ISO time in UTC."""

    dbt_schema_version: str = ""
    dbt_version: str = ""
    generated_at: str = ""
    invocation_id: str | None = None


class Timing(msgspec.Struct, frozen=True):
    """One phase of a node, ``compile`` or ``execute``; ISO times in UTC, ``None`` if it did not happen."""

    name: str
    started_at: str | None = None
    completed_at: str | None = None


class NodeResult(msgspec.Struct, frozen=True):
    """One node in run_results.json.

    ``failures`` is the number of rows a test returned. ``message`` is the database's response or
    dbt's error. Other fields that are ``None`` were null in the file.
    """

    unique_id: str
    status: str
    execution_time: float | None = 0.0
    """In seconds."""
    thread_id: str | None = ""
    message: str | None = None
    failures: int | None = None
    timing: list[Timing] | None = []
    adapter_response: dict[str, Any] | None = {}
    compiled: bool | None = None
    compiled_code: str | None = None
    relation_name: str | None = None


class RunResults(msgspec.Struct, frozen=True):
    """run_results.json: the nodes that one command ran, in the order they ended."""

    results: list[NodeResult]
    metadata: ArtifactMetadata = ArtifactMetadata()
    elapsed_time: float | None = 0.0
    """In seconds."""
    args: dict[str, Any] | None = {}


class FreshnessLimit(msgspec.Struct, frozen=True):
    """An age; ``None`` where the source sets no limit."""

    count: int | None = None
    period: Literal["minute", "hour", "day"] | None = None


class FreshnessCriteria(msgspec.Struct, frozen=True):
    """The ages at which a source warns or fails. ``filter`` is an SQL condition on the rows considered."""

    warn_after: FreshnessLimit | None = None
    error_after: FreshnessLimit | None = None
    filter: str | None = None


class SourceResult(msgspec.Struct, frozen=True):
    """One source in sources.json.

    If the source could not be queried, ``status`` is ``runtime error``, ``error`` is dbt's message, and
    the times are ``None``. Times are ISO, in UTC.
    """

    unique_id: str
    status: str
    max_loaded_at: str | None = None
    snapshotted_at: str | None = None
    max_loaded_at_time_ago_in_s: float | None = None
    criteria: FreshnessCriteria = FreshnessCriteria()
    error: str | None = None
    execution_time: float = 0.0
    """In seconds."""
    thread_id: str = ""
    timing: list[Timing] = []
    adapter_response: dict[str, Any] = {}


class SourceResults(msgspec.Struct, frozen=True):
    """sources.json: the results of one ``dbt source freshness``.

    Sources whose query failed may be missing; dbt then reports them only as events.
    """

    results: list[SourceResult]
    metadata: ArtifactMetadata = ArtifactMetadata()
    elapsed_time: float = 0.0
    """In seconds."""


_Artifact = TypeVar("_Artifact", RunResults, SourceResults)


def read_run_results(path: Path) -> RunResults:
    """Reads a run_results.json.

    Args:
        path: The file, or the target folder that holds it.

    Raises:
        DagsterDbtError: There is no such file, or it can't be understood.
    """
    return _read(path, RUN_RESULTS, RunResults)


def decode_run_results(content: bytes, *, where: str) -> RunResults:
    """Decodes a run_results.json.

    Args:
        content: The content of the file.
        where: Where it comes from, for messages.

    Raises:
        DagsterDbtError: It can't be understood.
    """
    return _decode(content, RUN_RESULTS, RunResults, where)


def read_sources(path: Path) -> SourceResults:
    """Reads a sources.json.

    Args:
        path: The file, or the target folder that holds it.

    Raises:
        DagsterDbtError: There is no such file, or it can't be understood.
    """
    return _read(path, SOURCES, SourceResults)


def _read(path: Path, name: str, kind: type[_Artifact]) -> _Artifact:
    file = path / name if path.is_dir() else path
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise DagsterDbtError(
            f"dbt wrote no {name}.",
            where=str(file),
            hint="The command failed before it ran a node, never writes this file, or was given"
            " `--no-write-json`.",
        ) from error
    except OSError as error:
        raise DagsterDbtError(f"{name} can't be read: {error}.", where=str(file)) from error
    return _decode(content, name, kind, str(file))


def _decode(content: bytes, name: str, kind: type[_Artifact], where: str) -> _Artifact:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DagsterDbtError(
            f"{name} is not in dbt's format: {error}.",
            where=where,
            hint="The file may be truncated, or written by an unsupported dbt version.",
        ) from error
