"""The pool of jobs in which Dagster's commands run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from dbt_component.cloud.adhoc_jobs import AdhocJobs
from dbt_component.cloud.cause import unique_cause
from dbt_component.errors import DbtCloudError
from tests.cloud.conftest import workspace_of
from tests.dbt_platform.platform import StandInPlatform

pytestmark = pytest.mark.server


def pool(platform: StandInPlatform, name: str, **settings: object) -> AdhocJobs:
    return workspace_of(platform, adhoc_job_name=name, **settings).adhoc_jobs


def posts(platform: StandInPlatform, end: str) -> int:
    return sum(r.method == "POST" and r.path.rstrip("/").endswith(end) for r in platform.requests)


def test_the_default_name_is_that_of_project_and_environment_and_the_job_is_made_once(
    dbt_platform: StandInPlatform,
) -> None:
    first = workspace_of(dbt_platform).adhoc_jobs.pick()
    assert workspace_of(dbt_platform).adhoc_jobs.pick() == first
    names = [
        job.name for job in workspace_of(dbt_platform).adhoc_jobs.leftovers() if job.id == first
    ]
    place = dbt_platform.project_id, dbt_platform.environment_id
    assert names == ["DAGSTER_ADHOC_JOB__{}__{}".format(*place)]


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="four processes make the ad hoc jobs at the same moment",
    outcome="later runs use one set of jobs",
)
def test_processes_that_make_the_jobs_at_the_same_time_use_the_same(
    dbt_platform: StandInPlatform,
) -> None:
    pools = [pool(dbt_platform, "RACE", adhoc_job_pool_size=2) for _ in range(4)]
    barrier = threading.Barrier(len(pools))

    def look_up(adhoc: AdhocJobs) -> list[int]:
        barrier.wait()
        return [job.id for job in adhoc.jobs()]

    with ThreadPoolExecutor(len(pools)) as executor:
        found = list(executor.map(look_up, pools))
    assert len(found[0]) == 2
    later = [job.id for job in pool(dbt_platform, "RACE", adhoc_job_pool_size=2).jobs()]
    # One that looked before all were made may hold a younger job of the same name, which works as well.
    assert later in found


def test_an_environment_for_development_is_named_as_the_reason(
    dbt_platform: StandInPlatform,
) -> None:
    workspace = workspace_of(
        dbt_platform, environment_id=dbt_platform.development_environment_id, adhoc_job_name="DEV"
    )
    with pytest.raises(
        DbtCloudError, match=r"Environment \d+ \('Development'\) is for development"
    ):
        workspace.adhoc_jobs.pick()


def test_an_environment_of_another_project_names_both_projects(
    dbt_platform: StandInPlatform,
) -> None:
    jobs = AdhocJobs(
        workspace_of(dbt_platform).client,
        msgspec.structs.replace(workspace_of(dbt_platform).place, project_id=1),
        name="OTHER",
    )
    with pytest.raises(
        DbtCloudError, match=rf"belongs to project {dbt_platform.project_id}, not to project 1\."
    ):
        jobs.pick()


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="someone deletes an ad hoc job",
    outcome="the next run makes it again",
)
def test_a_job_that_is_gone_is_made_again(dbt_platform: StandInPlatform) -> None:
    adhoc = pool(dbt_platform, "GONE")
    first = adhoc.pick()
    dbt_platform.delete_job(first)
    assert adhoc.pick() != first


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the list of jobs does not show a job that was just made",
    outcome="it is used, and not made twice",
)
@pytest.mark.parametrize("mode", ["overflow", "fail"])
def test_a_job_that_the_list_does_not_show_yet_is_used(
    dbt_platform: StandInPlatform, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    workspace = workspace_of(dbt_platform, adhoc_job_name="LATE", adhoc_job_pool_mode=mode)
    listed = workspace.client.jobs
    monkeypatch.setattr(
        workspace.client,
        "jobs",
        lambda **place: [job for job in listed(**place) if job.name != "LATE"],
    )
    chosen = workspace.adhoc_jobs.pick()
    assert workspace.client.job(chosen).name == "LATE"
    dbt_platform.delete_job(chosen)


def test_steps_that_begin_at_the_same_moment_spread_over_idle_jobs(
    dbt_platform: StandInPlatform,
) -> None:
    adhoc = pool(dbt_platform, "SPREAD", adhoc_job_pool_size=2)
    both = {job.id for job in adhoc.jobs()}
    assert {adhoc.pick() for _ in range(30)} == both
    for job_id in both:
        dbt_platform.delete_job(job_id)


@pytest.mark.parametrize("mode", ["overflow", "wait", "fail"])
def test_a_busy_pool_queues_waits_or_fails(dbt_platform: StandInPlatform, mode: str) -> None:
    adhoc = pool(dbt_platform, f"BUSY_{mode}", adhoc_job_pool_size=2, adhoc_job_pool_mode=mode)
    first, second = (job.id for job in adhoc.jobs())
    client = workspace_of(dbt_platform).client
    runs = [client.trigger(first, steps=["dbt debug"], cause=unique_cause("test"))]
    assert adhoc.pick() == second
    runs.append(client.trigger(second, steps=["dbt debug"], cause=unique_cause("test")))
    if mode == "overflow":
        assert adhoc.pick() in (first, second)
    elif mode == "fail":
        with pytest.raises(DbtCloudError, match="All 2 ad hoc jobs are busy"):
            adhoc.pick()
    else:
        with pytest.raises(DbtCloudError, match="was stopped"):
            adhoc.pick(lambda seconds: True)

        def wait_for_runs(seconds: float) -> bool:
            for run in runs:
                dbt_platform.wait_for(run.id)
            return False

        assert adhoc.pick(wait_for_runs) in (first, second)
    for run in runs:
        client.cancel(run.id)
        dbt_platform.wait_for(run.id)
