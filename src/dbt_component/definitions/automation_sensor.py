"""The sensor that evaluates a component's automation conditions in its code server.

Dagster's daemon evaluates only conditions of Dagster's own. It knows nothing of the others, so an asset with one of
them would never run.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

from dbt_component._dagster import ProjectAutomationSensor
from dbt_component.definitions.asset_selection import asset_selection


@dataclass(frozen=True)
class AutomationSensorSettings:
    """Settings of the sensor.

    Args:
        default_status: Whether it runs until someone turns it on or off.
        minimum_interval_seconds: Time between two evaluations; ``None`` for Dagster's default.
        takes_all: Whether it evaluates all assets with a condition, not only those that Dagster's daemon can't.
    """

    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED
    minimum_interval_seconds: int | None = None
    takes_all: bool = False


def build_automation_sensor(
    name: str, specs: Iterable[dg.AssetSpec], settings: AutomationSensorSettings
) -> dg.SensorDefinition | None:
    """Builds the sensor; ``None`` if none of the assets needs it.

    All other assets with a condition belong to Dagster's default sensor, or to one that the user defines.

    Args:
        name: Its name.
        specs: The assets of the component.
        settings: Its settings.
    """
    keys = [
        spec.key
        for spec in specs
        if (condition := spec.automation_condition) is not None
        and (settings.takes_all or not condition.is_serializable)
    ]
    if not keys:
        return None
    return ProjectAutomationSensor(
        name,
        target=asset_selection(keys, ()),
        default_status=settings.default_status,
        minimum_interval_seconds=settings.minimum_interval_seconds,
        use_user_code_server=True,
        description="Evaluates the automation conditions of the dbt assets that Dagster's daemon can't evaluate."
        if not settings.takes_all
        else "Evaluates the automation conditions of the dbt assets.",
    )
