"""A bare repository in a session's folder: fetches one commit, reads it and writes its files.

One repository per URL is kept, and the next session starts from a hard-linked copy, so it fetches only
new objects. A kept repository is never written to, only replaced, so a process that is killed at any
moment leaves it intact.
"""

import contextlib
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from dbt_component.errors import (
    GitInterruptedError,
    GitRefNotFoundError,
    GitSourceError,
    GitTooLargeError,
)
from dbt_component.project.git.failure import commit_not_found, failure, needs_all_refs
from dbt_component.project.git.session import GitResult, GitSession, folder_size

# Each fetch adds a pack. Beyond this number, the next session starts from scratch without old commits.
_MAX_PACKS = 40
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = true
[remote "origin"]
\turl = "{url}"
"""


@dataclass(frozen=True)
class GitRepository:
    """A bare repository that only this session uses."""

    session: GitSession
    folder: Path

    def has_fetched(self, commit: str) -> bool:
        """Whether the commit was fetched, here or in the kept repository that this one was copied from."""
        result = self._run("show-ref", "--verify", "--quiet", f"refs/commits/{commit}")
        return result.status == 0

    def kind_of(self, commit: str, path: str) -> str | None:
        """``tree``, ``blob``, ``link`` or ``commit`` (a submodule); ``None`` if there is no such path."""
        entry = self._read("ls-tree", "-z", commit, "--", path).partition("\t")[0].split()
        if not entry:
            return None
        return "link" if entry[0] == "120000" else entry[1]

    def submodule_commit(self, commit: str, path: str) -> str | None:
        """The commit that a submodule's path is set to; ``None`` if there is no submodule."""
        entry = self._read("ls-tree", "-z", commit, "--", path).partition("\t")[0].split()
        return entry[2] if entry and entry[0] == "160000" else None

    def paths(self, commit: str) -> list[str]:
        """Paths of all files of a commit."""
        return self._read("ls-tree", "-r", "-z", "--name-only", commit).split("\0")[:-1]

    def submodule_settings(self, commit: str) -> list[tuple[str, str]]:
        """Keys and values of .gitmodules, in its order, such as ``submodule.<name>.url``."""
        if self.kind_of(commit, ".gitmodules") != "blob":
            return []
        text = self._read("config", "--no-includes", "-z", "--list", f"--blob={commit}:.gitmodules")
        pairs = (entry.partition("\n") for entry in text.split("\0") if entry)
        return [(name, value) for name, _, value in pairs]

    def write_files(self, commit: str, folder: Path, *, paths: tuple[str, ...] = ()) -> None:
        """Writes the files of a commit to an empty folder: all of them, or only those below ``paths``.

        Runs no hook and no filter, so Git LFS files remain pointers.
        """
        folder.mkdir(parents=True, exist_ok=True)
        index = self.folder / "written.index"
        index.unlink(missing_ok=True)
        trees = [("--reset", commit)] if not paths else []
        trees += [(f"--prefix={path}/", f"{commit}:{path}") for path in paths]
        for option, tree in trees:
            arguments = ("read-tree", option, "-u", tree)
            result = self.session.run(
                *arguments, repository=self.folder, work_tree=folder, index=index
            )
            if result.status:
                raise self._failure(result, None)
        index.unlink(missing_ok=True)
        self.session.check_size()

    def fetch(self, commit: str, *, is_partial: bool) -> bool:
        """Fetches one commit without its history; ``False`` if the server sends no commit by its id.

        Args:
            commit: All 40 digits.
            is_partial: Fetch file contents only when they are written, if the server supports it.

        Raises:
            GitSourceError: The server can't be reached, denies access, or has no such commit.
        """
        result = self._fetch(
            "--depth=1",
            "--filter=blob:none" if is_partial else "--no-filter",
            f"+{commit}:refs/commits/{commit}",
        )
        if result.status and needs_all_refs(result):
            return False
        if result.status:
            raise self._failure(result, commit)
        kind = self._read("cat-file", "-t", commit).strip()
        if kind != "commit":
            raise GitRefNotFoundError(
                f"{commit!r} is the id of a {kind}, not of a commit.",
                where=self.session.url.public,
                hint="Use the name of an annotated tag, not its id.",
            )
        self.session.check_size()
        return True

    def fetch_all_refs(self, commit: str) -> None:
        """Fetches all branches and tags, for a server that can't send less.

        Raises:
            GitRefNotFoundError: None of them contains the commit.
        """
        names = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        result = self._fetch("--no-filter", "--prune", *names)
        if result.status:
            raise self._failure(result, commit)
        self.session.check_size()
        if self._run("update-ref", f"refs/commits/{commit}", f"{commit}^{{commit}}").status:
            raise commit_not_found(self.session, commit)

    def _fetch(self, *arguments: str) -> GitResult:
        options = [argument for argument in arguments if argument.startswith("--")]
        names = [argument for argument in arguments if not argument.startswith("--")]
        return self._run(
            "fetch", "--quiet", "--no-tags", *options, "--end-of-options", "origin", *names
        )

    def _run(self, *arguments: str) -> GitResult:
        return self.session.run(*arguments, repository=self.folder)

    def _read(self, *arguments: str) -> str:
        result = self._run(*arguments)
        if result.status:
            raise self._failure(result, None)
        return os.fsdecode(result.output)

    def _failure(self, result: GitResult, commit: str | None) -> GitSourceError:
        return failure(result, self.session, doing="read the repository", commit=commit)


@dataclass(frozen=True)
class KeptRepository:
    """The repository kept for one URL; it may not exist yet.

    Args:
        folder: Folder of the repository.
        attic: Folder that repositories are moved to before they are deleted.
        lock_path: Lock file, held briefly during a copy or replacement.
    """

    folder: Path
    attic: Path
    lock_path: Path

    def copy_to(self, session: GitSession, *, is_complete: bool = False) -> GitRepository | None:
        """Returns a copy for a session; ``None`` if there is no usable repository.

        Args:
            session: The session that will use it.
            is_complete: Whether the repository must have its full history.
        """
        target = session.folder / f"repository-{uuid.uuid4().hex[:8]}"
        with FileLock(self.lock_path, timeout=session.limits.timeout_seconds):
            if not (self.folder / "HEAD").is_file():
                return None
            if is_complete and (self.folder / "shallow").exists():
                return None
            packs = sum(1 for _ in (self.folder / "objects" / "pack").glob("*.pack"))
            limit = session.limits.max_bytes
            if packs > _MAX_PACKS or (limit is not None and folder_size(self.folder) > limit / 2):
                return None
            shutil.copytree(self.folder, target, copy_function=_link_objects)
        return GitRepository(session, target)

    def replace(self, repository: GitRepository) -> None:
        """Keeps a session's repository. The session must not use it afterwards."""
        self.attic.mkdir(parents=True, exist_ok=True)
        old = self.attic / uuid.uuid4().hex
        with FileLock(self.lock_path, timeout=repository.session.limits.timeout_seconds):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.rename(self.folder, old)
            os.rename(repository.folder, self.folder)
        shutil.rmtree(old, ignore_errors=True)


def fetch_commit(
    session: GitSession, kept: KeptRepository, commit: str, *, is_partial: bool
) -> GitRepository:
    """Returns a repository with the commit, reusing the kept one if possible and fetching as little as possible.

    Raises:
        GitSourceError: The server can't be reached, denies access, or has no such commit.
    """
    known = kept.copy_to(session)
    if known is not None:
        try:
            if known.has_fetched(commit) or known.fetch(commit, is_partial=is_partial):
                return known
        except GitSourceError as error:
            if is_explained(error):
                raise
        # The kept repository is not usable; start with a new one.
        shutil.rmtree(known.folder, ignore_errors=True)
    return fetch_anew(session, kept, commit, is_partial=is_partial)


def fetch_anew(
    session: GitSession, kept: KeptRepository, commit: str, *, is_partial: bool
) -> GitRepository:
    """Like ``fetch_commit``, but does not reuse single commits from the kept repository."""
    new = _create_repository(session)
    if not new.fetch(commit, is_partial=is_partial):
        shutil.rmtree(new.folder, ignore_errors=True)
        new = kept.copy_to(session, is_complete=True) or _create_repository(session)
        new.fetch_all_refs(commit)
    return new


def is_explained(error: GitSourceError) -> bool:
    """Whether the error is known to be the source's, so retrying can't help."""
    return type(error) not in (GitSourceError, GitTooLargeError, GitInterruptedError)


def _create_repository(session: GitSession) -> GitRepository:
    folder = session.folder / f"repository-{uuid.uuid4().hex[:8]}"
    (folder / "objects" / "pack").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    url = session.url.fetch_url.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "config").write_text(_CONFIG.format(url=url))
    return GitRepository(session, folder)


def _link_objects(source: str, target: str) -> None:
    """Links objects, which git never changes once written, and copies everything else."""
    if f"{os.sep}objects{os.sep}" in source:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)
