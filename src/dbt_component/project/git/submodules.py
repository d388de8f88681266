"""Reads and checks the submodules of a commit before any of them is fetched."""

from dataclasses import dataclass

from dbt_component.errors import GitInputError
from dbt_component.project.git.path import check_repository_path
from dbt_component.project.git.repository import GitRepository
from dbt_component.translation.git_url import GitUrl, resolve_submodule_url

MAX_DEPTH = 10


@dataclass(frozen=True)
class GitSubmodule:
    """A submodule; ``path`` is relative to the repository that contains it."""

    path: str
    url: GitUrl
    commit: str


def read_submodules(repository: GitRepository, commit: str) -> list[GitSubmodule]:
    """The submodules of a commit, in the order of .gitmodules.

    Only ``path`` and ``url`` are read from .gitmodules; an ``update`` command is never run. As in git,
    entries whose path is not a submodule of the commit are ignored.

    Raises:
        GitInputError: A URL or path is rejected; the message names the submodule.
    """
    paths: dict[str, str] = {}
    urls: dict[str, str] = {}
    for key, value in repository.submodule_settings(commit):
        section, _, rest = key.partition(".")
        name, _, setting = rest.rpartition(".")
        if section.lower() == "submodule" and setting.lower() in ("path", "url"):
            (paths if setting.lower() == "path" else urls)[name] = value
    found = []
    for name, text in paths.items():
        where = f"submodule {name!r} in .gitmodules of {repository.session.url.public}"
        try:
            path = check_repository_path(text, name="path")
            child = repository.submodule_commit(commit, path)
            if child is None or name not in urls:
                continue
            url = resolve_submodule_url(repository.session.url, urls[name])
        except GitInputError as error:
            raise GitInputError(error.message, where=where, hint=error.hint) from None
        found.append(GitSubmodule(path, url, child))
    return found
