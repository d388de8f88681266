"""The settings that a prepared state depends on, by name; every comparison uses this one list."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.hidden_values import replace_vars
from dbt_component.manifest.origin import Origin

PROFILES = "profiles.yml"


def prepared_settings(
    engine: Engine,
    *,
    profile: str | None,
    target: str | None,
    profiles_hash: str | None = None,
    prepare_args: Sequence[str] | None = None,
    salt: str = "",
    package_version: str | None = None,
    origin: Origin | None = None,
) -> dict[str, str]:
    """Settings as text, without secrets. Optional arguments that are not given are left out.

    Args:
        engine: The dbt; the version of each of its distributions is a setting.
        profile: The profile to use instead of the one in dbt_project.yml.
        target: The target of the profile.
        profiles_hash: Hash of the text of profiles.yml.
        prepare_args: The dbt command that prepares the project.
        salt: Salt of the hashes that replace the values in its ``--vars``.
        package_version: The release of this package that prepares it.
        origin: The commit that the project was taken from.
    """
    settings = {
        PROFILES: profiles_hash,
        "profile": profile or "",
        "target": target or "",
        "prepare_project_cli_args": None
        if prepare_args is None
        else json.dumps(hash_vars_in(prepare_args, salt=salt)),
        "dbt-component": package_version,
        "commit": None if origin is None else origin.commit,
        "git": None if origin is None else origin.settings or None,
        **engine.versions,
    }
    return {name: value for name, value in settings.items() if value is not None}


def hash_vars_in(argv: Sequence[str], *, salt: str) -> list[str]:
    """A command line with salted hashes instead of the values in ``--vars``."""
    return replace_vars(
        argv,
        lambda name, value: hash_value(json.dumps(value, sort_keys=True, default=str), salt=salt),
    )


def hash_value(value: str, *, salt: str) -> str:
    """A salted, truncated hash: it reveals a change, but not the value."""
    return hashlib.sha256(f"{salt}\0{value}".encode()).hexdigest()[:16]


def unequal_settings(recorded: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """Describes each current setting whose value differs from the recorded one."""
    return [
        f"{name} differs" if name == PROFILES else f"{name}: {recorded.get(name)!r} -> {value!r}"
        for name, value in current.items()
        if recorded.get(name) != value
    ]
