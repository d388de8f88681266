"""Writes the files of one commit to a folder: the project's, the entire repository's, or submodules' too."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dbt_component.errors import (
    DagsterDbtProjectYmlFileNotFoundError,
    GitInputError,
    GitPathError,
    GitSourceError,
    GitTooLargeError,
)
from dbt_component.project.git.checkout import CheckoutCache, url_digest
from dbt_component.project.git.repository import (
    GitRepository,
    KeptRepository,
    fetch_anew,
    fetch_commit,
    is_explained,
)
from dbt_component.project.git.session import GitSession
from dbt_component.project.git.submodules import MAX_DEPTH, read_submodules
from dbt_component.project.git.work_tree import (
    check_symlinks,
    is_inside,
    is_self_contained,
    lfs_pointers,
)
from dbt_component.translation.git_url import GitUrl

# Opens the session of a submodule, from the parent's session, the submodule's URL and an empty folder.
OpenSession = Callable[[GitSession, GitUrl, Path], GitSession]


class Fetch(Protocol):
    """``fetch_commit`` or ``fetch_anew``."""

    def __call__(
        self, session: GitSession, kept: KeptRepository, commit: str, *, is_partial: bool
    ) -> GitRepository: ...


@dataclass(frozen=True)
class GitExport:
    """The parts of a commit to export.

    Args:
        cache: Holds repositories between exports.
        paths: Folders of the repository; the first is the dbt project's. ``"."`` means everything.
        open_session: Opens sessions for submodules; ``None`` leaves their folders empty.
    """

    cache: CheckoutCache
    paths: tuple[str, ...]
    open_session: OpenSession | None

    def write(self, session: GitSession, commit: str) -> Path:
        """Fetches a commit, checks its files and returns a new folder with them.

        Raises:
            GitPathError: There is no such folder at this commit, or a symlink leads out of the repository.
            DagsterDbtProjectYmlFileNotFoundError: The folder is not a dbt project.
            GitSourceError: The commit can't be fetched, is too large, or takes too long.
        """
        tree = session.folder / "tree"
        kept = self._kept(session.url)
        try:
            repository = fetch_commit(session, kept, commit, is_partial=self._is_partial)
            self._write_files(repository, commit, tree, fetch_commit)
        except GitSourceError as error:
            is_too_large = isinstance(error, GitTooLargeError)
            if is_explained(error) or (is_too_large and not kept.folder.exists()):
                raise
            # The kept repository may be damaged or full of old commits. Some servers also accept a
            # partial fetch but then don't deliver the missing contents.
            for folder in (tree, *session.folder.glob("repository-*")):
                shutil.rmtree(folder, ignore_errors=True)
            is_partial = self._is_partial and is_too_large
            repository = fetch_anew(session, kept, commit, is_partial=is_partial)
            self._write_files(repository, commit, tree, fetch_anew)
        self._check(repository, commit, tree)
        kept.replace(repository)
        return tree

    @property
    def _is_partial(self) -> bool:
        return "." not in self.paths and self.open_session is None

    def _kept(self, url: GitUrl) -> KeptRepository:
        digest = url_digest(url.fetch_url)
        folder = self.cache.base / "repositories" / digest
        return KeptRepository(folder, self.cache.work_folder, self.cache.lock_path(digest))

    def _write_files(
        self, repository: GitRepository, commit: str, tree: Path, fetch: Fetch
    ) -> None:
        for path in self.paths:
            self._check_folder(repository, commit, path)
        if self._is_partial and all(
            repository.kind_of(commit, path) == "tree" for path in self.paths
        ):
            repository.write_files(commit, tree, paths=_outermost(self.paths))
            if is_self_contained(tree / self.paths[0]):
                return
            shutil.rmtree(tree)
        repository.write_files(commit, tree)
        self._write_submodules(repository, commit, tree, fetch, depth=1)

    def _write_submodules(
        self, parent: GitRepository, commit: str, tree: Path, fetch: Fetch, *, depth: int
    ) -> None:
        if self.open_session is None:
            return
        public = parent.session.url.public
        for submodule in read_submodules(parent, commit):
            where = f"submodule {submodule.path!r} of {public}"
            if depth > MAX_DEPTH:
                raise GitInputError(
                    f"Submodules are nested more than {MAX_DEPTH} deep.", where=where
                )
            target = tree / submodule.path
            expected = os.path.normpath(os.path.join(os.path.realpath(tree), submodule.path))
            if os.path.realpath(target) != expected:
                raise GitPathError("The submodule's folder is behind a symlink.", where=where)
            folder = parent.session.folder / "submodule"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            session = self.open_session(parent.session, submodule.url, folder)
            kept = self._kept(submodule.url)
            repository = fetch(session, kept, submodule.commit, is_partial=False)
            repository.write_files(submodule.commit, target)
            self._write_submodules(repository, submodule.commit, target, fetch, depth=depth + 1)
            kept.replace(repository)
            parent.session.check_size()

    def _check_folder(self, repository: GitRepository, commit: str, path: str) -> None:
        """Rejects a wrong path before files are written. Paths behind links or submodules are checked later."""
        parts = [] if path == "." else path.split("/")
        for length in range(1, len(parts) + 1):
            kind = repository.kind_of(commit, "/".join(parts[:length]))
            if kind in ("link", "commit"):
                return
            if kind != "tree":
                raise self._no_folder(repository, commit, path)

    def _no_folder(self, repository: GitRepository, commit: str, path: str) -> GitPathError:
        return GitPathError(
            f"The repository has no folder {path!r}.",
            where=f"{repository.session.url.public} at commit {commit}",
            hint=_projects_hint(repository, commit)
            if path == self.paths[0]
            else "Check `extra_paths`.",
        )

    def _check(self, repository: GitRepository, commit: str, tree: Path) -> None:
        public = repository.session.url.public
        check_symlinks(tree, where=public)
        project_dir = tree / self.paths[0]
        real_root = os.path.realpath(tree)
        if not project_dir.is_dir() or not is_inside(os.path.realpath(project_dir), real_root):
            raise self._no_folder(repository, commit, self.paths[0])
        if not (project_dir / "dbt_project.yml").is_file():
            raise DagsterDbtProjectYmlFileNotFoundError(
                f"Folder {self.paths[0]!r} of the repository has no dbt_project.yml.",
                where=f"{public} at commit {commit}",
                hint=_projects_hint(repository, commit),
            )


def warnings_about(project_dir: Path) -> list[str]:
    """Warnings about exported files, for the user."""
    pointers = lfs_pointers(project_dir)
    if not pointers:
        return []
    return [
        f"The contents of Git LFS files are not fetched. Such files in the project: {len(pointers)}, for example"
        f" {pointers[0]!r}."
    ]


def _projects_hint(repository: GitRepository, commit: str) -> str:
    files = [p for p in repository.paths(commit) if p.rpartition("/")[2] == "dbt_project.yml"]
    folders = sorted(path.rpartition("/")[0] or "." for path in files)
    if not folders:
        return "No folder of the repository has a dbt_project.yml. Check the URL and `ref`."
    return f"Set `repo_relative_path` to a folder with a dbt_project.yml: {', '.join(map(repr, folders[:10]))}."


def _outermost(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that are not inside another of the paths."""
    return tuple(p for p in paths if not any(p.startswith(f"{other}/") for other in paths))
