import dagster as dg
import pytest
from pydantic import ValidationError

from dbt_component.component.yaml.watch import Watch
from dbt_component.definitions.watch import Refreshed
from dbt_component.manifest.compare import ManifestDifference


def build(watch: Watch) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
    return watch.build(
        "shop",
        loaded_commit=lambda: "a",
        remote_commit=lambda: "b",
        refresh=lambda instance: Refreshed("b", False, ManifestDifference([], [], [])),
    )


def test_everything_is_optional() -> None:
    job, sensor = build(Watch())
    assert (job.name, sensor.name) == ("shop_refresh_state_job", "shop_watch")
    assert sensor.minimum_interval_seconds == 60
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_every_setting_is_resolved() -> None:
    watch = Watch.resolve_from_yaml(
        """
        interval_seconds: "{{ 60 * 2 }}"
        default_status: RUNNING
        reload_url: "http://{{ 'server' }}:3000"
        location_name: analytics
        """
    )
    assert watch.reload_url == "http://server:3000"
    assert watch.location_name == "analytics"
    _, sensor = build(watch)
    assert sensor.minimum_interval_seconds == 120
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interval_seconds: 4", "interval_seconds.*greater than or equal to 5"),
        ("interval_seconds: '{{ 2 + 2 }}'", "interval_seconds.*at least 5"),
        ("interval_seconds: often", "interval_seconds.*valid integer"),
        ("default_status: ON", "default_status.*'RUNNING'"),
        ("reload_ulr: x", "Unknown key 'reload_ulr'. Did you mean 'reload_url'"),
        ("status: RUNNING", "the key is `default_status`"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){expected}"):
        Watch.resolve_from_yaml(text)


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Watch().interval_seconds = 9
