"""The stand-in does what is documented of the dbt platform, with runs that are real."""

import functools
import http.client
import itertools
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt_platform import Fault, RunStatus, StandInPlatform
from tests.dbt_platform.faults import Kind
from tests.dbt_platform.plain_client import PlainClient
from tests.dbt_platform.run import Run
from tests.dbt_platform.step import Step
from tests.equivalence.databases import PostgresDatabase

pytestmark = pytest.mark.server

BAKE = "dbt build --select +baking --vars 'baking_seconds: 300'"
_START = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def client(dbt_platform: StandInPlatform) -> PlainClient:
    return PlainClient(dbt_platform)


@pytest.fixture
def job(dbt_platform: StandInPlatform) -> int:
    """A job of the test's own, so that its runs wait for no other's."""
    return dbt_platform.create_job("Build", ["dbt build"]).id


@pytest.fixture(scope="module")
def built(_platform_of_session: StandInPlatform) -> Run:
    """A run of two commands and the documentation, triggered through the API. Read it, don't change it."""
    job = _platform_of_session.create_job(
        "Nightly", ["dbt seed", "dbt build --exclude resource_type:seed"]
    )
    answer = PlainClient(_platform_of_session).post(
        f"jobs/{job.id}/run/", {"cause": "Because", "generate_docs_override": True}
    )
    assert answer.status == 200, answer.body
    return _platform_of_session.wait_for(answer.data["id"])


@pytest.fixture(scope="module")
def many(_platform_of_session: StandInPlatform) -> int:
    """A job with 230 recorded runs, each finished an hour after the one before; every tenth failed."""
    job = _platform_of_session.create_job("Hourly", ["dbt build"])
    for number in range(230):
        created_at = _START + timedelta(hours=number)
        _platform_of_session.add_finished_run(
            job.id,
            status=RunStatus.SUCCESS if number % 10 else RunStatus.ERROR,
            created_at=created_at,
            finished_at=created_at + timedelta(minutes=5),
        )
    return job.id


def wait_until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def _has_sha(client: PlainClient, run_id: int) -> bool:
    return client.get(f"runs/{run_id}/").data["git_sha"] is not None


def sleeping_queries(postgres: PostgresDatabase) -> int:
    with postgres.connect() as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where state = 'active'"
            " and pid <> pg_backend_pid() and query like '%pg_sleep(300)%'"
        ).fetchone()
    return int(row[0])


# Runs


def test_a_run_has_the_platforms_leading_steps_and_one_for_each_command(
    client: PlainClient, built: Run
) -> None:
    run = client.get(f"runs/{built.id}/", include_related='["run_steps"]').data
    assert [(step["index"], step["name"], step["status"]) for step in run["run_steps"]] == [
        (1, "Clone git repository", 10),
        (2, "Create profile from connection Postgres", 10),
        (3, "Invoke dbt with `dbt deps`", 10),
        (4, "Invoke dbt with `dbt seed`", 10),
        (5, "Invoke dbt with `dbt build --exclude resource_type:seed`", 10),
        (6, "Invoke dbt with `dbt docs generate`", 10),
    ]
    assert run["status_humanized"] == "Success"
    assert (run["is_complete"], run["is_success"], run["is_error"]) == (True, True, False)
    assert run["has_docs_generated"] is True
    step = run["run_steps"][4]
    assert client.get(f"steps/{step['id']}/").data == step
    assert run["created_at"] <= run["started_at"] <= run["finished_at"]
    assert datetime.fromisoformat(run["finished_at"]) <= datetime.now(timezone.utc)


def test_the_console_has_colours_and_the_debug_log_comes_when_asked_for(
    client: PlainClient, built: Run
) -> None:
    for form in (
        "run_steps,debug_logs",
        '["run_steps", "debug_logs"]',
        "['run_steps','debug_logs']",
    ):
        step = client.get(f"runs/{built.id}", include_related=form).data["run_steps"][4]
        assert "OK created sql table model prod.product_sales" in step["logs"]
        assert "Concurrency: 4 threads (target='default')" in step["logs"]
        assert "\x1b[33mWARN 1\x1b[0m" in step["logs"]
        assert "Began running node model.bakery.product_sales" in step["debug_logs"]
        assert step["debug_logs"].endswith(step["truncated_debug_logs"])
    step = client.get(f"runs/{built.id}/", include_related="run_steps").data["run_steps"][4]
    assert step["debug_logs"] is None
    assert step["truncated_debug_logs"]


def test_a_long_debug_log_is_cut_to_its_last_thousand_lines(tmp_path: Path) -> None:
    lines = [f"line {number}\n" for number in range(1500)]
    (tmp_path / "dbt.log").write_text("".join(lines))
    step = Step(1, 1, 1, "Invoke dbt", "dbt build", tmp_path, _START)
    assert step.show(full_debug_logs=False)["truncated_debug_logs"] == "".join(lines[500:])
    assert step.show(full_debug_logs=True)["debug_logs"] == "".join(lines)


def test_what_is_not_asked_for_is_not_included(client: PlainClient, built: Run) -> None:
    plain = client.get(f"runs/{built.id}/").data
    assert (plain["trigger"], plain["job"], plain["environment"], plain["run_steps"]) == (
        None, None, None, [],
    )  # fmt: skip
    full = client.get(f"runs/{built.id}/", include_related="trigger,job,environment").data
    assert full["trigger"]["cause"] == "Because"
    assert full["job"]["name"] == "Nightly"
    assert full["environment"]["deployment_type"] == "production"


def test_artifacts_are_kept_for_each_step(client: PlainClient, built: Run) -> None:
    def results(**query: int) -> set[str]:
        path = f"runs/{built.id}/artifacts/run_results.json"
        return {result["unique_id"] for result in client.get(path, **query).content["results"]}

    assert results(step=4) == {"seed.bakery.raw_orders", "seed.bakery.raw_products"}
    assert "model.bakery.product_sales" in results(step=5)
    # `dbt docs generate` compiles, and it is the last step.
    assert results() == results(step=6)
    assert client.get(f"runs/{built.id}/artifacts/catalog.json", step=5).status == 404
    assert client.get(f"runs/{built.id}/artifacts/catalog.json").content["nodes"]
    assert client.get(f"runs/{built.id}/artifacts/manifest.json", step=1).status == 404
    assert client.get(f"runs/{built.id}/artifacts/../../1/console.log").status == 404
    listed = client.get(f"runs/{built.id}/artifacts/").data
    assert {"manifest.json", "run_results.json", "catalog.json"} < set(listed)
    sql = client.get(f"runs/{built.id}/artifacts/compiled/bakery/models/marts/oven_report.sql")
    assert b"from" in sql.body


def test_logs_grow_while_dbt_runs_and_cancelling_ends_dbt_and_its_query(
    client: PlainClient, job: int, postgres: PostgresDatabase
) -> None:
    run = client.platform.trigger(job, [BAKE, "dbt test"])
    waiting = client.post(f"jobs/{job}/run", {"cause": "Too early"}).data

    def log() -> str:
        steps = client.get(f"runs/{run.id}/", include_related="run_steps").data["run_steps"]
        return str(steps[3]["logs"]) if len(steps) > 3 else ""

    wait_until(lambda: "START sql table model prod.baking" in log())
    assert "Done." not in log()
    shown = client.get(f"runs/{run.id}/").data
    assert (shown["status"], shown["in_progress"], shown["finished_at"]) == (3, True, None)
    assert client.get(f"runs/{run.id}/artifacts/manifest.json").status == 404
    assert "manifest.json" not in client.get(f"runs/{run.id}/artifacts/").data
    wait_until(lambda: sleeping_queries(postgres) == 1)

    assert client.get(f"runs/{waiting['id']}/").data["status"] == RunStatus.QUEUED
    cancelled = client.post(f"runs/{waiting['id']}/cancel/").data
    assert (cancelled["status"], cancelled["started_at"]) == (RunStatus.CANCELLED, None)

    assert client.post(f"runs/{run.id}/cancel/").status == 200
    client.platform.wait_for(run.id)
    assert client.get(f"runs/{run.id}/artifacts/manifest.json").status == 200
    shown = client.get(f"runs/{run.id}/", include_related="run_steps").data
    assert (shown["status"], shown["is_cancelled"]) == (RunStatus.CANCELLED, True)
    assert [step["status"] for step in shown["run_steps"]] == [10, 10, 10, 30]
    wait_until(lambda: sleeping_queries(postgres) == 0)
    again = client.post(f"runs/{run.id}/cancel/").data
    assert again["finished_at"] == shown["finished_at"]


def test_a_job_shows_its_latest_run_if_asked_to(client: PlainClient, job: int) -> None:
    client.platform.add_finished_run(job, created_at=_START, finished_at=_START)
    latest = client.platform.add_finished_run(job, created_at=_START, finished_at=_START)
    assert client.get(f"jobs/{job}/").data["most_recent_run"] is None
    shown = client.get(f"jobs/{job}/", include_related="most_recent_run,environment").data
    assert shown["most_recent_run"]["id"] == latest.id
    assert shown["environment"]["name"] == "Production"


def test_a_retry_runs_what_failed_and_the_commands_after_it(
    client: PlainClient, job: int, broken_oven: Callable[[], None]
) -> None:
    steps = ["dbt build", "dbt test --select stg_orders"]
    failed = client.platform.wait_for(client.platform.trigger(job, steps).id)
    shown = client.get(f"runs/{failed.id}/", include_related="run_steps").data
    assert (shown["status"], shown["can_retry"]) == (RunStatus.ERROR, True)
    assert [step["status"] for step in shown["run_steps"]] == [10, 10, 10, 20]
    assert "division by zero" in shown["run_steps"][3]["logs"]
    assert client.get(f"runs/{failed.id}/retry/").data == {
        "failed_step": "Invoke dbt with `dbt build`",
        "skipped_steps": ["dbt test --select stg_orders"],
    }

    broken_oven()
    retried = client.post(f"runs/{failed.id}/retry/").data
    assert retried["retrying_run_id"] == failed.id
    client.platform.wait_for(retried["id"])
    shown = client.get(f"runs/{retried['id']}/", include_related="run_steps").data
    assert (shown["status"], shown["git_sha"]) == (RunStatus.SUCCESS, failed.git_sha)
    assert [step["name"] for step in shown["run_steps"]][3:] == [
        "Invoke dbt with `dbt retry`",
        "Invoke dbt with `dbt test --select stg_orders`",
    ]
    results = client.get(f"runs/{retried['id']}/artifacts/run_results.json", step=4).content
    assert {result["unique_id"].split(".")[2] for result in results["results"]} == {
        "oven", "oven_report", "not_null_oven_report_products",
    }  # fmt: skip
    refused = client.post(f"runs/{failed.id}/retry/")
    assert (refused.status, refused.data) == (400, None)


def test_a_rerun_of_a_job_whose_latest_run_succeeded_is_a_new_run(
    client: PlainClient, built: Run
) -> None:
    again = client.post(f"jobs/{built.job.id}/rerun/").data
    client.post(f"runs/{again['id']}/cancel/")
    assert again["retrying_run_id"] is None
    assert client.platform.wait_for(again["id"]).commands == [
        "dbt deps", *built.job.execute_steps
    ]  # fmt: skip


def test_a_revision_that_does_not_exist_ends_the_run_with_a_message(
    client: PlainClient, job: int
) -> None:
    run = client.post(f"jobs/{job}/run/", {"cause": "x", "git_sha": "0" * 40}).data
    ended = client.platform.wait_for(run["id"])
    assert ended.status is RunStatus.ERROR
    assert "0000000" in (ended.status_message or "")
    assert len(ended.steps) == 1
    listed = client.get(f"runs/{run['id']}/artifacts/")
    assert (listed.status, listed.data) == (200, [])


def test_a_run_is_of_the_latest_commit_or_the_one_it_asks_for(
    client: PlainClient, job: int
) -> None:
    first = client.platform.repository.sha
    latest = client.platform.repository.commit({"README.md": f"After {first}"})
    runs = [
        client.post(f"jobs/{job}/run/", {"cause": "x", "git_sha": asked}).data["id"]
        for asked in (first, None)
    ]
    shown = []
    for id in runs:
        wait_until(functools.partial(_has_sha, client, id))
        client.post(f"runs/{id}/cancel/")
        shown.append(client.get(f"runs/{id}/").data["git_sha"])
    assert shown == [first, latest]
    assert first != latest


def test_a_step_that_is_no_command_of_dbt_ends_the_run_with_a_message(
    client: PlainClient, job: int
) -> None:
    run = client.platform.wait_for(client.platform.trigger(job, ["rm -rf nothing"]).id)
    assert run.status is RunStatus.ERROR
    assert run.status_message == "Not a dbt command: 'rm -rf nothing'."


def test_a_run_stops_at_its_time_limit(client: PlainClient, job: int) -> None:
    body = {"cause": "x", "timeout_seconds_override": 1, "steps_override": [BAKE]}
    run = client.platform.wait_for(client.post(f"jobs/{job}/run/", body).data["id"])
    assert run.status is RunStatus.CANCELLED
    assert "1 seconds" in (run.status_message or "")


def test_overrides_of_a_trigger_reach_the_profile(client: PlainClient, job: int) -> None:
    body = {
        "cause": "x",
        "threads_override": 7,
        "schema_override": "pull_request",
        "target_name_override": "ci",
    }
    run = client.platform.run(client.post(f"jobs/{job}/run/", body).data["id"])
    wait_until(lambda: len(run.steps) > 2)
    client.post(f"runs/{run.id}/cancel/")
    profile = yaml.safe_load((run.folder / "profile" / "profiles.yml").read_text())["bakery"]
    output = profile["outputs"]["ci"]
    assert (profile["target"], output["threads"], output["schema"]) == ("ci", 7, "pull_request")
    assert run.steps[1].name.endswith("(override schema to 'pull_request')")


def test_a_run_goes_on_after_the_check_of_sources_that_its_job_has_as_a_setting(
    client: PlainClient,
) -> None:
    repository = client.platform.repository
    freshness = "{loaded_at_field: at, freshness: {warn_after: {count: 1, period: day}}}"
    sources = f"sources: [{{name: missing, tables: [{{name: missing, config: {freshness}}}]}}]"
    sha = repository.commit({"models/sources.yml": sources})
    repository.commit({"models/sources.yml": None})
    settings = {"run_generate_sources": True, "execute_steps": ["dbt --quiet parse"]}
    job = client.post("jobs/", {**definition(client.platform), **settings}).data
    run = client.post(f"jobs/{job['id']}/run/", {"cause": "x", "git_sha": sha}).data
    client.platform.wait_for(run["id"])
    shown = client.get(f"runs/{run['id']}/", include_related="run_steps").data
    assert [(step["name"], step["status"]) for step in shown["run_steps"]][3:] == [
        ("Invoke dbt with `dbt source freshness`", RunStatus.ERROR),
        ("Invoke dbt with `dbt --quiet parse`", RunStatus.SUCCESS),
    ]
    assert (shown["status"], shown["has_sources_generated"]) == (RunStatus.SUCCESS, True)


def test_a_run_passes_through_queued_and_starting(client: PlainClient, job: int) -> None:
    client.platform.start_delay_seconds = 0.5
    try:
        run = client.platform.trigger(job)
        seen = []
        while run.status is not RunStatus.RUNNING:
            seen.append(run.status)
            time.sleep(0.02)
    finally:
        client.platform.start_delay_seconds = 0
        client.post(f"runs/{run.id}/cancel/")
    assert [status for status, _ in itertools.groupby(seen)] == [
        RunStatus.QUEUED, RunStatus.STARTING,
    ]  # fmt: skip


def test_the_time_of_finishing_can_be_shifted(client: PlainClient, job: int) -> None:
    client.platform.finish_time_shift = timedelta(hours=-1)
    try:
        run = client.platform.trigger(job)
        client.post(f"runs/{run.id}/cancel/")
        client.platform.wait_for(run.id)
    finally:
        client.platform.finish_time_shift = timedelta()
    assert run.finished_at is not None
    assert run.finished_at < run.created_at


# Lists


def test_pages_hold_all_rows_once(client: PlainClient, many: int) -> None:
    found: list[int] = []
    while True:
        page = client.get("runs/", job_definition_id=many, offset=len(found)).content
        pagination = page["extra"]["pagination"]
        assert pagination["count"] == len(page["data"]) <= 100
        if not page["data"]:
            break
        found += [run["id"] for run in page["data"]]
    assert pagination["total_count"] == len(found) == len(set(found)) == 230
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": 2}, [0, 1]),
        ({"limit": 2, "offset": 3}, [3, 4]),
        ({"limit": 2, "order_by": "-id"}, [229, 228]),
        ({"limit": 2, "order_by": "finished_at"}, [0, 1]),
        ({"limit": 2, "order_by": "-created_at"}, [229, 228]),
        ({"limit": 3, "status": 20}, [0, 10, 20]),
        ({"limit": 3, "status__in": "[20, 30]"}, [0, 10, 20]),
        ({"limit": 3, "status__in": "[30]"}, []),
        ({"limit": 3, "project_id": 1}, []),
        (
            {"finished_at__range": '["2024-01-01T02:05:00+00:00", "2024-01-01T04:05:00+00:00"]'},
            [2, 3, 4],
        ),
        ({"finished_at__range": '["2024-01-01T02:05:01Z", "2024-01-01T03:05:00Z"]'}, [3]),
        ({"created_at__range": '["2024-01-01 02:00:00", "2024-01-01 03:00:00"]'}, [2, 3]),
    ],
)
def test_lists_are_filtered_and_ordered(
    client: PlainClient, many: int, query: dict[str, Any], expected: list[int]
) -> None:
    ids = [run["id"] for run in client.get("runs/", job_definition_id=many, limit=100).data]
    latest = client.get("runs/", job_definition_id=many, order_by="-id", limit=1).data[0]["id"]
    numbers = {id: number for number, id in enumerate(ids)} | {latest: 229, latest - 1: 228}
    rows = client.get("runs/", job_definition_id=many, **query).data
    assert [numbers[row["id"]] for row in rows] == expected


def test_a_limit_above_the_services_is_lowered(client: PlainClient, many: int) -> None:
    content = client.get("runs/", job_definition_id=many, limit=1000).content
    assert len(content["data"]) == content["extra"]["filters"]["limit"] == 100


def test_unfinished_runs_come_first_in_descending_order(client: PlainClient, job: int) -> None:
    finished = client.platform.add_finished_run(job, created_at=_START, finished_at=_START)
    client.platform.start_delay_seconds = 60
    run = client.platform.trigger(job)
    try:
        rows = client.get("runs/", job_definition_id=job, order_by="-finished_at").data
        assert [row["id"] for row in rows] == [run.id, finished.id]
        rows = client.get("runs/", job_definition_id=job, order_by="finished_at").data
        assert [row["id"] for row in rows] == [finished.id, run.id]
    finally:
        client.platform.start_delay_seconds = 0
        client.post(f"runs/{run.id}/cancel/")


@pytest.mark.parametrize(
    "query",
    [
        {"order_by": "name"},
        {"limit": "many"},
        {"offset": -1},
        {"status__in": "[success]"},
        {"finished_at__range": "2024-01-01,2024-01-02"},
        {"finished_at__range": '["yesterday", "today"]'},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(client: PlainClient, query: dict[str, Any]) -> None:
    answer = client.get("runs/", **query)
    assert answer.status == 400
    assert list(answer.data) == list(query)


def test_steps_are_shown_with_one_run_but_not_in_lists(client: PlainClient, built: Run) -> None:
    query = {"job_definition_id": built.job.id, "include_related": '["trigger", "run_steps"]'}
    row = client.get("runs/", **query).data[0]
    assert row["trigger"]["cause"] == "Because"
    assert row["run_steps"] == []


def test_runs_and_jobs_can_disappear(client: PlainClient, job: int) -> None:
    run = client.platform.add_finished_run(job, created_at=_START, finished_at=_START)
    client.platform.delete_run(run.id)
    assert client.get(f"runs/{run.id}/").status == 404
    assert client.get("runs/", job_definition_id=job).data == []
    client.platform.delete_job(job)
    assert client.get(f"jobs/{job}/").status == 404
    assert client.post(f"jobs/{job}/run/", {"cause": "x"}).status == 404


# Account, project, environments, jobs


def test_the_account_its_project_and_its_environments_are_listed(client: PlainClient) -> None:
    platform = client.platform
    assert client.get("").data["id"] == platform.account_id
    assert [project["name"] for project in client.get("projects/").data] == ["bakery"]
    assert client.get(f"projects/{platform.project_id}/").data["name"] == "bakery"
    environments = client.get("environments/", project_id=platform.project_id).data
    assert [(e["name"], e["type"], e["deployment_type"]) for e in environments] == [
        ("Development", "development", None),
        ("Staging", "deployment", "staging"),
        ("Production", "deployment", "production"),
    ]
    assert client.get(f"environments/{platform.environment_id}").data == environments[2]
    assert environments[2]["dbt_version"].startswith("1.")
    for path in ("projects/1/", "environments/1/", "jobs/1/", "runs/1/", "steps/1/", "nothing/"):
        assert client.get(path).status == 404, path


def definition(platform: StandInPlatform | type[StandInPlatform]) -> dict[str, Any]:
    return {
        "account_id": platform.account_id,
        "project_id": platform.project_id,
        "environment_id": platform.environment_id,
        "name": "Created",
        "execute_steps": ["dbt build --select 'tag:a tag:b'"],
        "triggers": {"github_webhook": False, "schedule": False},
        "settings": {"threads": 2, "target_name": "prod"},
        "state": 1,
    }


def test_jobs_are_created_changed_and_deleted(client: PlainClient) -> None:
    body = definition(client.platform)
    created = client.post("jobs/", body)
    assert created.status == 201
    job = created.data
    shown = client.get(f"jobs/{job['id']}/").data
    assert {name: shown[name] for name in body if name != "triggers"} == {
        name: body[name] for name in body if name != "triggers"
    }
    assert job["id"] in [row["id"] for row in client.get("jobs/").data]
    changed = client.post(f"jobs/{job['id']}/", {**body, "name": "Changed"}).data
    assert (changed["name"], changed["created_at"]) == ("Changed", job["created_at"])
    deleted = client.send("DELETE", f"jobs/{job['id']}/")
    assert (deleted.status, deleted.data["state"]) == (200, 2)
    assert client.get(f"jobs/{job['id']}/").status == 404
    assert job["id"] not in [row["id"] for row in client.get("jobs/").data]


@pytest.mark.parametrize("missing", list(definition(StandInPlatform)))
def test_a_job_without_a_required_field_is_refused(client: PlainClient, missing: str) -> None:
    body = definition(client.platform)
    del body[missing]
    answer = client.post("jobs/", body)
    assert (answer.status, list(answer.data)) == (400, [missing])


@pytest.mark.parametrize(
    "change",
    [
        {"environment_id": 1},
        {"environment_id": StandInPlatform.development_environment_id},
        {"account_id": 1},
        {"name": ""},
        {"execute_steps": "dbt build"},
        {"execute_steps": ["dbt build --select 'a"]},
        {"settings": {"threads": 2}},
        {"triggers": {"schedule": True}},
    ],
)
def test_a_job_with_a_wrong_field_is_refused(client: PlainClient, change: dict[str, Any]) -> None:
    answer = client.post("jobs/", {**definition(client.platform), **change})
    assert (answer.status, list(answer.data)) == (400, list(change))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "cause"),
        ({"cause": "x", "steps_override": ["dbt build --select 'a"]}, "steps_override"),
        ({"cause": "x", "threads_override": "4"}, "threads_override"),
    ],
)
def test_a_trigger_with_a_wrong_field_is_refused(
    client: PlainClient, job: int, body: dict[str, Any], field: str
) -> None:
    answer = client.post(f"jobs/{job}/run/", body)
    assert (answer.status, list(answer.data)) == (400, [field])
    assert client.get("runs/", job_definition_id=job).data == []


# Authorization and paths


def test_a_token_is_needed_in_either_form(client: PlainClient) -> None:
    token = client.platform.token
    assert client.send("GET", "jobs/", authorization=f"Bearer {token}").status == 200
    assert client.send("GET", "jobs", authorization=f"Token {token}").status == 200
    for wrong in ("Token no", token, f"Basic {token}"):
        answer = client.send("GET", "jobs/", authorization=wrong)
        assert (answer.status, answer.content["status"]["is_success"]) == (401, False)


def test_another_account_is_not_found(client: PlainClient) -> None:
    assert client.send_to("GET", "/api/v2/accounts/1/jobs/").status == 404
    assert client.send("PUT", "jobs/").status == 405


def test_requests_are_recorded(client: PlainClient) -> None:
    before = len(client.platform.requests)
    client.get("runs/", limit=1)
    client.send("GET", "jobs/", authorization="Token no")
    recorded = client.platform.requests[before:]
    assert [
        (r.method, r.path.rpartition("/accounts/")[2], r.query, r.status) for r in recorded
    ] == [
        ("GET", f"{client.platform.account_id}/runs/", "limit=1", 200),
        ("GET", f"{client.platform.account_id}/jobs/", "", 401),
    ]
    assert recorded[0].user_agent == "plain/1"


# Faults


def test_a_status_strikes_after_and_as_often_as_it_is_told(client: PlainClient) -> None:
    client.platform.inject(
        Fault("GET", "/jobs/", "status", times=2, after=1, status=429, headers={"Retry-After": "7"})
    )
    assert client.get("projects/").status == 200
    answers = [client.get("jobs/") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].content["status"]["code"] == 429


def test_faults_without_end_last_until_they_are_cleared(client: PlainClient) -> None:
    client.platform.inject(Fault("*", ".", "status", times=None, status=503))
    assert {client.get("jobs/").status, client.post("jobs/", {}).status} == {503}
    client.platform.clear_faults()
    assert client.get("jobs/").status == 200


def test_slow_waits_first(client: PlainClient) -> None:
    client.platform.inject(Fault("GET", "/jobs/", "slow", seconds=0.4))
    start = time.monotonic()
    assert client.get("jobs/").status == 200
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(
    ("kind", "error", "is_done"),
    [
        ("drop", http.client.RemoteDisconnected, False),
        ("drop_after", http.client.RemoteDisconnected, True),
        ("truncate", http.client.IncompleteRead, True),
    ],
)
def test_a_broken_connection_may_leave_the_work_done_or_not(
    client: PlainClient, kind: Kind, error: type[Exception], is_done: bool
) -> None:
    client.platform.inject(Fault("POST", "/jobs/$", kind))
    name = f"Through {kind}."
    with pytest.raises(error):
        client.post("jobs/", {**definition(client.platform), "name": name})
    found = client.get("jobs/", name__icontains=name).data
    assert len(found) == is_done


def test_answers_can_be_no_json(client: PlainClient) -> None:
    client.platform.inject(
        Fault("GET", "/jobs/", "html_page"), Fault("GET", "/jobs/", "broken_json")
    )
    page, half = client.get("jobs/"), client.get("jobs/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert (half.status, half.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="line 1"):
        assert half.content


def test_answers_can_be_empty(client: PlainClient) -> None:
    client.platform.inject(Fault("GET", "/jobs/", "empty"))
    answer = client.get("jobs/")
    assert (answer.status, answer.data) == (200, None)


def test_pages_can_repeat_and_omit_a_row(client: PlainClient, many: int) -> None:
    def page(offset: int) -> list[int]:
        rows = client.get("runs/", job_definition_id=many, limit=3, offset=offset).data
        return [row["id"] for row in rows]

    first, second, third = page(0), page(3), page(6)
    client.platform.inject(
        Fault("GET", "/runs/$", "repeated_row"), Fault("GET", "/runs/$", "missing_row")
    )
    assert page(0) == first, "only a page after the first"
    assert page(3) == [first[2], *second[:2]]
    assert page(3) == [*second[1:], third[0]]
    assert page(3) == second


def test_artifacts_and_logs_can_be_hidden(client: PlainClient, built: Run) -> None:
    name = "run_results.json"
    client.platform.inject(
        Fault("GET", "/artifacts/", "hide_artifact", artifact=name, times=2),
        Fault("GET", f"/runs/{built.id}/$", "hide_logs"),
    )
    listed = client.get(f"runs/{built.id}/artifacts/").data
    assert name not in listed
    assert "manifest.json" in listed
    assert client.get(f"runs/{built.id}/artifacts/{name}").status == 404
    assert client.get(f"runs/{built.id}/artifacts/{name}").status == 200
    logs = []
    for _ in range(2):
        answer = client.get(f"runs/{built.id}/", include_related="run_steps")
        logs.append([len(step["logs"]) > 0 for step in answer.data["run_steps"]])
    assert logs == [[False] * 6, [True] * 6]


def test_one_run_can_be_unknown(client: PlainClient, job: int) -> None:
    one, other = (
        client.platform.add_finished_run(job, created_at=_START, finished_at=_START) for _ in "12"
    )
    client.platform.inject(Fault("GET", "/runs/", "deleted_run", run_id=one.id))
    assert client.get(f"runs/{other.id}").status == 200
    assert client.get(f"runs/{one.id}").status == 404
    assert client.get(f"runs/{one.id}").status == 200


def test_faults_can_be_set_and_cleared_over_http(client: PlainClient) -> None:
    fault = {
        "method": "GET",
        "path_pattern": "/jobs/",
        "kind": "status",
        "times": None,
        "status": 502,
    }
    assert client.send_to("POST", "/_control/faults", body=fault).status == 200
    assert client.get("jobs/").status == 502
    assert client.send_to("DELETE", "/_control/faults").status == 200
    assert client.get("jobs/").status == 200
    for wrong in ({**fault, "kind": "flood"}, {**fault, "how": 1}, {"kind": "drop"}, [1]):
        assert client.send_to("POST", "/_control/faults", body=wrong).status == 400, wrong
    assert client.get("jobs/").status == 200


def test_a_fault_that_lacks_its_object_is_refused() -> None:
    fault = Fault("GET", "/runs/", "hide_artifact", artifact="manifest.json")
    with pytest.raises(ValueError, match="name of the artifact"):
        replace(fault, artifact=None)
    with pytest.raises(ValueError, match="run_id"):
        replace(fault, kind="deleted_run")


# The command line


def test_the_command_line_serves_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "tests.dbt_platform"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        printed = itertools.takewhile(lambda line: "JOB_ID" not in line, process.stdout)
        values = dict(line.removeprefix("export ").strip().split("=") for line in list(printed)[1:])
        url = "{DBT_CLOUD_ACCESS_URL}/api/v2/accounts/{DBT_CLOUD_ACCOUNT_ID}/jobs/".format(**values)
        headers = {"Authorization": f"Token {values['DBT_CLOUD_TOKEN']}"}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            assert b"dbt build" in response.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)
