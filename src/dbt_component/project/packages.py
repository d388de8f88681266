"""Decides whether `dbt deps` must run for the packages that a project depends on."""

from pathlib import Path
from typing import Any

from dbt_component.project.fingerprint import Fingerprint
from dbt_component.project.local_project import LocalProject
from dbt_component.project.project_yml import load_yaml


def needs_packages(
    project: LocalProject, previous: Fingerprint | None, fingerprint: Fingerprint
) -> bool:
    """Whether `dbt deps` must run: declared packages are missing, or the declaration changed.

    Args:
        project: The project on disk.
        previous: The inputs of the last preparation, if there was one.
        fingerprint: The current inputs.
    """
    declared = declared_packages(project.project_dir)
    if not declared:
        return False
    installed_in = project.project_dir / project.yml.packages_install_path
    if not installed_in.is_dir():
        return True
    installed = [entry for entry in installed_in.iterdir() if (entry / "dbt_project.yml").exists()]
    if len(installed) < len(declared):
        return True
    if previous is None:
        return False
    for name in ("packages.yml", "dependencies.yml", "package-lock.yml"):
        before, now = previous.files.get(name), fingerprint.files.get(name)
        if (before and before.sha1) != (now and now.sha1):
            return True
    return False


def declared_packages(project_dir: Path) -> list[Any]:
    """The entries under ``packages`` of packages.yml and dependencies.yml."""
    declared: list[Any] = []
    for name in ("packages.yml", "dependencies.yml"):
        path = project_dir / name
        if path.is_file():
            content = load_yaml(path)
            if isinstance(content, dict):
                declared.extend(content.get("packages") or [])
    return declared
