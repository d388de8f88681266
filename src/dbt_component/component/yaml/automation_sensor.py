"""``automation_sensor:`` of defs.yaml."""

from typing import Annotated, Literal

import dagster as dg
from pydantic import Field

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.definitions.automation_sensor import AutomationSensorSettings


class AutomationSensor(StrictResolvable):
    """The sensor that evaluates the component's automation conditions in its code server."""

    enabled: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether the component defines it. Without it, another AutomationConditionSensorDefinition with"
            " `use_user_code_server=True` must evaluate the assets with `on_code_change`.",
        ),
    ] = True
    default_status: Annotated[
        Literal["RUNNING", "STOPPED"],
        dg.Resolver.default(
            description="Whether the sensor runs until someone turns it on or off."
        ),
    ] = "STOPPED"
    # A bound on the field itself would also apply to templates, and fail.
    minimum_interval_seconds: Annotated[
        int,
        dg.Resolver(
            lambda context, value: context.resolve_value(value),
            model_field_type=Annotated[int, Field(ge=1)],
            inject_before_resolve=False,
            description="Time between two evaluations, in seconds.",
        ),
    ] = 30

    def settings(self) -> AutomationSensorSettings:
        """The settings of the sensor, which then evaluates all conditions of the component."""
        return AutomationSensorSettings(
            default_status=dg.DefaultSensorStatus[self.default_status],
            minimum_interval_seconds=self.minimum_interval_seconds,
            takes_all=True,
        )
