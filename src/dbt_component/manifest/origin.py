"""The Git commit that a project was fetched at."""

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """A commit of a Git repository, as shown in definitions and messages; contains nothing secret.

    ``repository`` is the URL without user and token. ``folder`` is the project's folder in the repository,
    with slashes, empty at the root. ``link_template`` makes links to files on unknown hosts. ``settings``
    are all other settings of the checkout, as text that is equal for equal settings.
    """

    repository: str
    commit: str
    ref: str | None = None
    folder: str = ""
    link_template: str | None = None
    settings: str = ""

    def path_of(self, project_file: str) -> str:
        """Converts a path relative to the dbt project into one relative to the repository's root."""
        return f"{self.folder}/{project_file}" if self.folder else project_file
