"""The copy of a prepared project in ``packaged_project_dir``, for deployments without the original folder."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from dbt_component.errors import ProjectError
from dbt_component.project.local_project import LocalProject

_LEFT_OUT = ("*.git*", "*partial_parse.msgpack", "__pycache__", ".venv", "venv", "node_modules")


def write_packaged_copy(project: LocalProject) -> Path | None:
    """Copies a project into its ``packaged_project_dir``, with its target folder and installed packages.

    The copy is complete or not there: it takes the place of an earlier one only when all files are written. Left
    out are Git's files, dbt's own parse cache, virtual environments and, if the copy is to be inside the project,
    the folder at the project's top that it is in.

    Returns:
        The copy's folder; ``None`` if the project names none.

    Raises:
        ProjectError: The project would be copied onto itself, or has files outside of its folder.
        OSError: The copy can't be written.
    """
    if project.packaged_project_dir is None:
        return None
    source, target = project.project_dir.resolve(), project.packaged_project_dir.absolute()
    if source.is_relative_to(target.resolve()):
        raise ProjectError(
            f"`packaged_project_dir` {str(target)!r} is the project's own folder, or contains it.",
            where=str(source),
            hint="Name a folder that the copy may replace.",
        )
    _refuse_files_outside(project, source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        _copy(source, new, nested=_first_folder_on_the_way(source, target))
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        new.rename(target)
    return target


def _copy(source: Path, target: Path, *, nested: str | None) -> None:
    by_pattern = shutil.ignore_patterns(*_LEFT_OUT)

    def left_out(folder: str, names: list[str]) -> Collection[str]:
        ignored = set(by_pattern(folder, names))
        if nested is not None and Path(folder) == source:
            ignored.add(nested)
        return ignored

    # Local packages of dbt are links.
    shutil.copytree(source, target, ignore=left_out, ignore_dangling_symlinks=True)


def _first_folder_on_the_way(source: Path, target: Path) -> str | None:
    """The name of the entry of ``source`` that ``target`` is, or is in; ``None`` if it is elsewhere."""
    resolved = target.resolve()
    return resolved.relative_to(source).parts[0] if resolved.is_relative_to(source) else None


def _refuse_files_outside(project: LocalProject, source: Path) -> None:
    for path in project.yml.resource_paths:
        if not Path(os.path.normpath(source / path)).is_relative_to(source):
            raise ProjectError(
                f"Resource path {path!r} leads out of the project's folder, so a copy would lack its files.",
                where=str(source / "dbt_project.yml"),
                hint="Move the files into the project, or leave `packaged_project_dir` out and deploy the folders as"
                " they are. A component's state contains such files.",
            )
