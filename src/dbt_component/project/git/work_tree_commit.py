"""The commit of a project that lies in a Git work tree of the user's own."""

import os
from pathlib import Path

from dbt_component.errors import GitWorkTreeError
from dbt_component.manifest.origin import Origin
from dbt_component.translation.git_url import public_url


def read_work_tree_commit(project_dir: Path, *, link_template: str | None = None) -> Origin:
    """The commit that is checked out around a project, and the repository that it is pushed to.

    Args:
        project_dir: A folder in a work tree.
        link_template: See ``translation.link.link_to_file``.

    Raises:
        GitWorkTreeError: There is no work tree, no commit or no git, or files of the project are changed
            since the commit, so that a link to it would show other text than what runs.
    """
    from git import GitCommandError, InvalidGitRepositoryError, NoSuchPathError, Repo

    try:
        with Repo(project_dir, search_parent_directories=True) as repository:
            root = repository.working_tree_dir
            if root is None:
                raise GitWorkTreeError(f"{project_dir} lies in a repository without files.")
            changed = repository.git.status("--porcelain", "--", str(project_dir.resolve()))
            if changed:
                raise GitWorkTreeError(
                    f"{project_dir} has changes that are not committed, the first of them"
                    f" {changed.splitlines()[0].strip()!r}."
                )
            commit = repository.head.commit.hexsha
            remotes = sorted(repository.remotes, key=lambda remote: remote.name != "origin")
            url = next(iter(remotes[0].urls)) if remotes else ""
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise GitWorkTreeError(f"{project_dir} lies in no Git work tree.") from None
    except (GitCommandError, ValueError, OSError) as error:
        raise GitWorkTreeError(f"Git can't tell the commit of {project_dir}: {error}.") from error
    folder = os.path.relpath(project_dir.resolve(), os.path.realpath(root)).replace(os.sep, "/")
    return Origin(
        repository=public_url(url) if url else "",
        commit=commit,
        folder="" if folder == "." else folder,
        link_template=link_template,
    )
