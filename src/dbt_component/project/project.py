"""``DbtProject``: a dbt project of Python definitions, and the preparer that keeps its manifest up to date."""

import abc
import dataclasses
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from typing_extensions import override

from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DagsterDbtProfilesDirectoryNotFoundError,
    DefinitionError,
    PrepareError,
    SelectionError,
)
from dbt_component.lineage.project_lineage import ColumnSource
from dbt_component.lineage.requirement import require_sqlglot
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.local_project import LocalProject
from dbt_component.project.packages import declared_packages
from dbt_component.project.prepared_files import state_beside, write_manifest_beside
from dbt_component.project.refresh import RefreshOutcome, refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest

_logger = logging.getLogger("dbt_component")


def using_dagster_dev() -> bool:
    """Whether this process belongs to `dg dev` or `dagster dev`."""
    return bool(os.getenv("DAGSTER_IS_DEV_CLI"))


class DbtProjectPreparer(abc.ABC):
    """Makes a project's manifest.json. Subclass it for a preparation of your own: ``DbtProject(preparer=…)``."""

    @abc.abstractmethod
    def prepare(self, project: "DbtProject") -> None:
        """Brings manifest.json at ``project.manifest_path`` up to date.

        Raises:
            PrepareError: It can't be made. An earlier manifest.json then remains in use, with a warning.
        """

    def prepare_if_dev(self, project: "DbtProject") -> None:
        """Calls ``prepare`` in development, and does nothing elsewhere. ``DbtProject.prepare_if_dev`` calls it."""
        if self.using_dagster_dev():
            self.prepare(project)

    def using_dagster_dev(self) -> bool:
        """Whether to prepare: by default what the function ``using_dagster_dev`` says."""
        return using_dagster_dev()


class DagsterDbtProjectPreparer(DbtProjectPreparer):
    """Prepares a project as the component does: with one dbt process, and only if an input changed.

    Besides manifest.json, ``dbt_component.state`` is written into the target folder. Definitions and runs that use
    that manifest.json take the index, dbt's parse cache and the selections from there.

    Args:
        prepare_project_cli_args: The dbt command that prepares the project, instead of the project's own.
        column_lineage: Traces the lineage of columns before the first run, so that assets show it when they load;
            from which columns of sources: those that the project documents, or also those in the database. Needs
            the extra ``lineage``.

    Raises:
        DefinitionError: ``column_lineage`` is nothing of this kind.
        LineageError: ``column_lineage`` is given and sqlglot is not installed.
    """

    def __init__(
        self,
        prepare_project_cli_args: Sequence[str] | None = None,
        *,
        column_lineage: Literal["documentation", "database"] | None = None,
    ) -> None:
        self._prepare_project_cli_args = prepare_project_cli_args
        self._column_lineage = column_lineage
        if column_lineage not in (None, *get_args(ColumnSource)):
            raise DefinitionError(
                f"`column_lineage` is {column_lineage!r}.",
                where="DagsterDbtProjectPreparer",
                hint=f"Available: {', '.join(map(repr, get_args(ColumnSource)))}.",
            )
        if column_lineage is not None:
            require_sqlglot("DagsterDbtProjectPreparer(column_lineage=…)")

    @override
    def prepare(self, project: "DbtProject") -> None:
        """Brings manifest.json and the state beside it up to date, installing packages if need be.

        Only reads and hashes files if nothing changed. Of several processes one prepares, and the others wait.

        Raises:
            PrepareError: dbt failed; the message is dbt's own. The files remain as they were.
            ProjectError: The project is not usable, for example without profiles.yml.
            OSError: The target folder can't be written.
        """
        if self._prepare_project_cli_args is not None:
            project = dataclasses.replace(
                project, prepare_project_cli_args=tuple(self._prepare_project_cli_args)
            )
        _refresh(project, self._column_lineage).log_warnings(_logger)
        write_manifest_beside(project.manifest_path)


@dataclass(frozen=True)
class DbtProject(LocalProject):
    """A dbt project on this machine, with the profile, target and variables to run it with.

    Args:
        project_dir: Folder of dbt_project.yml.
        target_path: Folder of manifest.json, relative to the project. Runs do not write there.
        profiles_dir: Folder of profiles.yml. By default the first that exists of
            ``DBT_PROFILES_DIR``, the project folder, ``~/.dbt``.
        profile: Profile to use instead of the one in dbt_project.yml.
        target: Target of the profile. Default: the profile's own.
        packaged_project_dir: A copy to use instead of ``project_dir``, if it exists, except under `dg dev`.
        state_path: Folder of a manifest to compare with or defer to, relative to the project.
        prepare_project_cli_args: The dbt command that prepares the project.
        vars: Variables for every dbt command.
        dbt_executable: The ``dbt`` of another Python environment.
        working_dir: Folder to run dbt in, against which databases resolve relative paths. Default:
            ``project_dir``.
        preparer: Makes manifest.json. Default: a ``DagsterDbtProjectPreparer``.
        needs_profiles: Whether a ``profiles_dir`` must exist. Loading definitions needs none. Not an attribute.

    Raises:
        DagsterDbtProjectNotFoundError: The folder does not exist.
        DagsterDbtProjectYmlFileNotFoundError: It holds no dbt_project.yml.
        DagsterDbtProfilesDirectoryNotFoundError: ``profiles_dir`` does not exist.
    """

    preparer: DbtProjectPreparer = field(
        default_factory=DagsterDbtProjectPreparer, repr=False, compare=False
    )
    needs_profiles: InitVar[bool] = True

    if TYPE_CHECKING:  # paths may be given as text

        def __init__(
            self,
            project_dir: str | Path,
            target_path: str | Path = "target",
            profiles_dir: str | Path | None = None,
            profile: str | None = None,
            target: str | None = None,
            packaged_project_dir: str | Path | None = None,
            state_path: str | Path | None = None,
            prepare_project_cli_args: Sequence[str] = ("parse",),
            vars: Mapping[str, Any] = ...,
            dbt_executable: str | None = None,
            working_dir: Path | None = None,
            preparer: DbtProjectPreparer = ...,
            needs_profiles: bool = True,  # noqa: FBT001, FBT002
        ) -> None: ...

    @override
    def __post_init__(self, needs_profiles: bool) -> None:
        super().__post_init__()
        if needs_profiles and self.profiles_dir is not None and not self.profiles_dir.is_dir():
            raise DagsterDbtProfilesDirectoryNotFoundError(
                f"The folder of profiles.yml {str(self.profiles_dir)!r} does not exist.",
                where=self.absolute_dir,
                hint="Set `profiles_dir` to the folder that contains profiles.yml.",
            )

    @property
    def has_uninstalled_deps(self) -> bool:
        """Whether packages are declared and their folder does not exist."""
        installed_in = self.project_dir / self.yml.packages_install_path
        return bool(declared_packages(self.project_dir)) and not installed_in.is_dir()

    def prepare_if_dev(self) -> None:
        """Brings the manifest up to date under `dg dev` and `dagster dev`; elsewhere only checks that there is one.

        Raises:
            DagsterDbtManifestNotFoundError: There is no manifest.json.
            PrepareError: dbt failed, and there is no earlier manifest; with one, a warning says so.
        """
        try:
            self.preparer.prepare_if_dev(self)
        except PrepareError as error:
            if not self.manifest_path.is_file():
                raise
            _logger.warning(
                "The dbt project can't be prepared; the last good manifest.json remains in use.\n%s",
                error,
            )
        if not self.manifest_path.is_file():
            raise DagsterDbtManifestNotFoundError(
                f"dbt project {self.name!r} has no manifest.json.",
                where=str(self.manifest_path),
                hint="Under `dg dev` it is made when definitions load. Elsewhere, make it when you build the image, with"
                " `dbt-component project prepare-and-package --file <the file that defines the project>`.",
            )


def _refresh(project: DbtProject, lineage: ColumnSource | None) -> RefreshOutcome:
    """Refreshes the state beside the manifest, with the selections that definitions have asked for."""
    state_path = state_beside(project.manifest_path)
    asked = AskedSelections.beside(state_path)
    request = RefreshRequest(state_path=state_path, selections=asked.criteria(), lineage=lineage)
    try:
        return refresh_from_folder(project, request)
    except SelectionError:  # one that no definition uses any more, perhaps
        asked.forget()
        return refresh_from_folder(project, dataclasses.replace(request, selections=()))
