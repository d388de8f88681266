"""All errors that this package raises deliberately.

DagsterDbtError
├── ProjectError                                  the dbt project on disk
│   ├── DagsterDbtProjectNotFoundError
│   ├── DagsterDbtProjectYmlFileNotFoundError
│   ├── DagsterDbtProfilesDirectoryNotFoundError
│   ├── DagsterDbtManifestNotFoundError           no manifest.json where one was given
│   ├── ProjectFileError                          a file of the project can't be read or understood
│   └── GitSourceError                            the Git repository that holds the project
│       ├── GitInputError                         a URL, ref, path or credential refused before git runs
│       ├── GitUnreachableError                   host down, unknown or not trusted
│       │   ├── GitInterruptedError               the connection was interrupted
│       │   └── GitTimeoutError                   git exceeded its time limit
│       ├── GitAccessError                        credentials missing or wrong, or no such repository
│       ├── GitRefNotFoundError                   no such branch, tag or commit
│       ├── GitPathError                          a path that is not in the repository, or leads out of it
│       ├── GitTooLargeError                      the repository exceeds its size limit
│       └── GitWorkTreeError                      the files on disk match no commit
├── CacheFolderError                              the cache folder may hold files of other users
├── EngineError                                   dbt itself: missing, unknown, too old
│   └── DagsterDbtCoreNotInstalledError           dbt-core is not installed
├── PrepareError                                  `dbt deps` or `dbt parse` failed
├── StateError                                    the component's state file
│   ├── StateMissingError
│   │   └── NoStateError                          there is none to look for
│   └── StateFormatError                          truncated, corrupt, or of another format
│       └── NewerStateError                       of a newer format, which a refresh does not replace
├── SelectionError                                a selection that dbt does not accept
├── DefinitionError                               the nodes can't become definitions
│   ├── DuplicateAssetKeyError
│   ├── TranslationError                          a template failed on one node
│   └── UnknownNodeError
├── CliArgsError                                  `cli_args` that can't be sent to dbt
├── RunFolderError                                the folder of a run can't be written
├── RelationLoadError                             a relation that can't be loaded into Python
├── DbtCloudError                                 the dbt platform (dbt Cloud)
│   ├── DbtCloudAuthError                         the token is missing, wrong, or lacks a permission
│   ├── DbtCloudNotFoundError                     the account has no such project, job, run or environment
│   ├── DbtCloudRequestError                      the platform refused a request for another reason
│   ├── DbtCloudUnavailableError                  the platform could not be reached, or kept failing
│   └── DbtCloudAnswerError                       an answer or artifact that can't be understood
└── DagsterDbtCliRuntimeError                     a dbt command failed (also a dagster.Failure)

The last one can be imported from here, but is defined in ``execution.failure``: this module does not import
Dagster.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dbt_component.execution.failure import (
        DagsterDbtCliRuntimeError as DagsterDbtCliRuntimeError,
    )


class DagsterDbtError(click.ClickException):
    """Base of all errors of this package.

    A click command that doesn't catch it, such as `dg utils refresh-defs-state`, prints it without a traceback.
    Like a ``dagster.Failure`` it has a ``description``, ``metadata`` and ``allow_retries``.

    Args:
        message: The failure, with the offending value in ``!r`` form.
        where: The file or column that holds the value.
        hint: How to fix it.
        key: The key of defs.yaml that the value comes from, such as ``project.target``. The component
            adds its file and line. Default: the class's ``default_key``.
    """

    default_key: str | None = None
    metadata: Mapping[str, Any] = MappingProxyType({})
    """Metadata that Dagster shows beside the failure of a step."""
    allow_retries: bool = True
    """Whether a retry policy of Dagster applies."""
    subject: str | None = None
    """What the error is about, such as the name of a schedule; precedes the message."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint
        self.key = key or self.default_key
        self.args = (str(self),)

    def __str__(self) -> str:
        lines = [f"{self.subject}: {self.message}" if self.subject else self.message]
        where = self.where or (self.key if self.key != self.default_key else None)
        if where:
            lines.append(f"  where: {where}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    @property
    def description(self) -> str | None:
        """The entire text."""
        return str(self)

    def format_message(self) -> str:
        """The text that click prints."""
        return str(self)

    def place(self, find_place: Callable[[str], str | None]) -> None:
        """Adds the place of ``key`` in defs.yaml to ``where``.

        Args:
            find_place: Returns the file and line of a key; ``None`` if there is no file.
        """
        if self.key is None:
            return
        place, self.key = find_place(self.key), None
        self.where = "; ".join(part for part in (place, self.where) if part) or None
        self.args = (str(self),)


class ProjectError(DagsterDbtError):
    """The dbt project on disk is not usable."""

    default_key = "project"


class DagsterDbtProjectNotFoundError(ProjectError):
    """The project folder does not exist."""

    default_key = "project.project_dir"


class DagsterDbtProjectYmlFileNotFoundError(ProjectError):
    """The folder holds no ``dbt_project.yml``."""

    default_key = "project.project_dir"


class DagsterDbtProfilesDirectoryNotFoundError(ProjectError):
    """No folder with a ``profiles.yml`` was found."""

    default_key = "project.profiles_dir"


class DagsterDbtManifestNotFoundError(ProjectError):
    """There is no ``manifest.json`` at the path given."""


class ProjectFileError(ProjectError):
    """A file of the project can't be read or understood."""


class GitSourceError(ProjectError):
    """The Git repository that holds the project can't be used. The message contains no secret."""

    default_key = "project.repo_url"


class GitInputError(GitSourceError):
    """A URL, ref, path or credential was refused before git ran."""


class GitUnreachableError(GitSourceError):
    """The host is down or unknown, or its certificate or host key is not trusted."""


class GitInterruptedError(GitUnreachableError):
    """The connection was interrupted before the transfer was complete."""


class GitTimeoutError(GitUnreachableError):
    """Git exceeded its time limit and was killed."""


class GitAccessError(GitSourceError):
    """Credentials are missing or wrong, or the repository does not exist. Hosts don't reveal which."""


class GitRefNotFoundError(GitSourceError):
    """The repository has no such branch, tag or commit."""

    default_key = "project.ref"


class GitPathError(GitSourceError):
    """A path is not in the repository, or a symlink leads out of it."""

    default_key = "project.repo_relative_path"


class GitTooLargeError(GitSourceError):
    """The repository exceeds its size limit."""


class GitWorkTreeError(GitSourceError):
    """The project's files on this machine match no commit."""


class CacheFolderError(DagsterDbtError):
    """The cache folder can't be created, or may hold files of other users."""


class EngineError(DagsterDbtError):
    """dbt is missing, has an unsupported version, or is not a Python dbt."""

    default_key = "project"


class DagsterDbtCoreNotInstalledError(EngineError):
    """dbt-core is not installed in the Python environment that should run dbt."""


class PrepareError(DagsterDbtError):
    """``dbt deps`` or ``dbt parse`` failed; the message contains dbt's output."""

    default_key = "project"


class StateError(DagsterDbtError):
    """The component's state can't be used."""


class StateMissingError(StateError):
    """No state exists for this component."""


class NoStateError(StateMissingError):
    """The state was never written, or Dagster did not load the component, so it has no place."""


class StateFormatError(StateError):
    """The state file is truncated, corrupt, or of another format."""


class NewerStateError(StateFormatError):
    """A newer release wrote the state file; a refresh does not replace it."""


class SelectionError(DagsterDbtError):
    """dbt does not accept a selection. ``refused`` holds the cache keys of the criteria, if known."""

    refused: Sequence[str] = ()


class DefinitionError(DagsterDbtError):
    """The project's nodes can't become Dagster definitions."""


class DuplicateAssetKeyError(DefinitionError):
    """Several nodes claim one asset key or one output name."""


class TranslationError(DefinitionError):
    """A ``translation`` template failed on one node."""


class UnknownNodeError(DefinitionError, KeyError):
    """No node of the project has the given name or id. Also a KeyError, as a look-up by name raises."""


class CliArgsError(DagsterDbtError):
    """``cli_args`` can't be sent to dbt."""


class RunFolderError(DagsterDbtError):
    """The folder in which a dbt command keeps its artifacts can't be written."""


class LineageError(DagsterDbtError):
    """The lineage of columns was asked for, and the package that it needs is not installed."""


class RelationLoadError(DagsterDbtError):
    """A dbt relation can't be loaded into Python. The message contains no secret."""


class DbtCloudError(DagsterDbtError):
    """The dbt platform (dbt Cloud) can't be used. The message never contains the token."""


class DbtCloudAuthError(DbtCloudError):
    """The dbt platform rejects the token, or the token lacks a permission."""


class DbtCloudNotFoundError(DbtCloudError):
    """The account on the dbt platform has no such project, environment, job or run."""


class DbtCloudRequestError(DbtCloudError):
    """The dbt platform refused a request; the message contains its reason."""


class DbtCloudUnavailableError(DbtCloudError):
    """The dbt platform could not be reached, or failed at each attempt."""


class DbtCloudAnswerError(DbtCloudError):
    """An answer or artifact of the dbt platform is not of the documented form."""


if not TYPE_CHECKING:  # a checker that sees it accepts any name, as Any

    def __getattr__(name: str) -> Any:
        if name != "DagsterDbtCliRuntimeError":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module("dbt_component.execution.failure"), name)
        globals()[name] = value
        return value
