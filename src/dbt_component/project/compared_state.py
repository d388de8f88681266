"""The folder with another environment's artifacts, which selections such as ``state:modified`` compare with."""

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dbt_component.dbt_process.state_options import state_in
from dbt_component.errors import SelectionError
from dbt_component.project.local_project import LocalProject, normal_path
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import compared_files

_PREFIX = "state_path/"


@dataclass(frozen=True)
class ComparedState:
    """The folder that dbt gets as ``--state``.

    Args:
        folder: Its absolute path; ``None`` if none is named, or it is relative to a project that is not here.
        project: The project to compare; ``None`` if it is not on this machine.
        is_of_command: Whether a command line names it.
    """

    folder: Path | None = None
    project: LocalProject | None = None
    is_of_command: bool = False

    @classmethod
    def of(cls, project: LocalProject, given: str | None = None) -> "ComparedState":
        """The folder named by a command line, else that of the project, else that of dbt's environment variable.

        Args:
            project: The project; its folder is what a relative path is relative to.
            given: The ``--state`` of a command line.
        """
        folder = project.state_path
        if (named := given or (state_in(os.environ) if folder is None else None)) is not None:
            folder = project.project_dir / named
        path = None if folder is None else Path(normal_path(os.getcwd(), str(folder)))
        return cls(path, project, is_of_command=given is not None)

    @classmethod
    def without_project(cls, state_path: str | None) -> "ComparedState":
        """The folder of a project whose files are not on this machine."""
        path = state_path or state_in(os.environ)
        return cls(Path(path) if path is not None and os.path.isabs(path) else None)

    def files_for(self, criteria: SelectionCriteria) -> frozenset[str]:
        """Names of the artifacts that a selection compares with; empty for most selections."""
        return compared_files(criteria, selectors=self._selectors if criteria.selector else "")

    def digests(self, files: Iterable[str]) -> dict[str, str]:
        """Hashes of artifacts by name of their setting in a fingerprint; those that do not exist are left out."""
        found: dict[str, str] = {}
        for name in sorted(files):
            if self.folder is not None and (self.folder / name).is_file():
                content = (self.folder / name).read_bytes()
                found[_PREFIX + name] = hashlib.sha256(content).hexdigest()[:16]
        return found

    def identity(self, files: Collection[str], inputs: str) -> str:
        """Text that is equal only if inputs and artifacts are; without files the inputs alone."""
        return f"{inputs}{self.digests(files)}" if files else inputs

    def is_recorded(self, files: Collection[str], settings: Mapping[str, str]) -> bool:
        """Whether artifacts are those of a fingerprint's settings, or there are none on this machine to compare.

        A folder that a command line names must be there.
        """
        now = self.digests(files)
        if not now and not self.is_of_command:
            return True
        return now == recorded_state(settings, files)

    def arguments_for(self, selections: Iterable[SelectionCriteria]) -> list[str]:
        """dbt's option for the folder; empty if no selection needs it, because dbt decodes all of a manifest."""
        if self.folder is None or not any(map(self.files_for, selections)):
            return []
        return ["--state", str(self.folder)]

    def refuse_missing(self, selections: Iterable[SelectionCriteria]) -> None:
        """Refuses selections whose artifact does not exist.

        What a selector of selectors.yml needs is left to dbt.

        Raises:
            SelectionError: There is one. The message names the first, ``refused`` all.
        """
        absent: list[tuple[SelectionCriteria, str]] = []
        for criteria in selections:
            needed = compared_files(criteria)
            if missing := sorted(n for n in needed if _PREFIX + n not in self.digests(needed)):
                absent.append((criteria, missing[0]))
        if not absent:
            return
        criteria, name = absent[0]
        if self.folder is None:
            problem = "no folder is named that holds it"
            hint = f"Set `state_path` of the project to the folder of the {name} to compare with."
        else:
            problem = f"{str(self.folder / name)!r} does not exist"
            hint = (
                f"Put the {name} to compare with there, for example that of production, or change `state_path` of"
                " the project."
            )
        error = SelectionError(
            f"{criteria} compares the project with another {name}, but {problem}.", hint=hint
        )
        error.refused = [criteria.cache_key for criteria, _ in absent]
        raise error

    @property
    def _selectors(self) -> str:
        if self.project is None:
            return ""
        try:
            return (self.project.project_dir / "selectors.yml").read_text(errors="replace")
        except OSError:
            return ""


def recorded_state(
    settings: Mapping[str, str], files: Collection[str] | None = None
) -> dict[str, str]:
    """The hashes of artifacts in a fingerprint's settings: those of all, or of some by name."""
    return {
        name: value
        for name, value in settings.items()
        if name.startswith(_PREFIX) and (files is None or name.removeprefix(_PREFIX) in files)
    }


def recorded_files(settings: Mapping[str, str]) -> frozenset[str]:
    """The names of the artifacts whose hashes are in a fingerprint's settings."""
    return frozenset(name.removeprefix(_PREFIX) for name in recorded_state(settings))
