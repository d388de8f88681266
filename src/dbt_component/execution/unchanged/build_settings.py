"""What else determines the result of a build: the options of its command line, and whether the state describes it."""

import hashlib
import os
from collections.abc import Mapping, Sequence

from dbt_component.dbt_process.arguments import DbtArguments, result_options
from dbt_component.dbt_process.variables import find_variable
from dbt_component.project.project import DbtProject

_VARIABLES = (
    "DBT_ARTIFACT_STATE_PATH",
    "DBT_DEFER",
    "DBT_DEFER_STATE",
    "DBT_DEFER_TO_STATE",
    "DBT_EMPTY",
    "DBT_EVENT_TIME_END",
    "DBT_EVENT_TIME_START",
    "DBT_FAVOR_STATE",
    "DBT_FAVOR_STATE_MODE",
    "DBT_SAMPLE",
    "DBT_STATE",
)
UNPREPARED = "unprepared"
"""The settings of a run of a project that is not as it was prepared: code versions do not describe what is built."""


def settings_digest(
    arguments: DbtArguments,
    project: DbtProject,
    differences: Sequence[str],
    environ: Mapping[str, str] = os.environ,
) -> str:
    """A digest of the settings of a run, without what is known not to matter; ``UNPREPARED`` if it says nothing.

    Args:
        arguments: The command line.
        project: The project as it runs.
        differences: How the project differs from the one that was prepared.
        environ: The environment.
    """
    if differences:
        return UNPREPARED
    variables = [find_variable(name, environ) for name in _VARIABLES]
    identity = [
        arguments.profile or project.profile,
        arguments.target or project.target,
        result_options(arguments.argv),
        [found for found in variables if found is not None],
    ]
    return hashlib.sha1(repr(identity).encode(), usedforsecurity=False).hexdigest()[:16]


def forcing_option(arguments: DbtArguments, environ: Mapping[str, str] = os.environ) -> str | None:
    """The option or variable of dbt by which everything runs; ``None`` if there is none."""
    if "--full-refresh" in arguments.argv or "-f" in arguments.argv:
        return "--full-refresh"
    found = find_variable("DBT_FULL_REFRESH", environ)
    is_set = found is not None and found[1].lower() not in ("0", "false", "no", "off")
    return found[0] if found is not None and is_set else None
