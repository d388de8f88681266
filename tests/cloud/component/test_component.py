"""DbtCloudComponent against the stand-in platform, which runs real dbt on PostgreSQL."""

import re
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCloudComponent
from dbt_component.errors import DagsterDbtManifestNotFoundError, DefinitionError
from tests.cloud.component.conftest import CloudProject
from tests.dbt_platform.embedded_postgres import create_database
from tests.dbt_platform.faults import Fault
from tests.dbt_platform.platform import StandInPlatform
from tests.dg_project import DgProject, RunOutcome, checks_of, run, specs_of
from tests.equivalence.databases import PostgresDatabase

pytestmark = pytest.mark.server


def keys(*names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(dg.AssetKey(name.split("/")) for name in names))


def refusal(project: DgProject) -> str:
    """The messages of all errors that loading the component raises."""
    with pytest.raises(Exception) as failure:
        project.component()
    texts: list[str] = []
    error: BaseException | None = failure.value
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def posts(platform: StandInPlatform, end: str) -> int:
    return sum(r.method == "POST" and r.path.rstrip("/").endswith(end) for r in platform.requests)


def test_loading_reads_the_state_alone(
    cloud_project: CloudProject, dbt_platform: StandInPlatform
) -> None:
    project = cloud_project.write().project
    project.refresh()
    before = len(dbt_platform.requests)
    specs = specs_of(project.load())
    assert len(dbt_platform.requests) == before
    spec = specs["product_sales"]
    assert "dbtcloud" in spec.kinds and "dbt" not in spec.kinds
    assert spec.metadata["dagster_dbt/cloud_environment_id"] == dbt_platform.environment_id


def test_without_a_state_the_error_says_what_to_run(cloud_project: CloudProject) -> None:
    project = cloud_project.write(prepare_if_dev=False).project
    with pytest.raises(Exception) as failure:
        project.load()
    error = failure.value.__cause__ or failure.value
    while not isinstance(error, DagsterDbtManifestNotFoundError):
        assert error.__cause__ is not None, repr(failure.value)
        error = error.__cause__
    assert "dg utils refresh-defs-state" in str(error)


@pytest.mark.reliability(
    "Faults of the dbt platform: what the project holds",
    tried="the platform is down when a code location loads",
    outcome="the last state stays in use, with a warning",
)
def test_a_platform_that_is_down_leaves_the_last_state_in_use(
    cloud_project: CloudProject,
    dbt_platform: StandInPlatform,
    in_dev: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    project = cloud_project.write().project
    project.refresh()
    dbt_platform.inject(Fault("*", "/", "status", times=None, status=503))
    assert "product_sales" in specs_of(project.load())
    assert "the last good state" in caplog.text
    assert dbt_platform.token not in caplog.text


def _events(outcome: RunOutcome) -> list[tuple[str, ...]]:
    """Assets and checks with what became of them, in no order."""
    return sorted(
        [("materialized", key) for key in outcome.materialized]
        + [("observed", key) for key in outcome.observations]
        + [("check", name, str(passed)) for name, passed in outcome.checks.items()]
    )


def test_a_run_gives_the_events_of_the_same_project_run_locally(
    cloud_project: CloudProject, postgres: PostgresDatabase
) -> None:
    project = cloud_project.write(create_sensor=False).project
    project.refresh()
    on_platform = run(project.load())

    local_folder = project.copy_dbt_project("bakery")
    create_database(postgres, "bakery_locally").write_profile(
        local_folder, profile="bakery", target="local", schema="prod", threads=4
    )
    project.write_component(project="{{ context.project_root }}/bakery")
    project.refresh()
    locally = run(project.load())
    assert _events(on_platform) == _events(locally)
    assert on_platform.success == locally.success
    assert len(on_platform.materialized) == 8
    for key, metadata in on_platform.metadata.items():
        own = metadata.keys() - {"run_url", "job", "environment", "commit"}
        missing = locally.metadata[key].keys() - own
        assert missing == set(), key
        assert metadata["status"] == locally.metadata[key]["status"]
        assert "/runs/" in metadata["run_url"]


def test_a_subset_runs_exactly_that(
    cloud_project: CloudProject, dbt_platform: StandInPlatform
) -> None:
    project = cloud_project.write(create_sensor=False).project
    project.refresh()
    before = posts(dbt_platform, "/run")
    outcome = run(project.load(), keys("raw_products", "stg_products"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_products", "stg_products"]
    assert posts(dbt_platform, "/run") == before + 1
    own = {name for name in checks_of(project.load()) if name.startswith("stg_products:")}
    assert outcome.checks.keys() == own


REFUSED: dict[str, Any] = {
    "project": "x",
    "defer": True,
    "skip_unchanged": True,
    "include_metadata": ["row_count"],
    "column_lineage": {},
    "source_freshness": {},
    "watch": {},
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_cannot_apply_is_refused_with_the_reason(
    cloud_project: CloudProject, key: str
) -> None:
    project = cloud_project.write(**{key: REFUSED[key]}).project
    assert re.search(
        rf"Unknown key '{key}'; it can't apply on the dbt platform: \w", refusal(project)
    )


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        (
            {"checks": {"rules": [{"select": "fqn:*", "severity": "warn"}]}},
            r"checks.rules\[0\].severity",
        ),
        (
            {"checks": {"rules": [{"select": "fqn:*", "blocking": False}]}},
            r"checks.rules\[0\].blocking",
        ),
        (
            {"ops": [{"name": "a", "select": "marts", "include_metadata": ["row_count"]}]},
            r"ops\[0\].include_metadata",
        ),
        ({"timeout_seconds": 0}, "timeout_seconds"),
    ],
)
def test_what_dbt_itself_would_have_to_be_told_is_refused(
    cloud_project: CloudProject, attributes: dict[str, Any], named: str
) -> None:
    project = cloud_project.write(**attributes).project
    assert re.search(named, refusal(project))


def test_a_token_in_the_file_is_warned_of_and_not_shown(
    cloud_project: CloudProject, caplog: pytest.LogCaptureFixture
) -> None:
    component = cloud_project.write({"token": "dbtc_secret"}).project.component()
    assert "`workspace.token` in defs.yaml is the token itself" in caplog.text
    assert "dbtc_secret" not in caplog.text
    assert "dbtc_secret" not in repr(component)
    assert "dbtc_secret" not in repr(component.workspace)


@pytest.mark.parametrize(
    "text",
    [
        "workspace: {token: dbtc_secret, account_id: 1}",
        "workspace: {token: [dbtc_secret], account_id: 1, project_id: 1, environment_id: 1}",
        "workspce: {token: dbtc_secret}",
        "workspace: [{token: dbtc_secret}]",
    ],
)
def test_no_error_of_the_file_shows_a_token_in_it(cloud_project: CloudProject, text: str) -> None:
    project = cloud_project.project
    project.write_yaml(
        f"type: dbt_component.DbtCloudComponent\nattributes:\n  {text}\n  select: marts\n"
    )
    message = refusal(project)
    assert "validation error" in message
    assert "dbtc_secret" not in message


@pytest.mark.parametrize(
    ("workspace", "named"),
    [
        ({"project_id": "bakery"}, "workspace.project_id"),
        ({"access_url": "ftp://x"}, "access URL"),
        ({"adhoc_job_pool_size": 0}, "workspace.adhoc_job_pool_size"),
        ({"adhoc_job_pool_mode": "all"}, "adhoc_job_pool_mode"),
        ({"envirnoment_id": 1}, "Unknown key 'envirnoment_id'. Did you mean 'environment_id'"),
    ],
)
def test_a_wrong_workspace_is_named(
    cloud_project: CloudProject, workspace: dict[str, Any], named: str
) -> None:
    project = cloud_project.write(workspace).project
    assert re.search(named, refusal(project))


def test_two_selections_of_an_environment_have_states_of_their_own(
    cloud_project: CloudProject,
) -> None:
    whole = cloud_project.write().project.component().defs_state_config.key
    part = cloud_project.write(select="marts").project.component().defs_state_config.key
    place = cloud_project.project.component().platform.place
    assert whole == f"DbtCloudComponent[{place.project_id}-{place.environment_id}]"
    assert part != whole


def test_a_selection_names_its_key_if_dbt_refuses_it(cloud_project: CloudProject) -> None:
    project = cloud_project.write(
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *", "select": "nonsense:x"}]
    ).project
    with pytest.raises(DefinitionError.__mro__[1], match=r"nightly"):
        project.refresh()


def test_partitions_reach_dbt_as_variables(
    cloud_project: CloudProject, dbt_platform: StandInPlatform
) -> None:
    project = cloud_project.write(
        create_sensor=False,
        ops=[
            {
                "name": "by_day",
                "select": "raw_products",
                "partitions_def": {"type": "daily", "start_date": "2024-01-01"},
                "vars": {"day": "{{ partition.key }}"},
            }
        ],
    ).project
    project.refresh()
    outcome = run(project.load(), keys("raw_products"), partition_key="2024-02-03")
    assert outcome.success, outcome.failure
    run_id = int(outcome.metadata["raw_products"]["run_url"].rstrip("/").rpartition("/")[2])
    step = dbt_platform.run(run_id).steps[-1].name
    assert '"day": "2024-02-03"' in step


def test_in_python_the_workspace_is_a_value(
    dg_project: DgProject, dbt_platform: StandInPlatform
) -> None:
    from tests.cloud.conftest import workspace_of

    component = DbtCloudComponent(workspace=workspace_of(dbt_platform), select="marts")
    assert component.platform.place.account_id == dbt_platform.account_id
