"""The settings that a prepared state depends on, by name; every comparison uses this one list."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dbt_component.dbt_process.engine import Engine
from dbt_component.manifest.origin import Origin

PROFILES = "profiles.yml"


def prepared_settings(
    engine: Engine,
    *,
    profile: str | None,
    target: str | None,
    vars: Mapping[str, Any],
    profiles_hash: str | None = None,
    prepare_args: Sequence[str] | None = None,
    package_version: str | None = None,
    origin: Origin | None = None,
) -> dict[str, str]:
    """Settings as text, without secrets. Optional arguments that are not given are left out.

    Args:
        engine: The dbt; the version of each of its distributions is a setting.
        profile: The profile to use instead of the one in dbt_project.yml.
        target: The target of the profile.
        vars: Variables of every dbt command.
        profiles_hash: Hash of the text of profiles.yml.
        prepare_args: The dbt command that prepares the project.
        package_version: The release of this package that prepares it.
        origin: The commit that the project was taken from.
    """
    settings = {
        PROFILES: profiles_hash,
        "profile": profile or "",
        "target": target or "",
        "vars": serialize_vars(vars),
        "prepare_project_cli_args": None
        if prepare_args is None
        else json.dumps(list(prepare_args)),
        "dbt-component": package_version,
        "commit": None if origin is None else origin.commit,
        "git": None if origin is None else origin.settings or None,
        **engine.versions,
    }
    return {name: value for name, value in settings.items() if value is not None}


def unequal_settings(recorded: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """Describes each current setting whose value differs from the recorded one."""
    return [
        f"{name} differs" if name == PROFILES else f"{name}: {recorded.get(name)!r} -> {value!r}"
        for name, value in current.items()
        if recorded.get(name) != value
    ]


def serialize_vars(vars: Mapping[str, Any]) -> str:
    """Variables as text, in a form in which equal variables give equal text."""
    return json.dumps(dict(vars), sort_keys=True, default=str)
