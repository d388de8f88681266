"""A materialization in the event log as the build that it stands for."""

from collections.abc import Mapping

import dagster as dg
import msgspec

from dbt_component._dagster import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_TAG_PREFIX,
    INPUT_EVENT_POINTER_TAG_PREFIX,
    NULL_EVENT_POINTER,
)
from dbt_component.execution.event_tags import (
    BUILT_AT,
    BUILT_ID,
    BUILT_RUN,
    MOVED_AT,
    MOVED_ID,
    SETTINGS,
    UNCHANGED,
)
from dbt_component.execution.unchanged.known_facts import Build, InputRead


def build_of(record: dg.EventLogRecord) -> Build:
    """The build that a materialization records or repeats."""
    entry = record.event_log_entry
    materialization = entry.asset_materialization
    tags = (materialization.tags if materialization is not None else None) or {}
    return _build(record.storage_id, entry.run_id, entry.timestamp, tags)


def read_build(text: str) -> Build | None:
    """The build that a materialization records or repeats, from its text in the event log.

    Reads only what a build needs, since a project has thousands of events.

    Returns:
        ``None`` if the text has another form than that of Dagster's current events.
    """
    try:
        record = msgspec.json.decode(text, type=_Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    entry = record.event_log_entry
    tags = entry.dagster_event.event_specific_data.materialization.tags
    return _build(record.storage_id, entry.run_id, entry.timestamp, tags or {})


class _Materialization(msgspec.Struct, tag_field="__class__", tag="AssetMaterialization"):
    tags: dict[str, str] | None


class _Data(msgspec.Struct, tag_field="__class__", tag="StepMaterializationData"):
    materialization: _Materialization


class _Event(msgspec.Struct, tag_field="__class__", tag="DagsterEvent"):
    event_specific_data: _Data


class _Entry(msgspec.Struct, tag_field="__class__", tag="EventLogEntry"):
    run_id: str
    timestamp: float
    dagster_event: _Event


class _Record(msgspec.Struct, tag_field="__class__", tag="EventLogRecord"):
    storage_id: int
    event_log_entry: _Entry


def _build(event_id: int, run_id: str, timestamp: float, tags: Mapping[str, str]) -> Build:
    is_repeated = UNCHANGED in tags
    return Build(
        event_id=event_id,
        built_id=int(tags.get(BUILT_ID, event_id)),
        moved_id=int(tags.get(MOVED_ID, event_id)),
        run_id=tags.get(BUILT_RUN, run_id),
        built_at=float(tags.get(BUILT_AT, timestamp)),
        moved_at=float(tags.get(MOVED_AT, timestamp)),
        code_version=tags.get(CODE_VERSION_TAG),
        data_version=tags.get(DATA_VERSION_TAG, ""),
        has_own_version=DATA_VERSION_IS_USER_PROVIDED_TAG in tags and not is_repeated,
        inputs=_inputs(tags),
        settings=tags.get(SETTINGS),
    )


def tags_of_repeated(build: Build) -> dict[str, str]:
    """The tags of a materialization that repeats a build, as its data is the same."""
    return {
        **tags_of_view(build),
        MOVED_ID: str(build.moved_id),
        MOVED_AT: repr(build.moved_at),
    }


def tags_of_view(build: Build) -> dict[str, str]:
    """The tags of a materialization of a view that was left out and shows new data."""
    tags = {
        UNCHANGED: str(build.event_id),
        BUILT_ID: str(build.built_id),
        BUILT_RUN: build.run_id,
        BUILT_AT: repr(build.built_at),
    }
    return tags if build.settings is None else {**tags, SETTINGS: build.settings}


def _inputs(tags: Mapping[str, str]) -> dict[str, InputRead]:
    versions = _by_key(tags, INPUT_DATA_VERSION_TAG_PREFIX)
    pointers = _by_key(tags, INPUT_EVENT_POINTER_TAG_PREFIX)
    return {
        key: InputRead(version, 0 if pointer == NULL_EVENT_POINTER else int(pointer))
        for key, version in versions.items()
        if (pointer := pointers.get(key)) is not None
    }


def _by_key(tags: Mapping[str, str], prefix: str) -> dict[str, str]:
    start = len(prefix) + 1
    return {tag[start:]: value for tag, value in tags.items() if tag.startswith(f"{prefix}/")}
