"""``partitions_def:`` of defs.yaml."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import dagster as dg

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.errors import DefinitionError

_TIME = frozenset({"start_date", "end_date", "timezone", "end_offset"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "hourly": _TIME | {"minute_offset"},
    "daily": _TIME | {"minute_offset", "hour_offset"},
    "weekly": _TIME | {"minute_offset", "hour_offset", "day_offset"},
    "monthly": _TIME | {"minute_offset", "hour_offset", "day_offset"},
    "time_window": _TIME | {"cron_schedule", "fmt"},
    "cron": _TIME | {"cron_schedule", "fmt"},
    "static": frozenset({"partition_keys"}),
    "dynamic": frozenset({"name"}),
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("hourly", "daily", "weekly", "monthly"), ("start_date",)),
    **dict.fromkeys(("time_window", "cron"), ("start_date", "cron_schedule")),
    "static": ("partition_keys",),
    "dynamic": ("name",),
}
_DEFAULT_FMT = "%Y-%m-%d-%H:%M"
_EVERY: Mapping[str, Callable[..., dg.PartitionsDefinition]] = {
    "hourly": dg.HourlyPartitionsDefinition,
    "daily": dg.DailyPartitionsDefinition,
    "weekly": dg.WeeklyPartitionsDefinition,
    "monthly": dg.MonthlyPartitionsDefinition,
}


class PartitionsDimension(StrictResolvable):
    """Partitions of one dimension."""

    start_date: Annotated[
        str | None,
        dg.Resolver.default(
            description="Where the first partition begins: `2024-01-31`, for hourly ones `2024-01-31-00:00`, else in `fmt`.",
            examples=["2024-01-01"],
        ),
    ] = None
    end_date: Annotated[
        str | None,
        dg.Resolver.default(description="Where the last partition ends. Default: there is none."),
    ] = None
    timezone: Annotated[
        str | None,
        dg.Resolver.default(
            description="Time zone of the bounds. Default: UTC.", examples=["Europe/Berlin"]
        ),
    ] = None
    minute_offset: Annotated[
        int,
        dg.Resolver.default(description="Minutes past the hour at which partitions begin."),
    ] = 0
    hour_offset: Annotated[
        int, dg.Resolver.default(description="Hour of the day at which partitions begin.")
    ] = 0
    day_offset: Annotated[
        int | None,
        dg.Resolver.default(
            description="Day at which partitions begin: of the week, 0 is Sunday (default 0); of the month (default 1)."
        ),
    ] = None
    end_offset: Annotated[
        int,
        dg.Resolver.default(
            description="Number of partitions that exist beyond the last complete one. With 1, the partition of today,"
            " or of the current hour, exists before it has ended. May be negative."
        ),
    ] = 0
    cron_schedule: Annotated[
        str | None,
        dg.Resolver.default(
            description="For `cron`: when partitions begin.", examples=["0 6,18 * * *"]
        ),
    ] = None
    fmt: Annotated[
        str | None,
        dg.Resolver.default(
            description="For `cron`: the form of keys and of `start_date` and `end_date`, as in Python's strftime."
            f" Default: {_DEFAULT_FMT}.",
            examples=["%Y-%m-%d"],
        ),
    ] = None
    partition_keys: Annotated[
        list[str] | None,
        dg.Resolver.default(description="For `static`: the keys.", examples=[["eu", "us"]]),
    ] = None
    type: Annotated[
        Literal["hourly", "daily", "weekly", "monthly", "cron", "time_window", "static", "dynamic"],
        dg.Resolver.default(
            description="Kind of partitions; `time_window` is the same as `cron`.",
            examples=["daily"],
        ),
    ]
    name: Annotated[
        str | None,
        dg.Resolver.default(
            description="For `dynamic`: the name of the set of keys in the Dagster instance. In `dimensions`: the name of"
            " the dimension, and of this set."
        ),
    ] = None

    def partitions_def(self) -> dg.PartitionsDefinition:
        """The partitions definition.

        Raises:
            DefinitionError: A value is missing, has no meaning for the type, or Dagster refuses it.
        """
        refuse_other_fields(self, self.type, _FIELDS[self.type])
        for name in _REQUIRED[self.type]:
            if getattr(self, name) in (None, []):
                raise DefinitionError(f"Partitions of type {self.type!r} need `{name}`.", key=name)
        try:
            return self._built()
        except Exception as error:  # Dagster raises errors of several kinds
            raise DefinitionError(
                f"Dagster refuses these {self.type} partitions: {error}", key="type"
            ) from error

    def _built(self) -> dg.PartitionsDefinition:
        if self.type == "static":
            return dg.StaticPartitionsDefinition(self.partition_keys or [])
        if self.type == "dynamic":
            return dg.DynamicPartitionsDefinition(name=self.name)
        assert self.start_date is not None
        common: dict[str, Any] = {"timezone": self.timezone, "end_offset": self.end_offset}
        if self.type in ("cron", "time_window"):
            return dg.TimeWindowPartitionsDefinition(
                start=self.start_date,
                end=self.end_date,
                cron_schedule=self.cron_schedule,
                fmt=self.fmt or _DEFAULT_FMT,
                **common,
            )
        offsets = {
            name: value
            for name in ("minute_offset", "hour_offset", "day_offset")
            if name in _FIELDS[self.type] and (value := getattr(self, name)) is not None
        }
        return _EVERY[self.type](
            start_date=self.start_date, end_date=self.end_date, **offsets, **common
        )


class Partitions(PartitionsDimension):
    """Partitions of assets."""

    type: Annotated[  # type: ignore[assignment]
        Literal[
            "hourly",
            "daily",
            "weekly",
            "monthly",
            "cron",
            "time_window",
            "static",
            "dynamic",
            "multi",
        ],
        dg.Resolver.default(
            description="Kind of partitions; `time_window` is the same as `cron`. `multi` combines two `dimensions`.",
            examples=["daily"],
        ),
    ]
    dimensions: Annotated[
        Sequence[PartitionsDimension],
        dg.Resolver.default(
            description="For `multi`: two dimensions, each with a `name` of its own.",
            examples=[
                [
                    {"name": "day", "type": "daily", "start_date": "2024-01-01"},
                    {"name": "region", "type": "static", "partition_keys": ["eu", "us"]},
                ]
            ],
        ),
    ] = ()

    def partitions_def(self) -> dg.PartitionsDefinition:
        """The partitions definition.

        Raises:
            DefinitionError: A value is missing, has no meaning for the type, or Dagster refuses it.
        """
        if self.type != "multi":
            if self.dimensions:
                raise DefinitionError(
                    f"`dimensions` has no meaning for partitions of type {self.type!r}.",
                    key="dimensions",
                    hint="Write `type: multi`.",
                )
            return super().partitions_def()
        refuse_other_fields(self, "multi", frozenset({"dimensions"}))
        built: dict[str, dg.PartitionsDefinition] = {}
        for position, dimension in enumerate(self.dimensions):
            if not dimension.name or dimension.name in built:
                raise DefinitionError(
                    f"Dimension {position + 1} needs a `name` of its own.",
                    key=f"dimensions[{position}].name",
                )
            try:
                built[dimension.name] = _unnamed(dimension).partitions_def()
            except DefinitionError as error:
                error.key = f"dimensions[{position}].{error.key}"
                raise
        try:
            return dg.MultiPartitionsDefinition(built)
        except Exception as error:  # Dagster raises errors of several kinds
            raise DefinitionError(
                f"Dagster refuses these dimensions: {error}", key="dimensions"
            ) from error


def _unnamed(dimension: PartitionsDimension) -> PartitionsDimension:
    """The dimension without its name, except that a dynamic one keeps it as the name of its keys."""
    return dimension if dimension.type == "dynamic" else dimension.model_copy(update={"name": None})


def refuse_other_fields(value: StrictResolvable, kind: str, known: frozenset[str]) -> None:
    """Refuses a field that is set and has no meaning for the kind.

    Raises:
        DefinitionError: There is one.
    """
    for name, field in type(value).model_fields.items():
        if name != "type" and name not in known and getattr(value, name) != field.default:
            raise DefinitionError(
                f"`{name}` has no meaning for type {kind!r}.",
                key=name,
                hint=f"It has {', '.join(f'`{each}`' for each in sorted(known))}.",
            )
