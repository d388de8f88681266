"""The state of a project on the platform: from the newest run, else from `dbt parse`, and written only if it says more."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbt_component.cloud import manifest_run
from dbt_component.cloud.execution.followed_run import Patience
from dbt_component.cloud.platform_record import read_record
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.errors import (
    DbtCloudAnswerError,
    DbtCloudAuthError,
    DbtCloudError,
    ProjectFileError,
    SelectionError,
)
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria
from tests.cloud.conftest import add_ended_run, workspace_of
from tests.dbt_platform.faults import Fault
from tests.dbt_platform.platform import StandInPlatform
from tests.dbt_platform.run import Run
from tests.dbt_platform.statuses import RunStatus

pytestmark = pytest.mark.server


def refresh(
    workspace: DbtCloudWorkspace, path: Path, *selections: SelectionCriteria
) -> RefreshOutcome:
    return workspace.source.refresh(RefreshRequest(state_path=path, selections=selections))


def triggered(platform: StandInPlatform) -> int:
    return sum(
        request.method == "POST" and request.path.rstrip("/").endswith("/run")
        for request in platform.requests
    )


def test_the_newest_run_gives_the_manifest_and_no_job_is_started(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    before = triggered(dbt_platform)
    assert refresh(workspace, tmp_path / "state").is_changed
    assert triggered(dbt_platform) == before
    state = StateFile(tmp_path / "state")
    record = read_record(state)
    assert record is not None
    assert record.run_id == parsed.id
    assert record.commit == parsed.git_sha
    assert "model.bakery.stg_orders" in state.index.node_by_id


def test_nothing_new_means_nothing_downloaded_and_nothing_written(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    refresh(workspace, path)
    before = path.stat().st_mtime_ns, len(dbt_platform.requests)
    assert not refresh(workspace, path).is_changed
    assert path.stat().st_mtime_ns == before[0]
    asked = [request.path for request in dbt_platform.requests[before[1] :]]
    assert not any("manifest.json" in path for path in asked), asked
    assert len(asked) <= 3


def test_a_new_run_of_the_same_code_writes_nothing(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    job = dbt_platform.create_job("Again", ["dbt parse"])
    refresh(workspace, path)
    dbt_platform.wait_for(dbt_platform.trigger(job.id).id)
    assert not refresh(workspace, path).is_changed
    # It is known now that the run says the same, so its manifest is not downloaded again.
    before = len(dbt_platform.requests)
    assert not refresh(workspace, path).is_changed
    asked = [request.path for request in dbt_platform.requests[before:]]
    assert not any("manifest.json" in path for path in asked), asked
    dbt_platform.delete_job(job.id)


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="the newest runs are of a pull request and with a schema of their own",
    outcome="the state is made from the newest of the others",
)
def test_runs_of_other_commands_and_nodes_write_nothing(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    """dbt adds compiled code, and macros that ran, to the manifest.json of a run that builds or tests."""
    path = tmp_path / "state"
    commands = ["dbt build --select stg_products", "dbt test", "dbt docs generate"]
    job = dbt_platform.create_job("Other", commands)
    refresh(workspace, path)
    before = path.read_bytes()
    for command in (*commands, "dbt run --select product_sales --empty"):
        run = dbt_platform.wait_for(dbt_platform.trigger(job.id, [command]).id)
        artifacts = run.artifacts(None)
        assert (
            artifacts is not None
            and b'"compiled": true' in (artifacts / "manifest.json").read_bytes()
        )
        outcome = refresh(workspace, path)
        assert not outcome.is_changed, (command, outcome.reasons)
    assert path.read_bytes() == before
    dbt_platform.delete_job(job.id)


def test_runs_with_a_schema_of_their_own_say_nothing_about_the_project(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    others = [
        dbt_platform.create_job("Try a pull request", ["dbt parse"], job_type="ci"),
        dbt_platform.create_job("Try a schema", ["dbt parse"]),
    ]
    settings: list[dict[str, Any]] = [
        {"gitlab_merge_request_id": 12},
        {"schema_override": "trial"},
    ]
    for job, own in zip(others, settings, strict=True):
        run = dbt_platform.wait_for(dbt_platform.trigger(job.id, **own).id)
        assert run.status is RunStatus.SUCCESS
        assert "override schema to" in run.steps[1].name
    refresh(workspace, tmp_path / "state")
    record = read_record(StateFile(tmp_path / "state"))
    assert record is not None
    assert record.run_id == parsed.id
    for job in others:
        dbt_platform.delete_job(job.id)


def test_without_a_run_that_is_new_enough_dbt_parse_runs_on_the_platform_once(
    dbt_platform: StandInPlatform, tmp_path: Path
) -> None:
    workspace = workspace_of(dbt_platform, environment_id=dbt_platform.staging_environment_id)
    before = triggered(dbt_platform)
    assert refresh(workspace, tmp_path / "state").is_changed
    assert triggered(dbt_platform) == before + 1
    # That run is itself new enough for the next refresh.
    assert not refresh(workspace, tmp_path / "state").is_changed
    assert triggered(dbt_platform) == before + 1


def test_with_an_age_of_zero_dbt_parse_runs_at_each_refresh(
    dbt_platform: StandInPlatform, parsed: Run, tmp_path: Path
) -> None:
    workspace = workspace_of(dbt_platform, manifest_max_age_hours=0)
    before = triggered(dbt_platform)
    refresh(workspace, tmp_path / "state")
    assert triggered(dbt_platform) == before + 1


def test_selections_are_answered_from_the_state(
    workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    staging = SelectionCriteria(select="staging")
    refresh(workspace, tmp_path / "state", staging)
    project = StateProject(StateFile(tmp_path / "state"), None)
    models = {i for i in project.select(staging) if i.startswith("model.")}
    assert models == {"model.bakery.stg_orders", "model.bakery.stg_products"}
    assert caplog.text == ""
    # Another selection makes a new state from the same run.
    assert refresh(workspace, tmp_path / "state", SelectionCriteria(select="marts")).is_changed


def test_a_selection_that_dbt_refuses_leaves_the_state_alone(
    workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    refresh(workspace, path)
    before = path.read_bytes()
    with pytest.raises(SelectionError):
        refresh(workspace, path, SelectionCriteria(select="nonsense:x"))
    assert path.read_bytes() == before


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="503, pages of a proxy and a refused token during a refresh",
    outcome="an error without the token; the state is as before",
)
def test_a_platform_that_fails_leaves_the_state_alone(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    refresh(workspace, path)
    before = path.read_bytes()
    for fault in (
        Fault("GET", r"/runs/?$", "status", status=503, times=50),
        Fault("GET", r"/jobs/?$", "html_page", times=50),
        Fault("GET", r"/jobs/?$", "status", status=401, times=50),
    ):
        dbt_platform.inject(fault)
        with pytest.raises(DbtCloudError) as failure:
            refresh(workspace, path)
        assert dbt_platform.token not in str(failure.value)
        dbt_platform.clear_faults()
        assert path.read_bytes() == before
    assert isinstance(failure.value, DbtCloudAuthError)


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="the download of manifest.json breaks off twice",
    outcome="it is fetched again",
)
def test_a_manifest_that_is_cut_off_is_fetched_again(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run, tmp_path: Path
) -> None:
    dbt_platform.inject(Fault("GET", r"/artifacts/manifest\.json", "truncate", times=2))
    assert refresh(workspace, tmp_path / "state").is_changed
    assert StateFile(tmp_path / "state").index.project_name == "bakery"


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="`dbt parse` fails on the platform",
    outcome="an error with the run's page; the state is as before",
)
def test_a_parse_that_fails_on_the_platform_names_the_run(
    dbt_platform: StandInPlatform, tmp_path: Path
) -> None:
    workspace = workspace_of(dbt_platform, manifest_max_age_hours=0)
    dbt_platform.repository.commit({"models/broken.sql": "select {{ nonsense( }}"})
    try:
        with pytest.raises(
            DbtCloudError, match="`dbt parse` on the dbt platform ended as 'Error'"
        ) as failure:
            refresh(workspace, tmp_path / "state")
    finally:
        dbt_platform.repository.commit({"models/broken.sql": None})
    assert "/runs/" in str(failure.value)


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="`dbt parse` can be neither followed nor cancelled",
    outcome="the error and the log name the run that may go on",
)
def test_a_parse_that_can_be_neither_followed_nor_cancelled_names_both(
    dbt_platform: StandInPlatform,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifest_run, "PATIENCE", Patience(without_answer=1))
    workspace = workspace_of(dbt_platform, manifest_max_age_hours=0)
    dbt_platform.inject(
        Fault("GET", r"/runs/\d+/$", "broken_json", None),
        Fault("POST", "/cancel/", "status", None, status=503),
    )
    with pytest.raises(DbtCloudAnswerError, match="can't be understood"):
        refresh(workspace, tmp_path / "state")
    (said,) = [r.message for r in caplog.records if "could not be cancelled" in r.message]
    assert "/runs/" in said


def test_a_project_that_dbt_cannot_parse_there_gives_the_error_of_dbt(
    dbt_platform: StandInPlatform, tmp_path: Path
) -> None:
    dbt_platform.repository.commit({"models/lost.sql": "select * from {{ ref('nowhere') }}"})
    workspace = workspace_of(dbt_platform, manifest_max_age_hours=0)
    try:
        with pytest.raises(DbtCloudError, match="depends on a node named 'nowhere'") as failure:
            refresh(workspace, tmp_path / "state")
    finally:
        dbt_platform.repository.commit({"models/lost.sql": None})
    assert "/runs/" in str(failure.value)


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="a manifest.json that is none, or of a newer schema",
    outcome="an error that names the run; the state is as before",
)
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"detail": "a proxy says hello"}', "not a dbt manifest: it has no `nodes`"),
        ("[]", "not a dbt manifest: it contains list"),
        (
            '{"metadata": {"dbt_schema_version": "https://x/dbt/manifest/v99.json"}, "nodes": {}}',
            "newer than this release",
        ),
    ],
)
def test_what_is_no_manifest_leaves_the_state_alone(
    dbt_platform: StandInPlatform,
    workspace: DbtCloudWorkspace,
    parsed: Run,
    tmp_path: Path,
    content: str,
    problem: str,
) -> None:
    path = tmp_path / "state"
    refresh(workspace, path)
    before = path.read_bytes()
    later = dbt_platform.create_job("Later", ["dbt parse"])
    run = add_ended_run(dbt_platform, later.id, parsed)
    *earlier, last = run.steps
    shutil.copytree(last.folder, tmp_path / "last step")
    run.steps = [*earlier, replace(last, folder=tmp_path / "last step")]
    (run.steps[-1].artifacts / "manifest.json").write_text(content)
    with pytest.raises(ProjectFileError, match=problem) as failure:
        refresh(workspace, path)
    assert f"/runs/{run.id}" in str(failure.value)
    assert path.read_bytes() == before
    dbt_platform.delete_run(run.id)
    dbt_platform.delete_job(later.id)
