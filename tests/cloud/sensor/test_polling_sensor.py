"""The sensor that Python definitions build from a workspace."""

from typing import Any

import dagster as dg
import pytest

from dbt_component import (
    DagsterDbtTranslator,
    build_dbt_cloud_polling_sensor,
)
from tests.cloud.conftest import workspace_of
from tests.cloud.sensor.recorded_runs import RecordedRuns
from tests.cloud.sensor.sources import Sources
from tests.cloud.sensor.ticks import names
from tests.dbt_platform import StandInPlatform

pytestmark = pytest.mark.server


class Prefixed(DagsterDbtTranslator):
    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        return super().get_asset_key(dbt_resource_props).with_prefix("dbt")


def test_it_reports_runs_under_the_keys_of_the_definitions(
    dbt_platform: StandInPlatform, runs: RecordedRuns, sources: Sources
) -> None:
    workspace = workspace_of(dbt_platform, environment_id=dbt_platform.staging_environment_id)
    runs.add(sources.bad)
    sensor = build_dbt_cloud_polling_sensor(
        workspace=workspace, dagster_dbt_translator=Prefixed(), minimum_interval_seconds=45
    )
    specs = workspace.load_specs(Prefixed())
    defs = dg.Definitions(
        assets=[spec for spec in specs if isinstance(spec, dg.AssetSpec)],
        sensors=[sensor],
        resources={"dbt_cloud": workspace},
    )
    assert sensor.name == (
        f"dbt_cloud_{dbt_platform.account_id}_{dbt_platform.project_id}"
        f"_{dbt_platform.staging_environment_id}__run_status_sensor"
    )
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 45
    known = {spec.key for spec in specs if isinstance(spec, dg.AssetSpec)}
    checks = {spec.key for spec in specs if isinstance(spec, dg.AssetCheckSpec)}
    with dg.instance_for_test() as instance:
        loaded = defs.resolve_sensor_def(sensor.name)
        found = loaded.evaluate_tick(
            dg.build_sensor_context(instance, repository_def=defs.get_repository_def())
        )
        for event in found.asset_events:
            instance.report_runless_asset_event(event)
        latest = instance.get_latest_materialization_event(dg.AssetKey(["dbt", "stg_orders"]))
    assert latest is not None
    assert found.asset_events
    for event in found.asset_events:
        if isinstance(event, dg.AssetCheckEvaluation):
            assert event.asset_check_key in checks
        else:
            assert event.asset_key in known
    assert "dbt/stg_orders" in names(list(found.asset_events))


def test_building_it_asks_the_platform_nothing(dbt_platform: StandInPlatform) -> None:
    before = len(dbt_platform.requests)
    build_dbt_cloud_polling_sensor(
        workspace=workspace_of(dbt_platform),
        default_sensor_status=dg.DefaultSensorStatus.STOPPED,
    )
    assert len(dbt_platform.requests) == before
