"""``build_dbt_cloud_polling_sensor``: the sensor for definitions in Python."""

from functools import cache

import dagster as dg

from dbt_component.cloud.sensor.observed_project import ObservedProject, observe_all
from dbt_component.cloud.sensor.sensor import MINIMUM_INTERVAL_SECONDS, build_run_sensor
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator


def build_dbt_cloud_polling_sensor(
    *,
    workspace: DbtCloudWorkspace,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    minimum_interval_seconds: int = MINIMUM_INTERVAL_SECONDS,
    default_sensor_status: dg.DefaultSensorStatus | None = None,
) -> dg.SensorDefinition:
    """A sensor that reports runs on the dbt platform which Dagster did not start.

    What a run has built becomes materializations, and its tests become check evaluations, each once and in the order of
    the graph, whether the run succeeded or not. A run is reported when it has ended; one that the platform lists up to ten
    minutes late is still found. The first tick looks a minute back.

    Args:
        workspace: The environment whose runs are reported.
        dagster_dbt_translator: The translator of the assets and checks. Default: the default mapping.
        minimum_interval_seconds: The least time between two ticks.
        default_sensor_status: Whether it runs until someone turns it on or off. Default: it runs.

    Raises:
        DbtCloudError: A setting of the workspace is wrong, or an environment variable is not set.
    """
    translator = dagster_dbt_translator or DagsterDbtTranslator()
    place = workspace.place

    @cache
    def project() -> ObservedProject:
        rules = SpecRules(translator, translator.settings)
        return observe_all(ResolvingManifest(workspace.prepared.manifest, rules, None))

    return build_run_sensor(
        client=lambda: workspace.client,
        account_id=place.account_id,
        project_id=place.project_id,
        environment_id=place.environment_id,
        project=project,
        minimum_interval_seconds=minimum_interval_seconds,
        default_sensor_status=default_sensor_status or dg.DefaultSensorStatus.RUNNING,
    )
