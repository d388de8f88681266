"""Every error that this package raises on purpose.

DagsterDbtError
├── ProjectError                                  the dbt project on disk
│   ├── DagsterDbtProjectNotFoundError
│   ├── DagsterDbtProjectYmlFileNotFoundError
│   ├── DagsterDbtProfilesDirectoryNotFoundError
│   ├── DagsterDbtManifestNotFoundError           no manifest.json where one was given
│   ├── ProjectFileError                          a file of the project can't be read or understood
│   └── GitSourceError                            the Git repository that holds the project
│       ├── GitInputError                         a URL, ref, path or credential refused before git runs
│       ├── GitUnreachableError                   host down, unknown, or its identity not trusted
│       │   ├── GitInterruptedError               the connection broke off
│       │   └── GitTimeoutError                   no end within the time given
│       ├── GitAccessError                        credentials missing or wrong, or no such repository
│       ├── GitRefNotFoundError                   no such branch, tag or commit
│       ├── GitPathError                          a path that is not in the repository, or leads out of it
│       ├── GitTooLargeError                      more bytes than allowed
│       └── GitWorkTreeError                      the files at hand are those of no commit
├── EngineError                                   dbt itself: missing, unknown, too old
├── PrepareError                                  `dbt deps` or `dbt parse` failed
├── StateError                                    the component's state file
│   ├── StateMissingError
│   └── StateFormatError                          truncated, corrupt, or of a newer format
├── SelectionError                                a selection that dbt does not accept
├── DefinitionError                               the nodes can't become definitions
│   ├── DuplicateAssetKeyError
│   ├── TranslationError                          a template failed on one node
│   └── UnknownNodeError
├── CliArgsError                                  `cli_args` that can't be sent to dbt
└── execution.failure.DagsterDbtCliRuntimeError   dbt ran and failed (also a dagster.Failure)
"""


class DagsterDbtError(Exception):
    """Base of all errors of this package.

    Args:
        message: What failed, with the offending value in ``!r`` form.
        where: File, key or column that holds the value.
        hint: What the reader can do about it.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = where
        self.hint = hint
        lines = [message]
        if where:
            lines.append(f"  where: {where}")
        if hint:
            lines.append(f"  hint: {hint}")
        super().__init__("\n".join(lines))


class ProjectError(DagsterDbtError):
    """The dbt project on disk is not usable."""


class DagsterDbtProjectNotFoundError(ProjectError):
    """The project folder does not exist."""


class DagsterDbtProjectYmlFileNotFoundError(ProjectError):
    """The folder holds no ``dbt_project.yml``."""


class DagsterDbtProfilesDirectoryNotFoundError(ProjectError):
    """No folder with a ``profiles.yml`` was found."""


class DagsterDbtManifestNotFoundError(ProjectError):
    """There is no ``manifest.json`` at the path given."""


class ProjectFileError(ProjectError):
    """A file of the project can't be read or understood."""


class GitSourceError(ProjectError):
    """The Git repository that holds the project can't be used; no secret is in the message."""


class GitInputError(GitSourceError):
    """A URL, ref, path or credential that is refused before git runs."""


class GitUnreachableError(GitSourceError):
    """The host is down or unknown, or its certificate or host key is not trusted."""


class GitInterruptedError(GitUnreachableError):
    """The connection broke off before all was there."""


class GitTimeoutError(GitUnreachableError):
    """Git did not end within the time given, and was killed."""


class GitAccessError(GitSourceError):
    """Credentials are missing or wrong, or there is no such repository: hosts don't tell which."""


class GitRefNotFoundError(GitSourceError):
    """The repository has no such branch, tag or commit."""


class GitPathError(GitSourceError):
    """A path that is not in the repository, or a symlink that leads out of it."""


class GitTooLargeError(GitSourceError):
    """The repository has more bytes than allowed."""


class GitWorkTreeError(GitSourceError):
    """The files of a project on this machine are those of no commit."""


class EngineError(DagsterDbtError):
    """dbt is missing, of an unsupported version, or not a Python dbt."""


class PrepareError(DagsterDbtError):
    """``dbt deps`` or ``dbt parse`` failed; the message is dbt's own."""


class StateError(DagsterDbtError):
    """The component's state can't be used."""


class StateMissingError(StateError):
    """No state was ever written for this component."""


class StateFormatError(StateError):
    """The state file is truncated, corrupt, or of a newer format."""


class SelectionError(DagsterDbtError):
    """dbt does not accept a selection."""


class DefinitionError(DagsterDbtError):
    """The project's nodes can't become Dagster definitions."""


class DuplicateAssetKeyError(DefinitionError):
    """Several nodes claim one asset key or one output name."""


class TranslationError(DefinitionError):
    """A ``translation`` template failed on one node."""


class UnknownNodeError(DefinitionError):
    """A name or id that no node of the project has."""


class CliArgsError(DagsterDbtError):
    """``cli_args`` that can't be sent to dbt."""
