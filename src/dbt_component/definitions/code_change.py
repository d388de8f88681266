"""A condition that compares an asset's code version with that of its last materialization.

Dagster's ``code_version_changed()`` compares with the version at the sensor's previous tick instead: it misses a
change that was deployed before the sensor ran or while its cursor was reset.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import msgspec

from dbt_component._dagster import (
    CODE_VERSION_TAG,
    AutomationContext,
    EntitySubset,
)

_PAGE = 500
"""The number of partitions or events that one query names."""
_WHOLE = ""
"""Stands for an asset without partitions in a cursor's lists of partition keys."""


class _Cursor(msgspec.Struct, frozen=True):
    """The result of a tick, as the next one needs it.

    Args:
        version: The code version.
        handled: The outdated partitions that were requested since the asset has this code version.
        last_event: Storage id of the last materialization; the next two are known only for partitioned assets.
        examined: The partitions whose code versions were fetched from the event log.
        outdated: Those of them whose last materialization has another code version.
    """

    version: str
    handled: list[str] = []
    last_event: int | None = None
    examined: list[str] = []
    outdated: list[str] = []


@dataclass(frozen=True)
class DbtCodeChanged(dg.AutomationCondition[dg.AssetKey]):
    """True for what was last materialized with another code version, until a run of it is requested.

    After a request it is false until the code version changes again, even if the run fails. A materialization
    without a code version, such as one that was reported from elsewhere, counts as up to date.

    The last materializations of all assets without partitions come from one query, which Dagster's evaluation has
    made before. A partitioned asset costs two queries, only if it was materialized or changed since the last tick.

    Args:
        or_missing: Whether it is also true for what was never materialized.
    """

    or_missing: bool = False

    @property
    def name(self) -> str:
        return "missing_or_code_changed" if self.or_missing else "code_changed"

    @property
    def description(self) -> str:
        never = "never materialized, or " if self.or_missing else ""
        return f"{never}last materialized with another code version"

    async def evaluate(  # type: ignore[override] # Dagster awaits coroutines
        self, context: AutomationContext[dg.AssetKey]
    ) -> dg.AutomationResult[dg.AssetKey]:
        """Evaluates the condition for the context's asset."""
        version = context.asset_graph.get(context.key).code_version
        if version is None:
            return dg.AutomationResult(context, context.get_empty_subset())
        previous = msgspec.json.decode(context.cursor, type=_Cursor) if context.cursor else None
        if previous is not None and previous.version != version:
            previous = None
        # From the query that Dagster's evaluation began with.
        queryer = context.asset_graph_view.get_inner_queryer_for_back_compat()
        record = queryer.get_asset_record(context.key)
        entry = record.asset_entry if record is not None else None
        if context.partitions_def is None:
            event = entry.last_materialization if entry is not None else None
            materialization = event.asset_materialization if event is not None else None
            tags = (materialization.tags or {}) if materialization is not None else {}
            cursor = _Cursor(version)
            outdated = {_WHOLE} if tags.get(CODE_VERSION_TAG, version) != version else set()
            if materialization is None and self.or_missing:
                outdated = {_WHOLE}
        else:
            last = entry.last_materialization_storage_id if entry is not None else None
            cursor = _examine(context, version, last, previous)
            outdated = set(cursor.outdated)
            if self.or_missing:
                missing = await context.asset_graph_view.compute_missing_subset(
                    key=context.key, from_subset=context.candidate_subset
                )
                outdated |= missing.expensively_compute_partition_keys()
        handled: set[str] = set()
        if previous is not None:
            requested = context.get_previous_requested_subset(context.key)
            handled = (set(previous.handled) | _partitions_of(requested)) & outdated
        return dg.AutomationResult(
            context,
            _subset(context, outdated - handled),
            cursor=msgspec.json.encode(
                msgspec.structs.replace(cursor, handled=sorted(handled))
            ).decode(),
        )


def _examine(
    context: AutomationContext[dg.AssetKey],
    version: str,
    last_event: int | None,
    previous: _Cursor | None,
) -> _Cursor:
    """The code versions of the candidates' partitions, from the event log only if they may have changed."""
    wanted = sorted(context.candidate_subset.expensively_compute_partition_keys())
    if previous is not None and (previous.last_event, previous.examined) == (last_event, wanted):
        return previous
    instance = context.asset_graph_view.instance
    latest: dict[str, int] = {}
    if last_event is not None and wanted:
        latest = dict(
            instance.event_log_storage.get_latest_storage_id_by_partition(
                context.key,
                dg.DagsterEventType.ASSET_MATERIALIZATION,
                partitions=set(wanted) if len(wanted) <= _PAGE else None,
            )
        )
    known = set(previous.examined) if previous is not None else set()
    since = (previous.last_event or 0) if previous is not None else 0
    changed = {
        partition: latest[partition]
        for partition in wanted
        if partition in latest and (partition not in known or latest[partition] > since)
    }
    versions = _fetch_versions(instance, context.key, sorted(changed.values()))
    outdated = set(previous.outdated) & set(wanted) if previous is not None else set()
    outdated -= changed.keys()
    outdated |= {name for name, event in changed.items() if versions.get(event, version) != version}
    return _Cursor(version, last_event=last_event, examined=wanted, outdated=sorted(outdated))


def _fetch_versions(
    instance: dg.DagsterInstance, key: dg.AssetKey, storage_ids: Sequence[int]
) -> dict[int, str]:
    """The code versions of materializations by storage id; those without one are left out."""
    found: dict[int, str] = {}
    for start in range(0, len(storage_ids), _PAGE):
        page = storage_ids[start : start + _PAGE]
        asked = dg.AssetRecordsFilter(asset_key=key, storage_ids=page)
        for record in instance.fetch_materializations(asked, limit=len(page)).records:
            materialization = record.asset_materialization
            tags = (materialization.tags or {}) if materialization is not None else {}
            if CODE_VERSION_TAG in tags:
                found[record.storage_id] = tags[CODE_VERSION_TAG]
    return found


def _partitions_of(subset: EntitySubset[Any] | None) -> set[str]:
    if subset is None or subset.is_empty:
        return set()
    if not subset.is_partitioned:
        return {_WHOLE}
    return set(subset.expensively_compute_partition_keys())


def _subset(
    context: AutomationContext[dg.AssetKey], partitions: Iterable[str]
) -> EntitySubset[dg.AssetKey]:
    chosen = set(partitions)
    if not chosen:
        return context.get_empty_subset()
    if context.partitions_def is None:
        return context.candidate_subset
    return context.candidate_subset.compute_intersection_with_partition_keys(chosen)
