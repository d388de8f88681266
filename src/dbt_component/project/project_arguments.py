"""The arguments of every dbt command on a project."""

import json

from dbt_component.project.local_project import LocalProject


def project_arguments(project: LocalProject, *, with_vars: bool = True) -> list[str]:
    """``--profile``, ``--target`` and ``--vars`` of a project, each only if it is set."""
    arguments: list[str] = []
    if project.profile:
        arguments += ["--profile", project.profile]
    if project.target:
        arguments += ["--target", project.target]
    if project.vars and with_vars:
        arguments += ["--vars", json.dumps(dict(project.vars), default=str)]
    return arguments
