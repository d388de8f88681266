"""``DbtCliEventMessage``: one event of dbt's JSON log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dbt_component.dbt_process.child.child_statuses import counted_rows
from dbt_component.dbt_process.commands import COMMANDS
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.execution.op_context import Context
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.rendering import Rendering
from dbt_component.manifest.recent import Recent
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.project import DbtProject

_RESULTS = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"})
_FUSION_RESULTS = frozenset({"NodeFinished"})
_NO_VALUE = frozenset({"", "None", None})


@dataclass
class DbtCliEventMessage:
    """One of dbt's events, as a line of its JSON log gives it.

    ``str()`` of it is dbt's message.

    Args:
        raw_event: The event: ``info`` with name, level and message, and ``data``, which depends on the name.
        event_history_metadata: Metadata that earlier events gave about the same node: ``columns`` and
            ``parents``.
        is_fusion: Whether dbt Fusion wrote it, which reports results by other events.

    See: https://docs.getdbt.com/reference/events-logging#structured-logging
    """

    raw_event: dict[str, Any]
    event_history_metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_fusion: bool = field(default=False, repr=False)

    def __str__(self) -> str:
        return str(self.raw_event["info"]["msg"])

    @property
    def event_type(self) -> str:
        """dbt's name of the event, such as ``LogModelResult``."""
        return str(self.raw_event["info"]["name"])

    @property
    def log_level(self) -> str:
        """``debug``, ``info``, ``warn`` or ``error``."""
        return str(self.raw_event["info"]["level"])

    @property
    def has_column_lineage_metadata(self) -> bool:
        """Whether earlier events gave the columns of the node's parents."""
        return "parents" in (self.event_history_metadata or {})

    @property
    def is_result_event(self) -> bool:
        """Whether the event reports the end of a model, seed, snapshot or data test."""
        unique_id = self._node_info.get("unique_id")
        if not unique_id or str(unique_id).startswith("unit_test"):
            return False
        return self.event_type in (_FUSION_RESULTS if self.is_fusion else _RESULTS)

    def to_default_asset_events(
        self,
        manifest: ManifestArgument,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        context: Context | None = None,
        target_path: Path | None = None,
        project: DbtProject | None = None,
    ) -> Iterator[DagsterEvent]:
        """The Dagster events of this event; none unless it is a result that is to be reported.

        A built node gives an Output in a step of dbt definitions, and an AssetMaterialization elsewhere. A test
        gives an AssetCheckResult or AssetCheckEvaluation, or an AssetObservation on each of its parents if it is
        no check. A failed node gives an AssetObservation in a step of dbt definitions, and nothing elsewhere.

        Args:
            manifest: manifest.json as a path or decoded, or the project that it belongs to.
            dagster_dbt_translator: Maps nodes to keys. Default: the default mapping. In a step of dbt
                definitions, their own manifest and translator apply.
            context: The context of the op or asset.
            target_path: The command's target folder, whose log holds what is too long for an event.
            project: The project on disk, for translators that use it.

        Raises:
            DagsterDbtManifestNotFoundError: There is no such file.
            ProjectFileError: It is not a dbt manifest.
        """
        if not self.is_result_event:
            return
        yield from _rendering(manifest, dagster_dbt_translator, context, project).render(
            self._finished,
            COMMANDS["build"],
            log_path=None if target_path is None else Path(target_path) / "dbt.log",
        )

    @property
    def _data(self) -> Mapping[str, Any]:
        return self.raw_event.get("data") or {}

    @property
    def _node_info(self) -> Mapping[str, Any]:
        return self._data.get("node_info") or {}

    @property
    def _finished(self) -> NodeFinished:
        data, node = self._data, self._node_info
        unique_id = str(node["unique_id"])
        resource_type = str(node.get("resource_type") or unique_id.partition(".")[0])
        status = str(node.get("node_status"))
        if status in _NO_VALUE:  # a microbatch model
            status = str(data.get("status") or "")
        status = status.lower()
        started_at, finished_at = node.get("node_started_at"), node.get("node_finished_at")
        return NodeFinished(
            unique_id=unique_id,
            status=status,
            resource_type=resource_type,
            execution_time_seconds=_seconds(started_at, finished_at)
            or float(data.get("execution_time") or 0.0),
            started_at=started_at or None,
            finished_at=finished_at or None,
            failures=counted_rows(resource_type, status, _number(data.get("num_failures"))),
            invocation_id=self.raw_event["info"].get("invocation_id"),
        )


def _rendering(
    manifest: ManifestArgument,
    translator: DagsterDbtTranslator | None,
    context: Context | None,
    project: DbtProject | None,
) -> Rendering:
    """The same rendering for all events of a command: it knows the keys that it has computed."""
    read = prepared_from(manifest).manifest
    key = (id(read), id(translator), id(context), id(project))
    kept = _renderings.find(key)
    if kept is None:
        kept = Rendering(read, translator, context, project)
        _renderings.keep(key, kept)
    return kept


# A kept rendering holds the objects by whose ids it is found.
_renderings: Recent[tuple[int, int, int, int], Rendering] = Recent()


def _seconds(started_at: Any, finished_at: Any) -> float | None:
    if started_at in _NO_VALUE or finished_at in _NO_VALUE:
        return None
    try:
        return (_time(finished_at) - _time(started_at)).total_seconds()
    except (ValueError, TypeError):
        return None


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
