"""Turns dbt's messages about a project that it can't prepare into errors with a key and a hint."""

import re
from pathlib import Path

from dbt_component.dbt_process.commands import find_command
from dbt_component.errors import CliArgsError, PrepareError, ProjectError
from dbt_component.project.local_project import LocalProject
from dbt_component.project.project_yml import load_yaml

_NO_TARGET = "does not have a target named"
_NO_PROFILE = "Could not find profile named"
_NO_COMMAND = "No such command"
_NO_VARIABLE = re.compile(r"Env var required but not provided: '([^']+)'")


def explain_failure(project: LocalProject, command: list[str], text: str) -> PrepareError:
    """Returns the error for a dbt command that failed while a project was prepared.

    Args:
        project: The project.
        command: The command line after ``dbt``.
        text: dbt's message.
    """
    where, key, hint = _explain(project, command, text)
    message = f"`dbt {' '.join(command)}` failed: {_without_kind(text)}"
    return PrepareError(message, where=where or str(project.project_dir), key=key, hint=hint)


def _explain(
    project: LocalProject, command: list[str], text: str
) -> tuple[str | None, str | None, str | None]:
    """The place, the key of defs.yaml, and the hint; each ``None`` if unknown."""
    repeat = f"Fix it in the dbt project; `dbt {command[0]}` in its folder repeats the error."
    if _NO_TARGET in text:
        profiles = _profiles_path(project)
        key = "project.target" if project.target else "project"
        return (
            profiles,
            key,
            "Set `project.target` to one of these targets, or add it to profiles.yml.",
        )
    if _NO_PROFILE in text:
        profiles = _profiles_path(project)
        known = ", ".join(map(repr, _profile_names(profiles))) or "no profile"
        if project.profile:
            hint = f"Set `project.profile` to a profile in that profiles.yml, which holds {known}."
            return profiles, "project.profile", hint
        hint = (
            f"Set `profile:` in dbt_project.yml, or `project.profile`; profiles.yml holds {known}."
        )
        return profiles, None, hint
    variable = _NO_VARIABLE.search(text)
    if variable is not None:
        name = variable[1]
        hint = (
            f"Set the environment variable {name}, for example in the .env file of the Dagster project,"
            f" or give it a default: env_var('{name}', '…')."
        )
        return None, None, hint
    if _NO_COMMAND in text:
        return None, "project.prepare_project_cli_args", _command_hint(command)
    if command[0] == "deps":
        declared = [
            name
            for name in ("packages.yml", "dependencies.yml")
            if (project.project_dir / name).exists()
        ]
        place = str(project.project_dir / declared[0]) if declared else None
        return place, None, repeat
    return None, None, repeat


def _without_kind(text: str) -> str:
    """dbt's message; in one line if it is short, and without a kind of error such as `Runtime Error`."""
    kind, _, rest = text.strip().partition("\n")
    if kind.strip() in ("Runtime Error", "Internal Error", "Parsing Error", "Compilation Error"):
        text = rest
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines) if len(lines) <= 6 else "\n" + text.strip("\n")


def _profiles_path(project: LocalProject) -> str | None:
    try:
        return str(project.find_profiles_dir() / "profiles.yml")
    except ProjectError:
        return None


def _profile_names(path: str | None) -> list[str]:
    try:
        content = load_yaml(Path(path)) if path else None
    except (OSError, ProjectError):
        return []
    return (
        sorted(str(name) for name in content if name != "config")
        if isinstance(content, dict)
        else []
    )


def _command_hint(command: list[str]) -> str | None:
    try:
        find_command(command[:1])
    except CliArgsError as error:
        return error.hint
    return None
