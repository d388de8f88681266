"""Automation conditions by name: ``eager``, ``on_missing``, ``on_cron("0 5 * * *")`` and ``on_code_change``."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import dagster as dg

from dbt_component._dagster import is_valid_cron_schedule
from dbt_component.definitions.code_change import DbtCodeChanged
from dbt_component.errors import DefinitionError

Condition: TypeAlias = dg.AutomationCondition[Any]

_CALL = re.compile(r"\s*(?P<name>[^\s()\"']+)\s*(?:\((?P<arguments>.*)\))?\s*", re.DOTALL)
_TEXT = r"\"[^\"]*\"|'[^']*'"
_ARGUMENTS = re.compile(rf"\s*(?:(?:{_TEXT})\s*(?:,\s*(?:{_TEXT})\s*)*)?")
_EXAMPLE = 'Examples: eager, on_missing, on_code_change, on_cron("0 5 * * *", "Europe/Berlin").'


def parse_automation_condition(value: Any) -> Condition | None:
    """Returns the condition that a value of YAML, of a template or of dbt's meta means.

    Text is parsed, never evaluated.

    Args:
        value: A name with its arguments, such as ``on_cron("0 5 * * *")``; a mapping with the name as ``type``, such
            as ``{"type": "on_cron", "cron_schedule": "0 5 * * *", "timezone": "Europe/Berlin"}``; a condition; a list
            of these, any of which suffices; or ``None``.

    Raises:
        DefinitionError: The value means no condition. The error names neither the key nor the node.
    """
    if value is None or isinstance(value, dg.AutomationCondition):
        return value
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes) and value:
        conditions = [parse_automation_condition(item) for item in value]
        if None not in conditions:
            return _any_of([condition for condition in conditions if condition is not None])
    raise DefinitionError(f"{value!r} is not an automation condition.", hint=_EXAMPLE)


def _from_text(text: str) -> Condition:
    found = _CALL.fullmatch(text)
    arguments = (found["arguments"] or "") if found else ""
    if found is None or not _ARGUMENTS.fullmatch(arguments):
        raise DefinitionError(
            f"{text!r} is not an automation condition.",
            hint=f"Write a name, and its arguments as quoted text in parentheses. {_EXAMPLE}",
        )
    name = found["name"]
    given = [quoted[1:-1] for quoted in re.findall(_TEXT, arguments)]
    known = _parameters(name, text)
    if len(given) > len(known):
        most = f"at most {len(known)} arguments: {', '.join(known)}" if known else "no arguments"
        raise DefinitionError(f"{text!r}: {name} takes {most}.", hint=_EXAMPLE)
    return _named(name, dict(zip(known, given, strict=False)), text)


def _from_mapping(value: Mapping[Any, Any]) -> Condition:
    if "type" not in value:
        raise DefinitionError(f"{dict(value)!r} has no `type`.", hint=_EXAMPLE)
    name = value["type"]
    if not isinstance(name, str):
        raise DefinitionError(f"{dict(value)!r}: `type` is not text.", hint=_EXAMPLE)
    given = {str(key): item for key, item in value.items() if key != "type"}
    known = _parameters(name, dict(value))
    for key in given:
        if key not in known:
            raise DefinitionError(
                f"{dict(value)!r}: {name} has no {key!r}.{_did_you_mean(key, known)}",
                hint=f"It has: {', '.join(['type', *known])}.",
            )
    return _named(name, given, dict(value))


def _parameters(name: str, source: Any) -> tuple[str, ...]:
    """The names of a condition's arguments."""
    if name not in _CONDITIONS:
        raise DefinitionError(
            f"{source!r}: there is no automation condition {name!r}."
            f"{_did_you_mean(name, _CONDITIONS)}",
            hint=f"Known: {', '.join(_CONDITIONS)}. For others write a template, such as"
            ' "{{ dg.AutomationCondition.any_deps_updated() }}".',
        )
    return _CONDITIONS[name][0]


def _named(name: str, given: Mapping[str, Any], source: Any) -> Condition:
    parameters, make = _CONDITIONS[name]
    if "cron_schedule" in parameters:
        _check_cron(given, source)
    return make(**given)


def _check_cron(given: Mapping[str, Any], source: Any) -> None:
    if "cron_schedule" not in given:
        raise DefinitionError(f"{source!r} has no cron schedule.", hint=_EXAMPLE)
    schedule = given["cron_schedule"]
    if not isinstance(schedule, str) or not is_valid_cron_schedule(schedule):
        raise DefinitionError(f"{source!r}: {schedule!r} is not a cron schedule.", hint=_EXAMPLE)
    timezone = given.get("timezone", "UTC")
    try:
        ZoneInfo(timezone)
    except (TypeError, ValueError, LookupError, OSError):
        raise DefinitionError(
            f"{source!r}: {timezone!r} is not a time zone.",
            hint="Write a name of the IANA database, such as Europe/Berlin.",
        ) from None


def _did_you_mean(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _any_of(conditions: Sequence[Condition]) -> Condition:
    first, *others = conditions
    for other in others:
        first = first | other
    return first


# -- the conditions -----------------------------------------------------------------------------------
#
# A dbt source that no asset makes has no events in Dagster unless somebody reports them. Dagster then takes it for
# missing, and neither eager nor on_cron would ever be true for the models that read it.


@cache
def eager() -> Condition:
    """Dagster's ``eager()``, for which sources without any event are not missing."""
    return _without_unknown_sources(dg.AutomationCondition.eager())


@cache
def on_missing() -> Condition:
    """Dagster's ``on_missing()``, for which sources without any event are not missing."""
    return _without_unknown_sources(dg.AutomationCondition.on_missing())


@cache
def on_cron(cron_schedule: str, timezone: str = "UTC") -> Condition:
    """Dagster's ``on_cron()``, which does not wait for sources without any event."""
    condition = dg.AutomationCondition
    is_updated = (
        condition.newly_updated().since(condition.cron_tick_passed(cron_schedule, timezone))
        | condition.will_be_requested()
    )
    made_here = dg.AssetSelection.all()
    all_updated = (
        condition.all_deps_match(is_updated).allow(made_here)
        & condition.all_deps_match(is_updated | condition.missing()).ignore(made_here)
    ).with_label(f"all_deps_updated_since_cron({cron_schedule}, {timezone})")
    original = condition.all_deps_updated_since_cron(cron_schedule, timezone)
    return condition.on_cron(cron_schedule, timezone).replace(original, all_updated)


@cache
def on_code_change() -> Condition:
    """True once for each code version that is not the one of the last materialization."""
    return _when(DbtCodeChanged(), "on_code_change")


@cache
def on_missing_or_code_change() -> Condition:
    """Like ``on_code_change``, and also true for what was never materialized."""
    return _when(DbtCodeChanged(or_missing=True), "on_missing_or_code_change")


def _when(trigger: Condition, label: str) -> Condition:
    condition = dg.AutomationCondition
    return (
        condition.in_latest_time_window()
        & trigger
        & ~_any_deps_missing()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    ).with_label(label)


def _any_deps_missing() -> Condition:
    return dg.AutomationCondition.any_deps_missing().allow(dg.AssetSelection.all())


def _without_unknown_sources(condition: Condition) -> Condition:
    return condition.replace(dg.AutomationCondition.any_deps_missing(), _any_deps_missing())


_CONDITIONS: dict[str, tuple[tuple[str, ...], Callable[..., Condition]]] = {
    "eager": ((), eager),
    "on_missing": ((), on_missing),
    "on_cron": (("cron_schedule", "timezone"), on_cron),
    "on_code_change": ((), on_code_change),
}
