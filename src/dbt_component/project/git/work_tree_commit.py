"""Reads the commit of a project in the user's own Git work tree."""

import os
from pathlib import Path

from dbt_component.errors import GitWorkTreeError
from dbt_component.manifest.origin import Origin
from dbt_component.translation.git_url import public_url


def read_work_tree_commit(project_dir: Path, *, link_template: str | None = None) -> Origin:
    """Returns the commit of the work tree that contains a project, and the URL of its remote.

    Args:
        project_dir: A folder in a work tree.
        link_template: See ``translation.link.link_to_file``.

    Raises:
        GitWorkTreeError: There is no work tree, commit or git, or files of the project have changed since
            the commit, so a link would show different text from what runs.
    """
    from git import GitCommandError, InvalidGitRepositoryError, NoSuchPathError, Repo

    try:
        with Repo(project_dir, search_parent_directories=True) as repository:
            root = repository.working_tree_dir
            if root is None:
                raise GitWorkTreeError(f"{str(project_dir)!r} is in a bare repository.")
            changed = repository.git.status("--porcelain", "--", str(project_dir.resolve()))
            if changed:
                raise GitWorkTreeError(
                    f"{str(project_dir)!r} has uncommitted changes, the first being"
                    f" {changed.splitlines()[0].strip()!r}."
                )
            commit = repository.head.commit.hexsha
            remotes = sorted(repository.remotes, key=lambda remote: remote.name != "origin")
            url = next(iter(remotes[0].urls)) if remotes else ""
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise GitWorkTreeError(f"{str(project_dir)!r} is not in a Git work tree.") from None
    except (GitCommandError, ValueError, OSError) as error:
        raise GitWorkTreeError(
            f"Git can't determine the commit of {str(project_dir)!r}: {error}."
        ) from error
    folder = os.path.relpath(project_dir.resolve(), os.path.realpath(root)).replace(os.sep, "/")
    return Origin(
        repository=public_url(url) if url else "",
        commit=commit,
        folder="" if folder == "." else folder,
        link_template=link_template,
    )
