"""The only place that imports Dagster names outside its public API."""

import multiprocessing
import time
import warnings
from collections.abc import Mapping, Set
from functools import cached_property, partial
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any

import dagster as dg
from dagster import AutomationContext
from dagster._check import CheckError
from dagster._config.field_utils import IntEnvVar
from dagster._core.asset_graph_view.entity_subset import EntitySubset
from dagster._core.definitions.assets.definition.asset_spec import AssetExecutionType
from dagster._core.definitions.assets.definition.assets_definition import (
    stringify_asset_key_to_input_name,
)
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_TAG_PREFIX,
    INPUT_EVENT_POINTER_TAG_PREFIX,
    NULL_EVENT_POINTER,
)
from dagster._core.definitions.declarative_automation.operators import DepsAutomationCondition
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.metadata.source_code import (
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    UrlCodeReference,
)
from dagster._core.definitions.node_definition import NodeDefinition
from dagster._core.definitions.sensor_definition import wrap_sensor_evaluation
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.definitions.utils import check_valid_name
from dagster._core.errors import DagsterInvalidPropertyError
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.execution.context.system import StepExecutionContext
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._core.executor.child_process_executor import _execute_command_in_child_process
from dagster._core.storage.defs_state.base import DefsStateStorage, set_defs_state_storage
from dagster._core.storage.tags import RETRY_STRATEGY_TAG
from dagster._core.utils import is_valid_email
from dagster._utils.env import using_dagster_dev
from dagster._utils.schedules import is_valid_cron_schedule
from dagster.components.core.component_tree import ComponentTreeException
from dagster.components.core.component_tree_state import DuplicateDefsStateKeyWarning
from dagster.components.resolved.base import derive_model_type
from dagster.components.resolved.core_models import (
    MultiRunBackfillPolicyModel,
    SingleRunBackfillPolicyModel,
    resolve_backfill_policy,
    resolve_partitions_def,
)
from dagster.components.resolved.errors import ResolutionException
from dagster.components.resolved.scopes import DeprecatedScope, WrappedObjectScope
from dagster.components.utils.defs_state import DefsStateConfig, DefsStateConfigArgs
from dagster.components.utils.translation import ComponentTranslator
from dagster_shared.serdes.objects.models.defs_state_info import (
    LOCAL_STATE_VERSION,
    DefsStateManagementType,
)

__all__ = [
    "CODE_VERSION_TAG",
    "CheckError",
    "DATA_VERSION_IS_USER_PROVIDED_TAG",
    "DATA_VERSION_TAG",
    "INPUT_DATA_VERSION_TAG_PREFIX",
    "INPUT_EVENT_POINTER_TAG_PREFIX",
    "NULL_EVENT_POINTER",
    "outputs_of_other_steps",
    "DagsterInvalidPropertyError",
    "LOCAL_STATE_VERSION",
    "RETRY_STRATEGY_TAG",
    "AssetGraph",
    "AutomationContext",
    "BaseAssetGraph",
    "ComponentTranslator",
    "ComponentTreeException",
    "DefinitionsLoadContext",
    "DefinitionsLoadType",
    "DefsStateConfig",
    "DefsStateConfigArgs",
    "DefsStateManagementType",
    "DefsStateStorage",
    "DepsAutomationCondition",
    "DuplicateDefsStateKeyWarning",
    "EntitySubset",
    "IntEnvVar",
    "MultiRunBackfillPolicyModel",
    "NodeDefinition",
    "ProjectAssetsDefinition",
    "ProjectAutomationSensor",
    "ProjectCheckResult",
    "ProjectChecksDefinition",
    "ReexecutionStrategy",
    "ResolutionException",
    "SingleRunBackfillPolicyModel",
    "UnresolvedAssetJobDefinition",
    "claim_slot",
    "as_observation",
    "code_references",
    "delete_slots",
    "free_slot",
    "assets_around_input",
    "data_version_tags",
    "find_run_worker",
    "forget_input_version",
    "check_valid_name",
    "is_valid_email",
    "is_valid_cron_schedule",
    "derive_model_type",
    "remember_output_keys",
    "resolve_backfill_policy",
    "resolve_partitions_def",
    "scope_attributes",
    "sensor_timeout_seconds",
    "steps_of_job",
    "stringify_asset_key_to_input_name",
    "set_defs_state_storage",
    "url_reference",
    "using_dagster_dev",
]


_CODE_REFERENCES = "dagster/code_references"
_SECONDS_UNTIL_CLAIMED = 0.1


class ProjectCheckResult(dg.AssetCheckResult):
    """A check result that names its asset and check, so Dagster need not search for them.

    Dagster's own class sorts all checks of the op for every result: 5 ms each at 10,000 checks.
    """

    def to_asset_check_evaluation(
        self, step_context: StepExecutionContext
    ) -> dg.AssetCheckEvaluation:
        """Returns the evaluation that Dagster records; see ``dagster.AssetCheckResult``."""
        assets_def = step_context.assets_def
        assert assets_def is not None and self.asset_key is not None and self.check_name is not None
        key = dg.AssetCheckKey(self.asset_key, self.check_name)
        spec = assets_def.get_spec_for_check_key(key)
        is_partitioned = step_context.has_partition_key and spec.partitions_def is not None
        return dg.AssetCheckEvaluation(
            check_name=key.name,
            asset_key=key.asset_key,
            passed=self.passed,
            metadata=self.metadata,
            target_materialization_data=self._get_target_materialization_data(step_context, key),
            severity=self.severity,
            description=self.description,
            blocking=spec.blocking,
            partition=step_context.partition_key if is_partitioned else None,
        )


def remember_output_keys(context: dg.AssetExecutionContext) -> None:
    """Makes a step compute the keys of its output assets only once.

    Dagster goes through all outputs again for each one: 20 ms for each of 5,000.
    """
    step_context = context.op_execution_context.get_step_execution_context()
    keys = step_context.get_output_asset_keys()
    step_context.get_output_asset_keys = lambda: keys  # type: ignore[method-assign]


def log_engine_event(
    context: dg.OpExecutionContext, message: str, metadata: Mapping[str, Any]
) -> None:
    """Adds an event of the step with metadata to the run's log; Dagster has none of its own that is about no asset."""
    DagsterEvent.engine_event(
        context.get_step_execution_context(), message, EngineEventData(metadata)
    )


def data_version_tags(version: str) -> dict[str, str]:
    """The tags of an observation that states the asset's data version, as Dagster writes them for its own."""
    return {DATA_VERSION_TAG: version, DATA_VERSION_IS_USER_PROVIDED_TAG: "true"}


def forget_input_version(context: dg.OpExecutionContext, key: dg.AssetKey) -> None:
    """Makes a step read the data version of an asset again that it depends on: it was observed during the step.

    Otherwise what the step builds from now on would seem to come from the version before.
    """
    context.get_step_execution_context().wipe_input_asset_version_info(key)


def as_observation(assets: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The definition with an op that observes its assets instead of making them.

    ``dagster.multi_observable_source_asset`` takes neither a pool, tags, config nor checks of other assets.
    """
    attributes = {**assets.get_attributes_dict(), "execution_type": AssetExecutionType.OBSERVATION}
    return dg.AssetsDefinition.dagster_internal_init(**attributes)


def step_key_of(context: dg.OpExecutionContext) -> str:
    """The key of the step that runs, by which the run's events name it."""
    return context.get_step_execution_context().step.key


def claim_slot(instance: dg.DagsterInstance, pool: str, *, run_id: str, step_key: str) -> bool:
    """Claims the only slot of a pool, and makes the pool if need be. Returns whether the step has it.

    Always true with a storage that knows no pools. A claim that succeeds takes 0.1 s longer than the queries.
    """
    from sqlalchemy.exc import IntegrityError

    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return True
    if pool not in storage.get_concurrency_keys():
        try:
            storage.set_concurrency_slots(pool, 1)
        except IntegrityError:  # in SQLite, if another process makes the pool at the same moment
            return False
    if storage.claim_concurrency_slot(pool, run_id, step_key).is_claimed:
        # In SQLite, two processes may take the slot at the same moment; the last one has it.
        time.sleep(_SECONDS_UNTIL_CLAIMED)
        holders = storage.get_concurrency_info(pool).claimed_slots
        return any((slot.run_id, slot.step_key) == (run_id, step_key) for slot in holders)
    # The run that has the slot may have died; Dagster's daemon frees it minutes later, or not at all.
    for claimed in storage.get_concurrency_info(pool).claimed_slots:
        run = instance.get_run_by_id(claimed.run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slot_for_step(claimed.run_id, claimed.step_key)
    return False


def free_slot(instance: dg.DagsterInstance, *, run_id: str, step_key: str) -> None:
    """Frees the slots of a step."""
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.free_concurrency_slot_for_step(run_id, step_key)


def delete_slots(instance: dg.DagsterInstance, pool: str) -> None:
    """Deletes a pool."""
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.delete_concurrency_limit(pool)


def outputs_of_other_steps(context: dg.OpExecutionContext) -> frozenset[str]:
    """The outputs of the step that runs that other steps of the run wait for: without them Dagster skips those."""
    step_context = context.get_step_execution_context()
    return frozenset(
        handle.output_name
        for step in step_context.execution_plan.step_dict.values()
        for step_input in getattr(step, "step_inputs", ())
        for handle in step_input.get_step_output_handle_dependencies()
        if handle.step_key == step_context.step.key and step.key != step_context.step.key
    )


def find_run_worker() -> BaseProcess | None:
    """The process that runs the run, if Dagster's multiprocess executor started this one for a step of it.

    ``None`` in any other process, also one that was started through ``multiprocessing``: a code server starts
    run workers that way, and they are meant to outlive it.
    """
    target = getattr(multiprocessing.current_process(), "_target", None)
    if target is not _execute_command_in_child_process:
        return None
    return multiprocessing.parent_process()


def steps_of_job(context: dg.OpExecutionContext) -> list[dg.AssetsDefinition]:
    """The assets of each step of the job that runs; ``context.assets_def`` is one of them."""
    return [data.assets_def for data in context.job_def.asset_layer.data]


def assets_around_input(context: dg.InputContext) -> list[dg.AssetsDefinition]:
    """The assets of the code location that a run knows, those that define the asset of the input first.

    A run that was started from a job in memory knows those of its own steps only. Empty for a context that
    ``dagster.build_input_context`` made.
    """
    try:
        step = context.step_context
    except dg.DagsterInvariantViolationError:
        return []
    repository = step.job.get_repository_definition()
    graph = step.job_def.asset_layer.asset_graph if repository is None else repository.asset_graph
    key = context.asset_key
    return sorted(graph.assets_defs, key=lambda assets: key not in assets.keys)


class ProjectAutomationSensor(dg.AutomationConditionSensorDefinition):
    """A sensor that evaluates conditions in the code server, for any number of assets.

    Dagster's own refuses more than 500.
    """

    def __init__(self, name: str, **arguments: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=dg.BetaWarning)
            super().__init__(name, **arguments)
        self.evaluate_any_number()

    def evaluate_any_number(self) -> None:
        """Replaces Dagster's evaluation."""
        self._raw_fn = partial(_evaluate_conditions, self)
        self._evaluation_fn = wrap_sensor_evaluation(self.name, self._raw_fn)

    def with_attributes(self, **attributes: Any) -> "ProjectAutomationSensor":
        """Called by Dagster to create a modified copy, which is also of this class."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=dg.BetaWarning)
            changed = super().with_attributes(**attributes)
        changed.__class__ = ProjectAutomationSensor
        assert isinstance(changed, ProjectAutomationSensor)
        changed.evaluate_any_number()
        return changed


def _evaluate_conditions(
    sensor: ProjectAutomationSensor, context: dg.SensorEvaluationContext
) -> dg.SensorResult:
    # These take half a second to import, and only a tick needs them.
    from dagster._core.definitions.automation_tick_evaluation_context import (
        AutomationTickEvaluationContext,
    )
    from dagster._daemon.asset_daemon import (
        asset_daemon_cursor_from_instigator_serialized_cursor,
        asset_daemon_cursor_to_instigator_serialized_cursor,
    )

    assert context.repository_def is not None
    asset_graph = context.repository_def.asset_graph
    cursor = asset_daemon_cursor_from_instigator_serialized_cursor(context.cursor, asset_graph)
    tick = AutomationTickEvaluationContext(
        evaluation_id=cursor.evaluation_id,
        instance=context.instance,
        asset_graph=asset_graph,
        cursor=cursor,
        materialize_run_tags=sensor.run_tags,
        observe_run_tags={},
        auto_observe_asset_keys=set(),
        asset_selection=sensor.asset_selection,
        emit_backfills=sensor.emit_backfills,
        default_condition=sensor.default_condition,
        logger=context.log,
    )
    run_requests, new_cursor, evaluations = tick.evaluate()
    return dg.SensorResult(
        run_requests=run_requests,
        cursor=asset_daemon_cursor_to_instigator_serialized_cursor(new_cursor),
        automation_condition_evaluations=evaluations,
    )


class ProjectAssetsDefinition(dg.AssetsDefinition):
    """An AssetsDefinition that caches the mappings of its inputs, outputs and checks.

    Dagster reads these mappings once for each dependency that no asset of the same definition
    provides (for dbt: each source), and rebuilds them on every access. That is quadratic: half the
    load time of a project with 5,000 models and 1,500 sources. An AssetsDefinition never changes
    after it is created, so the mappings can be cached.
    """

    @classmethod
    def from_multi_asset(cls, multi_asset: dg.AssetsDefinition) -> "ProjectAssetsDefinition":
        """Turns the definition into this class in place; a copy would cost as much as creating it."""
        multi_asset.__class__ = cls
        assert isinstance(multi_asset, cls)
        return multi_asset

    @staticmethod
    def dagster_internal_init(**attributes: Any) -> "ProjectAssetsDefinition":
        """Called by Dagster to create a modified copy, which is also of this class."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=dg.PreviewWarning)
            warnings.simplefilter("ignore", category=dg.BetaWarning)
            return ProjectAssetsDefinition(**attributes)

    @cached_property
    def input_names_by_node_key(self) -> Mapping[dg.AssetKey, str]:
        return super().input_names_by_node_key

    @cached_property
    def asset_and_check_keys(self) -> Set[dg.AssetKey | dg.AssetCheckKey]:
        return frozenset(super().asset_and_check_keys)

    @cached_property
    def keys_by_output_name(self) -> Mapping[str, dg.AssetKey]:
        return super().keys_by_output_name

    @cached_property
    def check_specs_by_output_name(self) -> Mapping[str, dg.AssetCheckSpec]:
        return super().check_specs_by_output_name


class ProjectChecksDefinition(ProjectAssetsDefinition, dg.AssetChecksDefinition):
    """An op of checks alone.

    Modified copies stay of this class. Dagster makes plain AssetsDefinitions, and then another AssetChecksDefinition
    of the whole op for each of its checks.
    """

    @staticmethod
    def dagster_internal_init(**attributes: Any) -> "ProjectChecksDefinition":
        """Called by Dagster to create a modified copy, which is also of this class."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=dg.PreviewWarning)
            warnings.simplefilter("ignore", category=dg.BetaWarning)
            return ProjectChecksDefinition(**attributes)


def scope_attributes(value: Any) -> Any:
    """A name in a template's scope as a class, module or namespace whose attributes can be listed."""
    if isinstance(value, DeprecatedScope):
        value = vars(value)["_value"]
    if isinstance(value, WrappedObjectScope):
        names = vars(value)["_accessible_attributes"]
        wrapped = vars(value)["_wrapped_object"]
        return SimpleNamespace(**{n: getattr(wrapped, n) for n in names if hasattr(wrapped, n)})
    return SimpleNamespace(**value) if isinstance(value, dict) else value


def url_reference(metadata: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    """Code-reference metadata: the references already in ``metadata``, then one to a web page."""
    return _with_reference(metadata, UrlCodeReference.model_construct(url=url, label=None))


def code_references(metadata: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Code-reference metadata: the references already in ``metadata``, then one to a local file."""
    reference = LocalFileCodeReference.model_construct(file_path=path, line_number=None, label=None)
    return _with_reference(metadata, reference)


def _with_reference(
    metadata: Mapping[str, Any], reference: LocalFileCodeReference | UrlCodeReference
) -> Mapping[str, Any]:
    # Constructed without validation: there is one for each asset, and the values are known to be text.
    existing = metadata.get(_CODE_REFERENCES)
    before = (
        list(existing.code_references) if isinstance(existing, CodeReferencesMetadataValue) else []
    )
    return {
        _CODE_REFERENCES: CodeReferencesMetadataValue.model_construct(
            code_references=[*before, reference]
        )
    }


def sensor_timeout_seconds() -> int:
    """How long Dagster waits for a tick of a sensor."""
    # With gRPC it takes long to import; a process that evaluates sensors has it already.
    from dagster._grpc.utils import default_sensor_grpc_timeout

    return default_sensor_grpc_timeout()
