"""Freshness policies from values of YAML and of dbt's meta."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import dagster as dg

from dbt_component._dagster import CheckError
from dbt_component.errors import DefinitionError

_UNITS = ("seconds", "minutes", "hours", "days")
_LEGACY = ("maximum_lag_minutes", "cron_schedule", "cron_schedule_timezone")
_EXAMPLE = "Examples: {type: time_window, fail_window_hours: 24, warn_window_hours: 12}, and {type: cron, deadline_cron: '0 9 * * *', lower_bound_delta_hours: 4, timezone: Europe/Berlin}."


def parse_freshness_policy(value: Any) -> dg.FreshnessPolicy | None:
    """Returns the policy that a value of YAML, of a template or of dbt's meta means.

    Args:
        value: A mapping with a ``type``: ``time_window`` with ``fail_window_…`` and ``warn_window_…``, or ``cron``
            with ``deadline_cron``, ``lower_bound_delta_…`` and ``timezone``. Durations end with ``_seconds``,
            ``_minutes``, ``_hours`` or ``_days``. Or the form of older projects: ``maximum_lag_minutes``, with
            ``cron_schedule`` and ``cron_schedule_timezone`` or without. Or a policy, or ``None``.

    Raises:
        DefinitionError: The value means no policy. The error names neither the key nor the node.
    """
    if value is None or isinstance(value, dg.FreshnessPolicy):
        return value
    if not isinstance(value, Mapping):
        raise DefinitionError(f"{value!r} is not a freshness policy.", hint=_EXAMPLE)
    given = {str(key): item for key, item in value.items()}
    kind = given.pop("type", None)
    if kind is None and "maximum_lag_minutes" in given:
        return _from_lag(given)
    if kind == "time_window":
        return _time_window(given)
    if kind == "cron":
        return _cron(given)
    problem = "has no `type`" if kind is None else f"has an unknown `type`, {kind!r}"
    raise DefinitionError(f"{dict(value)!r} {problem}.", hint=_EXAMPLE)


def _from_lag(given: dict[str, Any]) -> dg.FreshnessPolicy:
    """The policy that older releases of Dagster wrote as a lag."""
    _refuse_unknown(given, _LEGACY)
    lag = _duration({"lag_minutes": given["maximum_lag_minutes"]}, "lag")
    assert lag is not None
    schedule = given.get("cron_schedule")
    if schedule is None:
        if "cron_schedule_timezone" in given:
            raise DefinitionError(
                f"{given!r} has `cron_schedule_timezone` without `cron_schedule`.", hint=_EXAMPLE
            )
        return _policy(given, lambda: dg.FreshnessPolicy.time_window(fail_window=lag))
    timezone = given.get("cron_schedule_timezone") or "UTC"
    return _policy(
        given,
        lambda: dg.FreshnessPolicy.cron(
            deadline_cron=schedule, lower_bound_delta=lag, timezone=timezone
        ),
    )


def _time_window(given: dict[str, Any]) -> dg.FreshnessPolicy:
    _refuse_unknown(given, [*_keys("fail_window"), *_keys("warn_window")])
    fail = _required(given, "fail_window")
    warn = _duration(given, "warn_window")
    return _policy(
        given, lambda: dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)
    )


def _cron(given: dict[str, Any]) -> dg.FreshnessPolicy:
    _refuse_unknown(given, ["deadline_cron", *_keys("lower_bound_delta"), "timezone"])
    if "deadline_cron" not in given:
        raise DefinitionError(f"{given!r} has no `deadline_cron`.", hint=_EXAMPLE)
    delta = _required(given, "lower_bound_delta")
    return _policy(
        given,
        lambda: dg.FreshnessPolicy.cron(
            deadline_cron=given["deadline_cron"],
            lower_bound_delta=delta,
            timezone=given.get("timezone", "UTC"),
        ),
    )


def _policy(given: Mapping[str, Any], make: Callable[[], dg.FreshnessPolicy]) -> dg.FreshnessPolicy:
    try:
        return make()
    except (CheckError, TypeError, ValueError) as error:
        raise DefinitionError(
            f"{dict(given)!r} is not a freshness policy: {str(error).rstrip('.')}.", hint=_EXAMPLE
        ) from None


def _keys(name: str) -> list[str]:
    return [f"{name}_{unit}" for unit in _UNITS]


def _required(given: Mapping[str, Any], name: str) -> datetime.timedelta:
    duration = _duration(given, name)
    if duration is None:
        raise DefinitionError(
            f"{dict(given)!r} has none of {', '.join(f'`{key}`' for key in _keys(name))}.",
            hint=_EXAMPLE,
        )
    return duration


def _duration(given: Mapping[str, Any], name: str) -> datetime.timedelta | None:
    """The sum of the duration's units; ``None`` without any."""
    units = {unit: given[f"{name}_{unit}"] for unit in _UNITS if f"{name}_{unit}" in given}
    if not units:
        return None
    try:
        return datetime.timedelta(**{unit: float(number) for unit, number in units.items()})
    except (TypeError, ValueError, OverflowError):
        shown = ", ".join(f"{name}_{unit}: {number!r}" for unit, number in units.items())
        raise DefinitionError(f"{shown} is not a duration.", hint="Write a number.") from None


def _refuse_unknown(given: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            suggestion = f" Did you mean {close[0]!r}?" if close else ""
            raise DefinitionError(
                f"A freshness policy has no {key!r}.{suggestion}",
                hint=f"Known here: {', '.join(known)}.",
            )
