"""``jobs`` of a component, and schedules of them: how they load. What they run: test_jobs.py."""

from typing import Any

import dagster as dg
import pytest

from dbt_component.errors import DagsterDbtError
from tests.component.conftest import prepared as prepared
from tests.dg_project import DgProject

pytestmark = pytest.mark.usefixtures("shared_states")

MARTS = {"name": "marts", "select": "tag:staging"}
NIGHTLY = {"name": "nightly", "cron_schedule": "0 5 * * *"}


def load_error(project: DgProject, **attributes: Any) -> DagsterDbtError:
    project.write_component(**attributes)
    with pytest.raises(Exception) as caught:
        project.load()
    assert isinstance(caught.value, DagsterDbtError), caught.value
    return caught.value


def test_several_schedules_share_a_job_with_its_tags_and_config(
    dg_project: DgProject, prepared: None
) -> None:
    config = {"execution": {"config": {"multiprocess": {"max_concurrent": 1}}}}
    dg_project.write_component(
        jobs=[{**MARTS, "tags": {"team": "x"}, "run_config": config}],
        schedules=[
            {**NIGHTLY, "cron_schedule": ["0 5 * * *", "0 17 * * *"], "job": "marts"},
            {**NIGHTLY, "name": "weekly", "job": "marts", "run_config": {}, "tags": {"a": "b"}},
            {**NIGHTLY, "name": "other", "select": "tag:staging"},
        ],
    )
    repository = dg_project.load().get_repository_def()
    assert {s.name: s.job_name for s in repository.schedule_defs} == {
        "nightly": "marts",
        "weekly": "marts",
        "other": "other_job",
    }
    marts, other = repository.get_job("marts"), repository.get_job("other_job")
    keys = marts.asset_layer.selected_asset_keys
    assert keys == other.asset_layer.selected_asset_keys
    assert {key.to_user_string() for key in keys} == {"stg_customers", "stg_orders", "from_source"}
    strategy = {"dagster/retry_strategy": "FROM_ASSET_FAILURE"}
    assert marts.run_tags == {"team": "x", **strategy}
    assert other.run_tags == strategy
    nightly, weekly = (repository.get_schedule_def(name) for name in ("nightly", "weekly"))
    assert nightly.cron_schedule == ["0 5 * * *", "0 17 * * *"]
    (of_nightly,) = nightly.evaluate_tick(dg.build_schedule_context()).run_requests or ()
    (of_weekly,) = weekly.evaluate_tick(dg.build_schedule_context()).run_requests or ()
    assert of_nightly.run_config == config
    assert of_weekly.run_config == {}
    assert of_weekly.tags["a"] == "b"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"schedules": [{**NIGHTLY, "job": "mart"}]}, "Did you mean 'marts'?"),
        ({"schedules": [{**NIGHTLY, "job": "zzz"}]}, "There are 'marts'."),
        ({"jobs": [], "schedules": [{**NIGHTLY, "job": "marts"}]}, "There are none."),
        (
            {"schedules": [{**NIGHTLY, "job": "marts", "select": "a", "exclude": "b"}]},
            "has both `job` ('marts') and `select`, `exclude`",
        ),
        ({"schedules": [{**NIGHTLY, "job": "marts", "job_name": "a"}]}, "and `job_name`"),
        ({"schedules": [{**NIGHTLY, "job": "marts", "selector": "a"}]}, "and `selector`"),
        ({"jobs": [MARTS, MARTS]}, "Two jobs have the name 'marts': jobs[0].name and jobs[1].name"),
        (
            {"schedules": [{**NIGHTLY, "job_name": "marts"}]},
            "Two jobs have the name 'marts': jobs[0].name and schedules[0].job_name",
        ),
        (
            {"schedules": [NIGHTLY, {**NIGHTLY, "job": "marts"}]},
            "Two schedules have the name 'nightly'",
        ),
        ({"jobs": [{"name": "shop"}]}, "A job and an op have the name 'shop'"),
        ({"jobs": [{"name": "a b"}]}, "Job 'a b'"),
        ({"jobs": [{"name": "a", "select": "b", "selector": "c"}]}, "Job 'a': "),
        ({"jobs": [{"name": "a", "exclude": "fqn:*", "select": "fqn:*"}]}, "jobs[0]"),
    ],
)
def test_what_can_not_be_launched_is_refused_with_key_and_remedy(
    dg_project: DgProject, prepared: None, attributes: dict[str, Any], expected: str
) -> None:
    error = load_error(dg_project, **{"jobs": [MARTS], **attributes})
    assert expected in str(error)
    assert "defs.yaml:" in str(error)


def test_a_job_that_needs_several_partitions_is_refused_by_load_and_refresh(
    dg_project: DgProject,
) -> None:
    partitions = (
        "{{ dg.DailyPartitionsDefinition('2024-01-01') if node.name == 'customers' else"
        " dg.StaticPartitionsDefinition(['a']) if node.name == 'daily_orders' else none }}"
    )
    dg_project.write_component(translation={"partitions_def": partitions})
    dg_project.refresh()
    (state,) = dg_project.state_files()
    good = state.read_bytes()
    dg_project.write_component(
        jobs=[{"name": "fine", "exclude": "customers"}, {"name": "both"}],
        translation={"partitions_def": partitions},
    )
    for attempt in (dg_project.refresh, dg_project.load):
        with pytest.raises(DagsterDbtError) as caught:
            attempt()
        text = str(caught.value)
        assert "Job 'both' selects assets with different partitions" in text
        assert "customers: " in text and "daily_orders: " in text
        assert "Write one job for each" in text
        assert "defs.yaml:" in text and "(jobs[1]" in text
    (dg_project.dbt_folder / "models" / "marts" / "later.sql").write_text("select 1 as id")
    with pytest.raises(DagsterDbtError, match="Job 'both'"):
        dg_project.refresh()
    assert state.read_bytes() == good
    dg_project.write_component(
        jobs=[{"name": "fine", "exclude": "customers"}],
        translation={"partitions_def": partitions},
    )
    dg_project.refresh()
    assert dg_project.load().resolve_job_def("fine").partitions_def is not None
    dg_project.write_component(
        jobs=[{"name": "nothing", "select": "tag:none"}], schedules=[{**NIGHTLY, "job": "nothing"}]
    )
    with pytest.raises(DagsterDbtError, match="Job 'nothing' selects nothing"):
        dg_project.refresh()
    dg_project.write_component(jobs=[{"name": "odd", "select": "what:ever"}])
    with pytest.raises(DagsterDbtError, match=r"(?s)Job 'odd': .*jobs\[0\]\.select"):
        dg_project.refresh()


def test_names_that_two_components_share_are_refused(dg_project: DgProject, prepared: None) -> None:
    job = {"name": "marts"}
    first = dg_project.write_component("first", select="tag:staging", jobs=[job])
    attributes: dict[str, Any] = {"translation": {"key_prefix": "b"}, "op": {"name": "b"}}
    second = dg_project.write_component("second", jobs=[job], **attributes)
    with pytest.raises(
        DagsterDbtError, match="Two components have a job of the same name: 'marts'"
    ) as caught:
        dg_project.load()
    assert caught.value.where == f"{first} and {second}"
    dg_project.write_component("first", select="tag:staging", schedules=[NIGHTLY])
    schedule = {**NIGHTLY, "job": "marts"}
    dg_project.write_component("second", jobs=[job], schedules=[schedule], **attributes)
    with pytest.raises(DagsterDbtError, match="have a schedule of the same name: 'nightly'"):
        dg_project.load()


def test_errors_of_other_keys_are_not_those_of_a_job(dg_project: DgProject) -> None:
    dg_project.write_component(
        jobs=[MARTS],
        ops=[{"name": "a", "select": "customers"}, {"name": "b", "select": "customers"}],
    )
    with pytest.raises(DagsterDbtError) as caught:
        dg_project.refresh()
    assert "(ops[1].select)" in str(caught.value)
    assert "jobs[0]" not in str(caught.value)


def test_a_job_of_exposures_alone_names_them(dg_project: DgProject, prepared: None) -> None:
    error = load_error(dg_project, jobs=[{"name": "board", "select": "exposure:board"}])
    assert "selects only what no run builds" in str(error)
    assert "exposure.shop.board" in str(error)
