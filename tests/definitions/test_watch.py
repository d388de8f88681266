import dagster as dg
import pytest

from dbt_component.definitions.watch import Refreshed, build_watch
from dbt_component.manifest.compare import ManifestDifference


def build(loaded: str, remote: str) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
    return build_watch(
        "shop",
        interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        loaded_commit=lambda: loaded,
        remote_commit=lambda: remote,
        refresh=lambda instance: Refreshed(
            remote, True, ManifestDifference(added=["model.shop.a"], changed=[], removed=[])
        ),
    )


@pytest.mark.parametrize(("loaded", "remote", "run_keys"), [("a", "a", []), ("a", "b", ["b"])])
def test_a_new_commit_launches_the_job_once(loaded: str, remote: str, run_keys: list[str]) -> None:
    _, sensor = build(loaded, remote)
    with dg.DagsterInstance.ephemeral() as instance:
        ticked = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert [request.run_key for request in ticked.run_requests or []] == run_keys


def test_the_job_reports_what_changed() -> None:
    job, _ = build("a", "b")
    result = job.execute_in_process()
    metadata = result.all_events
    output = next(event for event in metadata if event.is_successful_output)
    found = output.step_output_data.metadata
    assert found["commit"].value == "b"
    assert found["added"].value == ["model.shop.a"]
