"""The jobs and schedules of a component, and what dbt selects for each."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import dagster as dg

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.loaded import Loaded
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class Launchers:
    """The jobs and schedules of a component; ``selections`` are by the name of the job."""

    attributes: DbtAttributes
    loaded: Loaded
    selections: Mapping[str, JobSelection]

    @classmethod
    def of(cls, attributes: DbtAttributes, loaded: Loaded) -> "Launchers":
        """Finds what dbt selects for each.

        Raises:
            SelectionError: dbt does not accept a selection.
        """
        selections: dict[str, JobSelection] = {}
        for position, job in enumerate(attributes.jobs):
            with job.named(position):
                selections[job.name] = loaded.selection_of(job.criteria)
        for position, schedule in enumerate(attributes.schedules):
            if schedule.own_job is not None:
                with schedule.named(position):
                    selections[schedule.own_job] = loaded.selection_of(schedule.criteria)
        return cls(attributes, loaded, selections)

    @property
    def unique_ids(self) -> Mapping[str, Set[str]]:
        """The unique ids that dbt selects for each job, by its name."""
        return {name: selection.unique_ids for name, selection in self.selections.items()}

    def build(self, op_names: Set[str] = frozenset()) -> dg.Definitions:
        """Builds the jobs and schedules.

        Args:
            op_names: Names of the component's ops, which Dagster does not accept for jobs.

        Raises:
            DefinitionError: A job can't be launched, or it is not known which partition to request.
        """
        for position, job in enumerate(self.attributes.jobs):
            with job.named(position):
                _refuse_op_name(job.name, op_names, "name")
        for position, schedule in enumerate(self.attributes.schedules):
            with schedule.named(position):
                _refuse_op_name(schedule.own_job, op_names, "job_name")
        jobs = self._build_jobs()
        return dg.Definitions(jobs=list(jobs.values()), schedules=self._build_schedules(jobs))

    def _build_jobs(self) -> dict[str, dg.JobDefinition | UnresolvedAssetJobDefinition]:
        schedules = self.attributes.schedules
        ids = self.loaded.specs.node_map if self.attributes.jobs else None
        built = {}
        for position, job in enumerate(self.attributes.jobs):
            with job.named(position):
                built[job.name] = job.build(
                    self.selections[job.name],
                    own_assets=ids.asset_ids.keys() if ids else frozenset(),
                    own_checks=ids.check_ids.keys() if ids else frozenset(),
                    schedules={s.name for s in schedules if s.job == job.name},
                    may_be_empty=self._may_be_empty(job.criteria),
                )
        return built

    def _build_schedules(
        self, jobs: Mapping[str, dg.JobDefinition | UnresolvedAssetJobDefinition]
    ) -> Sequence[dg.ScheduleDefinition]:
        settings = {job.name: job for job in self.attributes.jobs}
        built = []
        for position, schedule in enumerate(self.attributes.schedules):
            with schedule.named(position):
                if schedule.own_job is not None:
                    selection = self.selections[schedule.own_job]
                    may_be_empty = self._may_be_empty(schedule.criteria)
                    built.append(schedule.build(selection, may_be_empty=may_be_empty))
                    continue
                assert schedule.job is not None
                job, of_job = jobs[schedule.job], settings[schedule.job]
                if isinstance(job, dg.JobDefinition):
                    built.append(schedule.of_idle_job(job, of_job.criteria))
                else:
                    selection = self.selections[of_job.name]
                    built.append(schedule.of_job(job, selection, run_config=of_job.run_config))
        return built

    def _may_be_empty(self, criteria: SelectionCriteria) -> bool:
        return any(map(self.loaded.prepared.compares, (criteria, self.loaded.criteria)))


def _refuse_op_name(name: str | None, op_names: Set[str], key: str) -> None:
    if name in op_names:
        raise DefinitionError(
            f"A job and an op have the name {name!r}, but in Dagster their names are different.",
            key=key,
            hint="Give the job another name, or the op with `op: {name: …}`.",
        )
