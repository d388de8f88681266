"""Rejects names that two jobs or two schedules of defs.yaml share."""

from collections.abc import Iterable, Sequence

from dbt_component.component.yaml.job import Job
from dbt_component.component.yaml.schedule import Schedule
from dbt_component.errors import DefinitionError


def refuse_shared_names(jobs: Sequence[Job], schedules: Sequence[Schedule]) -> None:
    """Rejects names that are used twice; the job of a schedule's own selection counts as a job.

    Raises:
        DefinitionError: Two jobs or two schedules have one name. The error names the keys of both.
    """
    _refuse_shared("schedule", [(s.name, f"schedules[{i}].name") for i, s in enumerate(schedules)])
    own = [
        (s.own_job, f"schedules[{i}].{'name' if s.job_name is None else 'job_name'}")
        for i, s in enumerate(schedules)
    ]
    _refuse_shared("job", [*((j.name, f"jobs[{i}].name") for i, j in enumerate(jobs)), *own])


def _refuse_shared(kind: str, named: Iterable[tuple[str | None, str]]) -> None:
    first: dict[str, str] = {}
    for name, key in named:
        if name is not None and (other := first.setdefault(name, key)) != key:
            raise DefinitionError(
                f"Two {kind}s have the name {name!r}: {other} and {key}.",
                key=key,
                hint="Give one of them another name. Several schedules may launch one job: name it in `job`."
                if kind == "job"
                else "Give one of them another name. A schedule may have several cron expressions.",
            )
