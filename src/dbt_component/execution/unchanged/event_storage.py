"""Questions about many assets or checks at once that Dagster's own methods answer one at a time.

In an SQL event log each takes one query for a few thousand keys; other storages are asked key by key.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from dbt_component._dagster_storage import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecordStatus,
    AssetCheckExecutionsTable,
    AssetKeyTable,
    EventLogStorage,
    SqlEventLogStorage,
    SqlEventLogStorageTable,
    db_fetch_mappings,
    db_select,
    db_subquery,
    deserialize_value,
    sql_function,
)
from dbt_component.execution.event_tags import TEST_VERSION, TESTED
from dbt_component.execution.unchanged.known_facts import CheckResult

CHUNK = 2_000
"""Keys in one query; SQLite allows 32,766 parameters."""
_TEST_VERSION = re.compile(rf'"{TEST_VERSION}".{{1,120}}?"([0-9a-f]{{40}})"')
_TESTED = re.compile(rf'"{TESTED}".{{1,120}}?"([0-9a-f-]*) ([0-9.]+)"')
_COMPLETED = [status.value for status in COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES]


def latest_check_results(
    storage: EventLogStorage, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, CheckResult]:
    """The last completed execution of each check. Those that a run has planned, such as the one that asks, do not count."""
    if not isinstance(storage, SqlEventLogStorage):
        return _check_by_check(storage, keys)
    # Dagster reads a key in 50 µs, so those in rows are looked up.
    wanted: dict[tuple[str, str], dg.AssetCheckKey] = {}
    texts: dict[dg.AssetKey, str] = {}
    for key in keys:
        text = texts.get(key.asset_key) or key.asset_key.to_string()
        texts[key.asset_key] = text
        wanted[text, key.name] = key
    found: dict[dg.AssetCheckKey, CheckResult] = {}
    table = AssetCheckExecutionsTable.c
    for chunk in chunks(sorted(texts.values())):
        newest = db_subquery(
            db_select([sql_function.max(table.id).label("id")])
            .where(table.asset_key.in_(chunk), table.execution_status.in_(_COMPLETED))
            .group_by(table.asset_key, table.check_name)
        )
        names = (
            "asset_key",
            "check_name",
            "run_id",
            "execution_status",
            "evaluation_event",
            "evaluation_event_timestamp",
        )
        query = db_select([table[name] for name in names]).where(
            table.id.in_(db_select([newest.c.id]))
        )
        with storage.index_connection() as connection:
            rows = db_fetch_mappings(connection, query)
        for row in rows:
            check = wanted.get((row["asset_key"], row["check_name"]))
            if check is not None:
                found[check] = _check_result(
                    row["execution_status"],
                    row["evaluation_event"],
                    row["evaluation_event_timestamp"],
                    row["run_id"],
                )
    return found


def last_materializations(storage: EventLogStorage, keys: Sequence[str]) -> dict[str, str]:
    """The last materialization of assets that have one, as the text of the event, by the text of the key.

    Assets that were ever wiped are left out, and so are all in a storage without SQL: ask Dagster for these.
    """
    if not isinstance(storage, SqlEventLogStorage):
        return {}
    table = AssetKeyTable.c
    found: dict[str, str] = {}
    for chunk in chunks(keys):
        query = db_select([table.asset_key, table.last_materialization]).where(
            table.asset_key.in_(chunk),
            table.last_materialization.is_not(None),
            table.asset_details.is_(None),
        )
        with storage.index_connection() as connection:
            rows = db_fetch_mappings(connection, query)
        found.update((row["asset_key"], row["last_materialization"]) for row in rows)
    return found


def latest_observations(
    storage: EventLogStorage, keys: Sequence[dg.AssetKey]
) -> dict[dg.AssetKey, dg.EventLogEntry]:
    """The last observation of each asset that has one."""
    if not isinstance(storage, SqlEventLogStorage):
        entries = {
            key: next(iter(storage.fetch_observations(key, limit=1).records), None) for key in keys
        }
        return {k: record.event_log_entry for k, record in entries.items() if record is not None}
    found: dict[dg.AssetKey, dg.EventLogEntry] = {}
    table = SqlEventLogStorageTable.c
    wanted = {key.to_string(): key for key in keys}
    for chunk in chunks(list(wanted)):
        newest = db_subquery(
            db_select([sql_function.max(table.id).label("id")])
            .where(
                table.asset_key.in_(chunk),
                table.dagster_event_type == dg.DagsterEventType.ASSET_OBSERVATION.value,
            )
            .group_by(table.asset_key)
        )
        query = db_select([table.asset_key, table.event]).where(
            table.id.in_(db_select([newest.c.id]))
        )
        with storage.index_connection() as connection:
            rows = db_fetch_mappings(connection, query)
        for row in rows:
            found[wanted[row["asset_key"]]] = deserialize_value(row["event"], dg.EventLogEntry)
    return found


def chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The keys in portions that fit into one query."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _check_by_check(
    storage: EventLogStorage, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, CheckResult]:
    found: dict[dg.AssetCheckKey, CheckResult] = {}
    for key in keys:
        records = storage.get_asset_check_execution_history(
            key, limit=1, status=set(COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES)
        )
        for record in records:
            evaluation = record.evaluation
            if evaluation is not None and record.event is not None:
                version = evaluation.metadata.get(TEST_VERSION)
                tested = evaluation.metadata.get(TESTED)
                run_id, _, tested_at = str(tested.value).partition(" ") if tested else ("", "", "")
                found[key] = CheckResult(
                    passed=evaluation.passed,
                    blocks=_blocks(evaluation),
                    ended_at=record.event.timestamp,
                    run_id=run_id or record.run_id,
                    code_version=None if version is None else str(version.value),
                    tested_at=float(tested_at) if tested_at else None,
                )
    return found


def _check_result(status: str, event: str, ended_at: datetime, run_id: str) -> CheckResult:
    """A row of the table. The event of a check that passed is not decoded: a project has thousands of them."""
    passed = status == AssetCheckExecutionRecordStatus.SUCCEEDED.value
    version, tested = _TEST_VERSION.search(event or ""), _TESTED.search(event or "")
    if ended_at.tzinfo is None:
        ended_at = ended_at.replace(tzinfo=timezone.utc)
    return CheckResult(
        passed=passed,
        blocks=not passed and _event_blocks(event),
        ended_at=ended_at.timestamp(),
        run_id=tested[1] if tested else run_id,
        code_version=version[1] if version else None,
        tested_at=float(tested[2]) if tested else None,
    )


def _event_blocks(event: str) -> bool:
    dagster_event = deserialize_value(event, dg.EventLogEntry).dagster_event
    return dagster_event is None or _blocks(dagster_event.asset_check_evaluation_data)


def _blocks(evaluation: Any) -> bool:
    return (
        not evaluation.passed
        and evaluation.blocking is not False
        and evaluation.severity == dg.AssetCheckSeverity.ERROR
    )
