"""The keys that ``op:`` and each of ``ops:`` in defs.yaml share."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dagster as dg
from pydantic import ConfigDict, Field

from dbt_component._dagster import (
    MultiRunBackfillPolicyModel,
    SingleRunBackfillPolicyModel,
    resolve_backfill_policy,
)
from dbt_component.component.yaml.partition_mapping import PartitionMapping, partition_mappings
from dbt_component.component.yaml.partitions import Partitions
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.definitions.automation_condition import parse_automation_condition
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.errors import DefinitionError
from dbt_component.execution.microbatch import refuse_other_partitions
from dbt_component.selection.criteria import SelectionCriteria


class OpFields(StrictResolvable):
    """Settings of one op that runs dbt."""

    tags: Annotated[
        dict[str, Any] | None,
        dg.Resolver.default(
            description="Tags of the op, for example for concurrency limits.",
            examples=[{"dagster/concurrency_key": "warehouse"}],
        ),
    ] = None
    description: Annotated[
        str | None, dg.Resolver.default(description="Shown in Dagster's UI.")
    ] = None
    pool: Annotated[
        str | None,
        dg.Resolver.default(description="Pool that limits how many such ops run at once."),
    ] = None
    threads: Annotated[
        int | None,
        dg.Resolver.default(
            description="How many nodes dbt runs at once in this op. Default: `threads` of the profile."
        ),
    ] = None
    partitions_def: Annotated[
        Partitions | None,
        dg.Resolver.default(
            description="Partitions of the op's assets that have none by `translation`.",
            examples=[{"type": "daily", "start_date": "2024-01-01", "end_offset": 1}],
        ),
    ] = None
    partition_mappings: Annotated[
        Sequence[PartitionMapping],
        dg.Resolver.default(
            description="How the partitions of the op's assets relate to those of upstream nodes. Default: by time, or the"
            " same key.",
            examples=[[{"upstream": "stg_orders", "type": "time_window", "start_offset": -1}]],
        ),
    ] = ()
    backfill_policy: Annotated[
        dg.BackfillPolicy | None,
        dg.Resolver(
            resolve_backfill_policy,
            model_field_type=SingleRunBackfillPolicyModel | MultiRunBackfillPolicyModel,
            description="Division of a backfill over several partitions into runs.",
            examples=[{"type": "single_run"}, {"type": "multi_run", "max_partitions_per_run": 7}],
        ),
    ] = None
    vars: Annotated[
        Mapping[str, Any],
        dg.Resolver(
            lambda context, value: value,
            model_field_type=dict[str, Any],
            inject_before_resolve=False,
            description="dbt variables of the op's runs, rendered at run time with the names of `cli_args` in scope. A"
            " variable that uses `partition` is left out of runs without partitions.",
            examples=[{"start": "{{ partition.start }}", "end": "{{ partition.end }}"}],
        ),
    ] = Field(default_factory=dict)
    automation_condition: Annotated[
        dg.AutomationCondition[Any] | None,
        dg.Resolver(
            lambda context, value: parse_automation_condition(resolve_template(context, value)),
            model_field_type=str | dict[str, Any] | list[str | dict[str, Any]],
            inject_before_resolve=False,
            description="When Dagster runs the op's assets that have no condition of their own by itself: `eager`,"
            ' `on_missing`, `on_code_change`, `on_cron("0 5 * * *", "Europe/Berlin")`, a mapping with one of these as'
            " `type`, or a list of which any suffices.",
            examples=["eager", ["on_missing", "on_code_change"]],
        ),
    ] = None
    microbatch: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether dbt builds exactly the batches of the run's partitions: their bounds become"
            " `--event-time-start` and `--event-time-end`, for microbatch models (dbt 1.9 or newer)."
        ),
    ] = False

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def rules(
        self, key: str, *, name: str | None = None, criteria: SelectionCriteria | None = None
    ) -> OpRules:
        """What this op says about its nodes.

        Args:
            key: The place of the op in defs.yaml.
            name: The op's name; ``None`` for the default op.
            criteria: What it selects; ``None`` for the default op.

        Raises:
            DefinitionError: A value is not valid; the key names it.
        """
        try:
            partitions = self.partitions_def
            try:
                partitions_def = partitions.partitions_def() if partitions is not None else None
            except DefinitionError as error:
                error.key = f"partitions_def.{error.key}"
                raise
            if self.microbatch:
                refuse_other_partitions(partitions_def)
            return OpRules(
                key=key,
                name=name,
                criteria=criteria,
                partitions_def=partitions_def,
                partition_mappings=partition_mappings(self.partition_mappings),
                automation_condition=self.automation_condition,
            )
        except DefinitionError as error:
            error.key = f"{key}.{error.key}"
            raise

    def settings(
        self, name: str, *, reserved_tags: Mapping[str, str], config_cls: type[dg.Config] | None
    ) -> OpSettings:
        """The settings of the op for Dagster.

        Args:
            name: The op's name.
            reserved_tags: Tags that take precedence over ``tags``.
            config_cls: The class of the op's config in the launchpad.
        """
        return OpSettings(
            name=name,
            tags={**(self.tags or {}), **reserved_tags},
            description=self.description,
            pool=self.pool,
            backfill_policy=self.backfill_policy,
            config_cls=config_cls,
        )
