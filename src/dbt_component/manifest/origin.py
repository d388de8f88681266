"""The commit that a project was taken from."""

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """A commit of a Git repository, as told in definitions and messages: nothing secret.

    ``repository`` is the URL without user and token; ``folder`` the project's folder in it, with slashes,
    empty at the root; ``link_template`` makes links to files on hosts that are not known. ``settings`` is all
    else that was asked for, as text that is equal for equal settings.
    """

    repository: str
    commit: str
    ref: str | None = None
    folder: str = ""
    link_template: str | None = None
    settings: str = ""

    def path_of(self, project_file: str) -> str:
        """Path from the repository's root of a file given relative to the dbt project."""
        return f"{self.folder}/{project_file}" if self.folder else project_file
