"""A dbt project that lies in a Git repository."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dbt_component.errors import GitInputError
from dbt_component.project.cache import cache_folder
from dbt_component.project.git.checkout import (
    CheckoutCache,
    GitCheckout,
    checkout_name,
    url_digest,
)
from dbt_component.project.git.credentials import GitLogin, check_secret
from dbt_component.project.git.export import GitExport, warnings_about
from dbt_component.project.git.failure import failure
from dbt_component.project.git.path import check_repository_path
from dbt_component.project.git.ref import (
    check_commit,
    check_ref,
    is_full_commit,
    parse_remote_list,
    pick_commit,
    ref_not_found,
    remote_names,
)
from dbt_component.project.git.session import GitLimits, GitSession, session_folder
from dbt_component.translation.git_url import GitUrl, parse_git_url


@dataclass(frozen=True)
class GitSource:
    """A folder of a Git repository, at one branch, tag or commit.

    Nothing of the user's or the system's Git configuration serves, except proxies, certificate
    authorities and ``safe.directory``; no hook, filter or credential helper runs.

    Args:
        repo_url: https, ssh (also ``user@host:path``), file URL or absolute path. http for the loopback
            address only.
        ref: Branch, tag or full commit. Default: the remote's default branch.
        repo_relative_path: Folder of the dbt project. If it uses nothing outside of itself, only its
            files are fetched, from servers that can.
        extra_paths: Further folders of the repository that it needs although none of its files tells,
            such as one of profiles.
        token: For https. Default: ``GITHUB_TOKEN`` of the environment, for ``github_token_hosts``.
        username: Sent with the token. Default: what GitHub, GitLab or Bitbucket ask for.
        ssh_key_path: A private key without passphrase. Default: ssh's agent and configuration.
        ssh_known_hosts_path: Where host keys are kept. Default: ssh's own place.
        ssh_strict_host_key_checking: ``accept-new`` trusts a host when first seen and refuses it if its
            key has changed; ``yes`` trusts none that is not known.
        submodules: Whether submodules are fetched too, then always with the whole repository.
        timeout_seconds: For each call as a whole.
        max_bytes: Of the fetched repository and its files together. ``None``: no limit.
        github_token_hosts: Hosts (``host`` or ``host:port``) that may get ``GITHUB_TOKEN``.
    """

    repo_url: str
    ref: str | None = None
    repo_relative_path: str = "."
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    ssh_key_path: Path | None = None
    submodules: bool = False
    timeout_seconds: float = 300
    max_bytes: int | None = 2 * 1024**3
    github_token_hosts: tuple[str, ...] = ("github.com",)
    ssh_known_hosts_path: Path | None = None
    ssh_strict_host_key_checking: Literal["accept-new", "yes"] = "accept-new"
    extra_paths: tuple[str, ...] = ()

    def validate(self) -> None:
        """Checks all that can be checked without running git or reading files.

        Raises:
            GitInputError: Names all that is wrong.
        """
        problems: list[GitInputError] = []

        def check(action: Callable[[], object]) -> None:
            try:
                action()
            except GitInputError as error:
                problems.append(error)

        check(lambda: self._check_credentials(parse_git_url(self.repo_url)))
        if self.ref is not None:
            ref = self.ref
            check(lambda: check_ref(ref))
        check(lambda: self._paths)
        check(lambda: check_secret("token", self.token))
        check(lambda: check_secret("username", self.username))
        check(self._check_limits)
        if len(problems) == 1:
            raise problems[0]
        if problems:
            hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
            raise GitInputError(
                "\n".join(problem.message for problem in problems), hint=" ".join(hints)
            )

    def resolve_commit(self) -> str:
        """The commit that ``ref`` stands for now, asked of the remote; nothing is fetched.

        A full commit is returned as it is, without asking.

        Raises:
            GitRefNotFoundError: The remote has no such ref; the hint names close ones.
            GitUnreachableError: The host is down or does not answer in time.
            GitAccessError: Wrong credentials, or no such repository.
            GitInputError: See ``validate``.
        """
        self.validate()
        if self.ref is not None and is_full_commit(self.ref):
            return self.ref.lower()
        cache = CheckoutCache(cache_folder("git"))
        with session_folder(cache.work_folder) as folder:
            session = self._session(parse_git_url(self.repo_url), folder)
            commit = pick_commit(_list_refs(session, *remote_names(self.ref)), self.ref)
            if commit is None:
                everything = _list_refs(session, "refs/heads/*", "refs/tags/*")
                raise ref_not_found(everything, self.ref, where=session.url.public)
            return commit

    def checkout(self, commit: str) -> GitCheckout:
        """The files of a commit, fetched once and then found in the cache without asking the remote.

        Raises:
            GitPathError: No such folder at this commit, or a symlink leads out of the repository.
            DagsterDbtProjectYmlFileNotFoundError: The folder is no dbt project.
            GitTooLargeError: More than ``max_bytes``.
            GitSourceError: As of ``resolve_commit``, or the cache can't be written.
        """
        self.validate()
        commit = check_commit(commit)
        url = parse_git_url(self.repo_url)
        cache = CheckoutCache(cache_folder("git"))
        paths = self._paths
        path = paths[0]
        name = checkout_name(url.fetch_url, commit, paths=paths, submodules=self.submodules)
        export = GitExport(cache, paths, self._open_submodule if self.submodules else None)
        with cache.lock(name, timeout_seconds=self.timeout_seconds, where=url.public):
            checkout = cache.find(name, path, commit)
            if checkout is None:
                with session_folder(cache.work_folder) as folder:
                    tree = export.write(self._session(url, folder), commit)
                    cache.publish(name, tree, path, warnings=warnings_about(tree / path))
                    checkout = cache.find(name, path, commit)
                assert checkout is not None
                cache.prune(url_digest(url.fetch_url))
        return checkout

    @property
    def _paths(self) -> tuple[str, ...]:
        """The project's folder, then the extra ones."""
        path = check_repository_path(self.repo_relative_path, name="repo_relative_path")
        extra = {check_repository_path(text, name="extra_paths") for text in self.extra_paths}
        return (path, *sorted(extra - {path}))

    def _check_credentials(self, url: GitUrl) -> None:
        if url.scheme == "ssh" and self.token:
            raise GitInputError(
                f"`token` is given, but {url.public!r} uses ssh, which takes a key.",
                hint="Use the https URL, or `ssh_key_path` instead of `token`.",
            )
        if url.scheme in ("https", "http") and self.ssh_key_path is not None:
            raise GitInputError(
                f"`ssh_key_path` is given, but {url.public!r} does not use ssh.",
                hint="Use the ssh URL, or `token` instead of `ssh_key_path`.",
            )

    def _check_limits(self) -> None:
        if self.ssh_strict_host_key_checking not in ("accept-new", "yes"):
            raise GitInputError(
                f"ssh_strict_host_key_checking {self.ssh_strict_host_key_checking!r} is not accepted.",
                hint="Use 'accept-new' or 'yes'.",
            )
        if self.timeout_seconds <= 0 or (self.max_bytes is not None and self.max_bytes <= 0):
            raise GitInputError("timeout_seconds and max_bytes must be greater than 0.")

    def _session(self, url: GitUrl, folder: Path) -> GitSession:
        deadline = time.monotonic() + self.timeout_seconds
        limits = GitLimits(self.timeout_seconds, deadline, self.max_bytes)
        return GitSession(url, folder, self._login.credentials(url, folder), limits)

    def _open_submodule(self, parent: GitSession, url: GitUrl, folder: Path) -> GitSession:
        login = self._login.for_submodule(parent.url, url)
        return GitSession(url, folder, login.credentials(url, folder), parent.limits)

    @property
    def _login(self) -> GitLogin:
        return GitLogin(
            token=self.token,
            username=self.username,
            github_token_hosts=self.github_token_hosts,
            ssh_key_path=None if self.ssh_key_path is None else Path(self.ssh_key_path),
            ssh_known_hosts_path=self.ssh_known_hosts_path,
            ssh_strict_host_key_checking=self.ssh_strict_host_key_checking,
        )


def _list_refs(session: GitSession, *names: str) -> dict[str, str]:
    result = session.run("ls-remote", "--end-of-options", session.url.fetch_url, *names)
    if result.status:
        raise failure(result, session, doing="read the list of branches and tags")
    return parse_remote_list(result.text)
