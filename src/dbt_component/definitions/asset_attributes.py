"""The attributes that ``translation:`` may set: Dagster's, with conditions and freshness policies as plain values."""

from typing import Annotated, Any

from dagster import AssetAttributesModel
from pydantic import Field, WithJsonSchema

_TEXT_OR_EMPTY = [{"type": "string"}, {"type": "null"}]
_MAPPING = {"type": "object", "required": ["type"]}


class AssetAttributes(AssetAttributesModel):  # type: ignore[valid-type, misc] # made at run time
    """Attributes of an asset. Conditions and policies are checked when they are applied, since templates give any value."""

    automation_condition: Annotated[
        Any,
        WithJsonSchema(
            {
                "anyOf": [
                    *_TEXT_OR_EMPTY,
                    _MAPPING,
                    {"type": "array", "items": {"anyOf": [{"type": "string"}, _MAPPING]}},
                ]
            }
        ),
    ] = Field(
        default=None,
        description="When Dagster runs the asset by itself: `eager`, `on_missing`, `on_code_change`,"
        ' `on_cron("0 5 * * *", "Europe/Berlin")`, a mapping with one of these as `type`, a list of which any suffices,'
        " or a template that gives one of these or an AutomationCondition.",
        examples=[
            "eager",
            ["on_missing", "on_code_change"],
            {"type": "on_cron", "cron_schedule": "0 5 * * *", "timezone": "Europe/Berlin"},
        ],
    )
    freshness_policy: Annotated[
        Any, WithJsonSchema({"anyOf": [*_TEXT_OR_EMPTY, {"type": "object"}]})
    ] = Field(
        default=None,
        description="How old the asset may be: a mapping with `type: time_window` or `type: cron`, or a template that"
        " gives such a mapping or a FreshnessPolicy.",
        examples=[
            {"type": "time_window", "fail_window_hours": 24, "warn_window_hours": 12},
            {"type": "cron", "deadline_cron": "0 9 * * *", "lower_bound_delta_hours": 4},
        ],
    )
