"""``op:`` of defs.yaml."""

from collections.abc import Mapping
from typing import Annotated, Any

import dagster as dg
from pydantic import ConfigDict

from dbt_component._dagster import (
    MultiRunBackfillPolicyModel,
    SingleRunBackfillPolicyModel,
    resolve_backfill_policy,
)
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.definitions.op_settings import OpSettings


class Op(StrictResolvable):
    """Settings of the op that runs dbt."""

    name: Annotated[
        str | None,
        dg.Resolver.default(
            description="Name of the op. Default: the dbt project's name, with a suffix from the state's key"
            " unless that is the project's name."
        ),
    ] = None
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
    backfill_policy: Annotated[
        dg.BackfillPolicy | None,
        dg.Resolver(
            resolve_backfill_policy,
            model_field_type=SingleRunBackfillPolicyModel | MultiRunBackfillPolicyModel,
            description="Division of a backfill over several partitions into runs.",
            examples=[{"type": "single_run"}, {"type": "multi_run", "max_partitions_per_run": 7}],
        ),
    ] = None

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def complete(
        self,
        *,
        default_name: str,
        reserved_tags: Mapping[str, str],
        config_cls: type[dg.Config] | None,
    ) -> OpSettings:
        """The settings of one op: these, completed with values from its component.

        Args:
            default_name: The op's name if ``name`` is not set.
            reserved_tags: Tags that take precedence over ``tags``.
            config_cls: The class of the op's config in the launchpad.
        """
        return OpSettings(
            name=self.name or default_name,
            tags={**(self.tags or {}), **reserved_tags},
            description=self.description,
            pool=self.pool,
            backfill_policy=self.backfill_policy,
            config_cls=config_cls,
        )
