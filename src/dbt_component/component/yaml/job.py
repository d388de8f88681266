"""``jobs:`` of defs.yaml."""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Annotated, Any

import dagster as dg
from pydantic import Field, field_validator

from dbt_component._dagster import UnresolvedAssetJobDefinition, check_valid_name
from dbt_component.component.yaml.named_errors import naming
from dbt_component.component.yaml.run_tags import as_text
from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.definitions.common_partitions import common_partitions
from dbt_component.definitions.downstream_selection import DownstreamSelection, PartitionsByKey
from dbt_component.definitions.idle_job import build_idle_job
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.jobs import build_job
from dbt_component.definitions.scheduled_partitions import partitions_of_schedule


class Job(SelectedNodes):
    """A job that launches exactly what dbt selects."""

    name: Annotated[str, dg.Resolver.default(description="Name of the job.", examples=["marts"])]
    description: Annotated[
        str | None, dg.Resolver.default(description="Shown in Dagster's UI.")
    ] = None
    tags: Annotated[dict[str, str], dg.Resolver.default(description="Tags of the runs.")] = Field(
        default_factory=dict
    )
    run_config: Annotated[
        dict[str, Any] | None,
        dg.Resolver.default(description="Run config of the runs that are launched without one."),
    ] = None
    include_downstream: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether the job also builds assets that this component does not define, such as Python assets,"
            " if they are downstream of the selected ones, and runs their checks. Assets behind a dbt asset that is"
            " not selected are left out.",
        ),
    ] = False

    _tags_as_text = field_validator("tags", mode="before")(as_text)

    @contextmanager
    def named(self, position: int) -> Iterator[None]:
        """Adds the job's name and key to errors about it; ``position`` is its place in ``jobs``."""
        with naming(f"Job {self.name!r}", f"jobs[{position}]", self):
            yield

    def build(
        self,
        selection: JobSelection,
        *,
        own_assets: Set[dg.AssetKey] = frozenset(),
        own_checks: Set[dg.AssetCheckKey] = frozenset(),
        schedules: Set[str] = frozenset(),
        may_be_empty: bool = False,
    ) -> dg.JobDefinition | UnresolvedAssetJobDefinition:
        """Builds the job.

        Args:
            selection: The part of the component's definitions that ``criteria`` selects.
            own_assets: All assets that the component builds.
            own_checks: All of its checks.
            schedules: The names of the schedules of the job.
            may_be_empty: Whether the selection may be empty for a time, as ``state:modified`` may. The job then has
                no steps.

        Raises:
            DefinitionError: There are neither assets nor checks, or the assets have different partitions.
        """
        check_valid_name(self.name)
        if may_be_empty and selection.is_empty:
            return build_idle_job(self.name, tags=self.tags, description=self.description)

        def refuse(partitions: PartitionsByKey) -> None:
            only = common_partitions(f"Job {self.name!r}", partitions)
            for name in sorted(schedules):
                partitions_of_schedule(name, [only])

        assets = DownstreamSelection(
            selection.asset_keys,
            selection.check_keys,
            own_assets=own_assets,
            own_checks=own_checks,
            refuse=refuse,
        )
        return build_job(
            self.name,
            selection,
            criteria=self.criteria,
            tags=self.tags,
            description=self.description,
            run_config=self.run_config,
            assets=assets if self.include_downstream else None,
        )
