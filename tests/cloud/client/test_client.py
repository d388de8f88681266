"""The client against the stand-in platform, with and without faults."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.errors import (
    DbtCloudAnswerError,
    DbtCloudAuthError,
    DbtCloudError,
    DbtCloudNotFoundError,
    DbtCloudRequestError,
    DbtCloudUnavailableError,
)
from dbt_component.version import __version__
from tests.dbt_platform import Fault, StandInPlatform
from tests.dbt_platform import RunStatus as StandInStatus
from tests.dbt_platform.timestamps import now

pytestmark = pytest.mark.server
DAY = datetime(2024, 1, 2, tzinfo=timezone.utc)


@pytest.fixture
def client(dbt_platform: StandInPlatform) -> Iterator[DbtCloudClient]:
    made = make_client(dbt_platform)
    yield made
    made.close()


@pytest.fixture
def job_id(dbt_platform: StandInPlatform) -> Iterator[int]:
    """A job whose runs stay in the queue, so that they cost nothing, and are cancelled in the end."""
    dbt_platform.start_delay_seconds = 600
    job = dbt_platform.create_job("queued", ["dbt deps"])
    yield job.id
    dbt_platform.clear_faults()
    client = make_client(dbt_platform)
    for run in runs_of(client, dbt_platform, job.id):
        client.cancel(run.id)
    dbt_platform.delete_job(job.id)
    dbt_platform.start_delay_seconds = 0


def make_client(platform: StandInPlatform, **options: Any) -> DbtCloudClient:
    given = {
        "token": platform.token,
        "access_url": platform.access_url,
        "timeout_seconds": 5.0,
        "retry_delay_seconds": 0.01,
        **options,
    }
    return DbtCloudClient(platform.account_id, **given)


def place_of(platform: StandInPlatform) -> dict[str, Any]:
    return {"project_id": platform.project_id, "environment_id": platform.environment_id}


def runs_of(client: DbtCloudClient, platform: StandInPlatform, job_id: int) -> list[Any]:
    return list(client.runs(**place_of(platform), job_id=job_id))


def requests_for(platform: StandInPlatform, action: Callable[[], object]) -> int:
    """How many requests an action makes. One of an earlier test may be answered only now."""
    begin = now()
    action()
    return sum(request.received_at >= begin for request in platform.requests)


def test_the_account_its_project_and_its_environments_are_read(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    assert client.account_name()
    assert client.project_name(dbt_platform.project_id) == "bakery"
    environments = client.environments(dbt_platform.project_id)
    own = client.environment(dbt_platform.environment_id)
    assert own in environments
    assert (own.type, own.deployment_type) == ("deployment", "production")
    assert {found.project_id for found in environments} == {dbt_platform.project_id}


def test_requests_name_the_package_and_its_version(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    client.account_name()
    assert dbt_platform.requests[-1].user_agent == f"dbt-component/{__version__}"


def test_a_job_is_created_read_and_deleted_once(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    where = place_of(dbt_platform)
    job = client.create_job("NIGHTLY é", steps=["dbt build"], description="all", **where)
    assert (job.name, job.execute_steps) == ("NIGHTLY é", ("dbt build",))
    assert client.job(job.id) == job
    assert job in client.jobs(**where)
    assert client.delete_job(job.id) is True
    assert client.delete_job(job.id) is False
    with pytest.raises(DbtCloudNotFoundError, match=f"no job {job.id}"):
        client.job(job.id)


def test_all_jobs_are_listed_over_several_pages(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    staging = dbt_platform.staging_environment_id
    made = [
        dbt_platform.create_job(f"job {number}", ["dbt build"], environment_id=staging).id
        for number in range(205)
    ]
    listed = client.jobs(project_id=dbt_platform.project_id, environment_id=staging)
    ids = [job.id for job in listed]
    assert len(ids) == len(set(ids))
    assert [job_id for job_id in ids if job_id in made] == made  # other tests have jobs there too
    for job_id in made:
        dbt_platform.delete_job(job_id)


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="rows that appear or vanish while a long list is read",
    outcome="each row once",
)
@pytest.mark.parametrize("kind", [None, "missing_row", "repeated_row"])
def test_each_run_of_a_long_list_comes_once_even_if_pages_shift(
    client: DbtCloudClient, dbt_platform: StandInPlatform, kind: Any
) -> None:
    job = dbt_platform.create_job("long list", ["dbt build"])
    added = [
        dbt_platform.add_finished_run(
            job.id, created_at=DAY, finished_at=DAY + timedelta(seconds=number)
        ).id
        for number in range(230)
    ]
    if kind is not None:
        dbt_platform.inject(Fault("GET", r"/runs/$", kind))
    assert [run.id for run in runs_of(client, dbt_platform, job.id)] == added[::-1]
    dbt_platform.delete_job(job.id)


def test_runs_are_listed_by_status_and_time(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    job = dbt_platform.create_job("filtered", ["dbt build"])
    good, bad, late = (
        dbt_platform.add_finished_run(
            job.id, status=status, created_at=DAY, finished_at=DAY + timedelta(minutes=minutes)
        ).id
        for status, minutes in [
            (StandInStatus.SUCCESS, 1),
            (StandInStatus.ERROR, 2),
            (StandInStatus.SUCCESS, 9),
        ]
    )

    def ids(**filters: Any) -> list[int]:
        return [
            run.id
            for run in client.runs(
                **place_of(dbt_platform),
                job_id=job.id,
                order_by="finished_at",
                **filters,
            )
        ]

    assert ids() == [good, bad, late]
    assert ids(statuses=[RunStatus.SUCCESS]) == [good, late]
    assert ids(finished_after=DAY + timedelta(minutes=2)) == [bad, late]
    assert ids(finished_before=DAY + timedelta(minutes=2)) == [good, bad]
    assert ids(limit=1) == [good]
    assert ids(finished_after=datetime.now(timezone.utc)) == []
    [run] = client.runs(
        **place_of(dbt_platform),
        job_id=job.id,
        statuses=[RunStatus.ERROR],
    )
    assert (run.status, run.job_name, run.finished_at) == (
        RunStatus.ERROR,
        "filtered",
        DAY + timedelta(minutes=2),
    )
    assert run.url == f"{dbt_platform.access_url}/deploy/{dbt_platform.account_id}/projects/" + (
        f"{dbt_platform.project_id}/runs/{bad}"
    )


PASSING = [
    Fault("GET", "", "status", status=500),
    Fault("GET", "", "status", status=502),
    Fault("GET", "", "status", status=503, headers={"Retry-After": "0"}),
    Fault("GET", "", "status", status=504),
    Fault("GET", "", "status", status=429),
    Fault("GET", "", "drop"),
    Fault("GET", "", "truncate"),
    Fault("GET", "", "html_page"),
    Fault("GET", "", "broken_json"),
    Fault("GET", "", "empty"),
]


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="an answer with 429, 500, 502, 503 or 504, dropped, cut off, empty, no JSON, or a page instead",
    outcome="one more request, and the same result",
)
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}")
@pytest.mark.parametrize("is_list", [False, True], ids=["one", "list"])
def test_a_failure_that_passes_is_asked_again(
    client: DbtCloudClient, dbt_platform: StandInPlatform, fault: Fault, is_list: bool
) -> None:
    def read() -> object:
        if is_list:
            return client.environments(dbt_platform.project_id)
        return client.environment(dbt_platform.environment_id)

    expected = read()
    # Of these requests alone: what an earlier test has given up waiting for may still be answered.
    dbt_platform.inject(replace(fault, path_pattern="/environments/"))
    before = len(dbt_platform.requests)
    assert read() == expected
    assert sum("/environments/" in r.path for r in dbt_platform.requests[before:]) == 2


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="an answer that comes too late",
    outcome="it is asked for again",
)
def test_a_slow_answer_is_asked_for_again(dbt_platform: StandInPlatform) -> None:
    dbt_platform.inject(Fault("GET", "", "slow", seconds=1))
    assert make_client(dbt_platform, timeout_seconds=0.2).account_name()


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="429 with `Retry-After` in seconds or as a date",
    outcome="the next request comes when the platform says",
)
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_platform_decides_how_long_to_wait(
    client: DbtCloudClient, dbt_platform: StandInPlatform, form: str
) -> None:
    # A date has whole seconds.
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    header = "1" if form == "seconds" else date
    dbt_platform.inject(Fault("GET", "", "status", status=429, headers={"Retry-After": header}))
    begin = time.monotonic()
    client.account_name()
    assert 0.8 < time.monotonic() - begin < 4


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="each of these without end",
    outcome="an error after four attempts, with the account and what was asked for",
)
@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (Fault("GET", "", "status", None, status=503), DbtCloudUnavailableError, "4 attempts"),
        (Fault("GET", "", "drop", None), DbtCloudUnavailableError, "4 attempts"),
        (Fault("GET", "", "truncate", None), DbtCloudUnavailableError, "bytes"),
        (Fault("GET", "", "html_page", None), DbtCloudAnswerError, "not JSON"),
        (Fault("GET", "", "empty", None), DbtCloudAnswerError, "'id' is missing"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_a_failure_that_stays_is_given_up_and_says_what_was_tried(
    client: DbtCloudClient,
    dbt_platform: StandInPlatform,
    fault: Fault,
    error: type[DbtCloudError],
    message: str,
) -> None:
    dbt_platform.inject(fault)

    def read() -> None:
        with pytest.raises(error, match=message) as caught:
            client.environment(dbt_platform.environment_id)
        assert f"environment {dbt_platform.environment_id}" in str(caught.value)
        assert f"account {dbt_platform.account_id}" in str(caught.value)

    assert requests_for(dbt_platform, read) == 4


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="400, 401, 403, 404 and 409",
    outcome="an error after one request; for access it names the permission",
)
@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (400, DbtCloudRequestError, "An injected fault: 400"),
        (401, DbtCloudAuthError, "does not accept the token"),
        (403, DbtCloudAuthError, "Account Viewer"),
        (404, DbtCloudNotFoundError, "has no account"),
        (409, DbtCloudRequestError, "status 409"),
    ],
)
def test_a_refusal_is_not_repeated(
    client: DbtCloudClient,
    dbt_platform: StandInPlatform,
    status: int,
    error: type[DbtCloudError],
    message: str,
) -> None:
    dbt_platform.inject(Fault("GET", "", "status", None, status=status))

    def read() -> None:
        with pytest.raises(error, match=message):
            client.account_name()

    assert requests_for(dbt_platform, read) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="the token in representations, errors and tracebacks",
    outcome="it is in none of them",
)
def test_nothing_shows_the_token(dbt_platform: StandInPlatform) -> None:
    token = "".join(["dbtc_", "s3", "cret"])  # the traceback shows this line
    client = make_client(dbt_platform, token=token, max_retries=0)
    shown = [repr(client), repr(vars(client)), str(vars(client._http))]
    with pytest.raises(DbtCloudAuthError) as caught:
        client.account_name()
    shown += [str(caught.value), repr(caught.value), str(caught.getrepr(style="long"))]
    assert not [text for text in shown if token in text]


@pytest.mark.parametrize("token", ["", "  ", "dbtc_s3cret two", "dbtc_s3cr\u00e9t", "a\nb"])
def test_what_can_be_no_token_is_refused_before_it_is_sent(token: str) -> None:
    with pytest.raises(DbtCloudAuthError) as caught:
        DbtCloudClient(1, token=token)
    assert "s3cr" not in str(caught.value)


def test_a_token_with_a_line_end_is_accepted(dbt_platform: StandInPlatform) -> None:
    assert make_client(dbt_platform, token=f"{dbt_platform.token}\n").account_name()


def test_a_host_that_is_not_there_is_unavailable(dbt_platform: StandInPlatform) -> None:
    client = make_client(dbt_platform, access_url="http://127.0.0.1:9", max_retries=1)
    with pytest.raises(DbtCloudUnavailableError, match="2 attempts"):
        client.account_name()


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends requests on to ``target``; without one, refuses what has no token and notes what it was sent."""

    target = ""
    seen: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        self.send_response(302 if self.target else 401)
        if self.target:
            self.send_header("Location", f"{self.target}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - names of the library

    def log_message(self, format: str, *args: object) -> None:
        pass


class _There(_Elsewhere):
    seen: ClassVar[list[str | None]] = []


class _Here(_Elsewhere):
    seen: ClassVar[list[str | None]] = []


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="a host that redirects to another one",
    outcome="the token is not sent there; the error says to set `access_url`",
)
def test_the_token_is_not_sent_to_where_a_host_redirects() -> None:
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _There) as there,
        ThreadingHTTPServer(("127.0.0.1", 0), _Here) as here,
    ):
        _Here.target = f"http://127.0.0.1:{there.server_address[1]}"
        for server in (here, there):
            threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        client = DbtCloudClient(
            1, token="dbtc_1", access_url=f"http://127.0.0.1:{here.server_address[1]}"
        )
        for request in (client.account_name, lambda: client.cancel(7)):
            with pytest.raises(DbtCloudRequestError, match=f"redirects to {_Here.target}"):
                request()
        client.close()
        here.shutdown()
        there.shutdown()
    assert _Here.seen == ["Token dbtc_1"] * 3  # cancelling also asks whether the run is over
    assert _There.seen == [None, None]


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="slow answers with a deadline",
    outcome="an error at the deadline",
)
def test_a_deadline_ends_all_attempts(dbt_platform: StandInPlatform) -> None:
    dbt_platform.inject(Fault("GET", "", "slow", None, seconds=3))
    begin = time.monotonic()
    client = make_client(dbt_platform).until(begin + 0.5)
    with pytest.raises(DbtCloudUnavailableError):
        client.account_name()
    assert time.monotonic() - begin < 1.5
    dbt_platform.clear_faults()
    with pytest.raises(DbtCloudUnavailableError, match="the time for this request is over"):
        client.until(time.monotonic() - 1).account_name()


def test_threads_share_a_client(client: DbtCloudClient, dbt_platform: StandInPlatform) -> None:
    found: list[str] = []

    def read() -> None:
        for _ in range(5):
            found.append(client.project_name(dbt_platform.project_id))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["bakery"] * 40


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="the answer to a trigger dropped before or after it took effect, cut off, empty, no JSON, late, refused with 429 or 500",
    outcome="exactly one run",
)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/run/", "drop_after"),
        Fault("POST", "/run/", "drop"),
        Fault("POST", "/run/", "truncate"),
        Fault("POST", "/run/", "html_page"),
        Fault("POST", "/run/", "broken_json"),
        Fault("POST", "/run/", "empty"),
        Fault("POST", "/run/", "status", status=500),
        Fault("POST", "/run/", "status", status=429),
        Fault("POST", "/run/", "slow", seconds=0.6),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_one_trigger_makes_one_run_whatever_happens_to_its_answer(
    dbt_platform: StandInPlatform, job_id: int, fault: Fault
) -> None:
    client = make_client(dbt_platform, timeout_seconds=0.4)
    dbt_platform.inject(fault)
    run = client.trigger(job_id, steps=["dbt parse"], cause="Test 1")
    assert (run.job_id, run.cause, run.status.is_finished) == (job_id, "Test 1", False)
    assert [(found.id, found.cause) for found in runs_of(client, dbt_platform, job_id)] == [
        (run.id, "Test 1")
    ]


def test_a_trigger_that_the_platform_refuses_starts_nothing(
    client: DbtCloudClient, dbt_platform: StandInPlatform, job_id: int
) -> None:
    with pytest.raises(DbtCloudRequestError, match="refused"):
        client.trigger(job_id, steps=["dbt build --select 'a"], cause="Test 2")
    assert runs_of(client, dbt_platform, job_id) == []


def test_a_trigger_that_is_given_up_says_that_it_may_have_started_a_run(
    client: DbtCloudClient, dbt_platform: StandInPlatform, job_id: int
) -> None:
    dbt_platform.inject(Fault("*", "", "status", None, status=503))
    with pytest.raises(DbtCloudUnavailableError, match="look there before you repeat it"):
        client.trigger(job_id, steps=None, cause="Test 3")


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="the answer to the creation of a job dropped before or after it took effect",
    outcome="exactly one job",
)
@pytest.mark.parametrize("kind", ["drop_after", "drop"])
def test_one_call_creates_one_job(
    client: DbtCloudClient, dbt_platform: StandInPlatform, kind: Any
) -> None:
    where = place_of(dbt_platform)
    dbt_platform.inject(Fault("POST", "/jobs/", kind))
    job = client.create_job(f"ONE {kind}", steps=["dbt build"], **where)
    assert [found.id for found in client.jobs(**where) if found.name == job.name] == [job.id]
    client.delete_job(job.id)


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="the answer to a cancellation dropped before or after it took effect",
    outcome="the run is cancelled",
)
@pytest.mark.parametrize("kind", [None, "drop_after", "drop"])
def test_a_run_is_cancelled_and_cancelling_again_changes_nothing(
    client: DbtCloudClient, dbt_platform: StandInPlatform, job_id: int, kind: Any
) -> None:
    client.trigger(job_id, steps=None, cause="first, which keeps the others in the queue")
    run = client.trigger(job_id, steps=None, cause="Test 4")
    if kind is not None:
        dbt_platform.inject(Fault("POST", "/cancel/", kind))
    assert client.cancel(run.id).status is RunStatus.CANCELLED
    assert client.cancel(run.id).status is RunStatus.CANCELLED


def test_a_run_has_steps_logs_and_artifacts(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    job = dbt_platform.create_job("seeds", ["dbt seed"])
    triggered = client.trigger(job.id, steps=["dbt seed --select raw_products"], cause="Test 5")
    dbt_platform.wait_for(triggered.id)
    run = client.run(triggered.id, with_steps=True)
    assert run.status is RunStatus.SUCCESS
    assert (run.cause, run.job_name, len(run.git_sha)) == ("Test 5", "seeds", 40)
    commands = {step.index: step.command for step in run.steps if step.command}
    [seed] = [index for index, command in commands.items() if command[0] == "seed"]
    assert commands[seed] == ["seed", "--select", "raw_products"]
    assert all(step.is_finished for step in run.steps)
    assert "raw_products" in run.steps[-1].logs
    assert client.run(run.id).steps == ()
    debug = client.run(run.id, with_debug_logs=True).steps[-1].debug_logs
    assert "Began running node seed.bakery.raw_products" in debug

    assert "run_results.json" in client.artifact_paths(run.id)
    content = client.artifact(run.id, "run_results.json", step=seed)
    assert content is not None
    assert b"seed.bakery.raw_products" in content
    assert client.artifact(run.id, "run_results.json") == content
    assert client.artifact(run.id, "nothing.json") is None
    assert client.artifact(run.id, "run_results.json", step=99) is None
    for kind in ("truncate", "broken_json", "drop"):
        dbt_platform.inject(Fault("GET", "/artifacts/", kind))
        assert client.artifact(run.id, "run_results.json", step=seed) == content
    dbt_platform.inject(Fault("GET", "/artifacts/", "broken_json", None))
    with pytest.raises(DbtCloudAnswerError, match=f"run {run.id}, step {seed}"):
        client.artifact(run.id, "run_results.json", step=seed)
    dbt_platform.clear_faults()

    dbt_platform.delete_run(run.id)
    assert client.artifact_paths(run.id) == []
    assert client.artifact(run.id, "run_results.json") is None
    with pytest.raises(DbtCloudNotFoundError, match=f"no run {run.id}"):
        client.run(run.id)


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="the answer to a retry dropped after it took effect",
    outcome="exactly one run that resumes the failed one",
)
def test_a_failed_run_is_retried_once(
    client: DbtCloudClient, dbt_platform: StandInPlatform
) -> None:
    job = dbt_platform.create_job("fails", ["dbt build"])
    failed = client.trigger(
        job.id, steps=["dbt build --select +stg_orders --vars 'minimum_amount: 1000000'"], cause="T"
    )
    dbt_platform.wait_for(failed.id)
    assert client.run(failed.id).status is RunStatus.ERROR
    dbt_platform.inject(Fault("POST", "/retry/", "drop_after"))
    retried = client.retry(failed.id)
    assert retried.retrying_run_id == failed.id
    assert len(runs_of(client, dbt_platform, job.id)) == 2
    client.cancel(retried.id)
    dbt_platform.wait_for(retried.id)
    with pytest.raises(DbtCloudRequestError):
        client.retry(failed.id)
