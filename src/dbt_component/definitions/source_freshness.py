"""The op that measures the freshness of sources, and its job."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from dbt_component._dagster import (
    ProjectChecksDefinition,
    UnresolvedAssetJobDefinition,
    as_observation,
)
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.definitions.freshness_specs import FreshnessSpecs
from dbt_component.definitions.op_settings import OpSettings

_SUFFIX = "source_freshness"
MeasureFunction = Callable[[dg.OpExecutionContext], Iterator[Any]]


@dataclass(frozen=True)
class FreshnessOutputs:
    """The outputs of the op that a step may yield: names by unique id of the source, for its asset and its check."""

    assets: Mapping[str, str]
    checks: Mapping[str, str]

    @classmethod
    def of(cls, specs: FreshnessSpecs, selected: Set[str]) -> "FreshnessOutputs":
        """Those of the selected outputs."""
        assets = {i: spec.key.to_python_identifier() for i, spec in specs.asset_specs.items()}
        checks = {i: spec.get_python_identifier() for i, spec in specs.check_specs.items()}
        return cls(
            {i: output for i, output in assets.items() if output in selected},
            {i: output for i, output in checks.items() if output in selected},
        )

    @property
    def source_ids(self) -> frozenset[str]:
        """The sources that have a selected output."""
        return frozenset(self.assets) | frozenset(self.checks)


def build_freshness_op(
    specs: FreshnessSpecs, settings: OpSettings, measure: MeasureFunction
) -> dg.AssetsDefinition:
    """Builds the op, which can run for any of the sources and checks.

    Args:
        specs: What it measures; at least one source.
        settings: Those of the op that runs dbt, whose name gets the suffix ``_source_freshness``.
        measure: The op's body.
    """
    name = f"{settings.name}_{_SUFFIX}"
    arguments = replace(settings, description="Runs `dbt source freshness`.").arguments
    del arguments["backfill_policy"]  # sources have no partitions here

    def body(context: dg.OpExecutionContext) -> Iterator[Any]:
        yield from measure(context)

    checks = list(specs.check_specs.values())
    if not specs.asset_specs:
        decorator = dg.multi_asset_check(name=name, specs=checks, can_subset=True, **arguments)
        return ProjectChecksDefinition.from_multi_asset(decorator(body))
    multi_asset = dg.multi_asset(
        name=name,
        specs=list(specs.asset_specs.values()),
        check_specs=checks,
        can_subset=True,
        **arguments,
        allow_arbitrary_check_specs=True,  # on sources that share a key, which are no assets
    )
    return as_observation(multi_asset(body))


def build_freshness_job(op_name: str, specs: FreshnessSpecs) -> UnresolvedAssetJobDefinition:
    """Builds the job that measures all sources."""
    return dg.define_asset_job(
        f"{op_name}_{_SUFFIX}_job",
        selection=asset_selection(
            [spec.key for spec in specs.asset_specs.values()],
            [spec.key for spec in specs.check_specs.values()],
        ),
        description="Measures how old the data of sources is, with `dbt source freshness`.",
    )
