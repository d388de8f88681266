"""A dbt project in a Git repository."""

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

    The user's and the system's Git configuration is ignored, except for proxies, certificate authorities
    and ``safe.directory``. No hook, filter or credential helper runs.

    Args:
        repo_url: An https, ssh (also ``user@host:path``) or file URL, or an absolute path. http is allowed
            for the loopback address only.
        ref: Branch, tag or full commit. Default: the remote's default branch.
        repo_relative_path: Folder of the dbt project. If it uses nothing outside itself, only its files
            are fetched, from servers that support this.
        extra_paths: Further folders of the repository that the project needs without referring to them
            in its files, such as one with profiles.
        token: Token for https. Default: ``GITHUB_TOKEN`` of the environment, for ``github_token_hosts``.
        username: Sent with the token. Default: the name that GitHub, GitLab or Bitbucket require.
        ssh_key_path: A private key without passphrase. Default: ssh's agent and configuration.
        ssh_known_hosts_path: File with known host keys. Default: ssh's own.
        ssh_strict_host_key_checking: ``accept-new`` trusts a host on first contact and rejects it if its
            key has changed; ``yes`` trusts known hosts only.
        submodules: Whether to fetch submodules too. This always fetches the entire repository.
        timeout_seconds: Time limit of each method call.
        max_bytes: Size limit of the fetched repository and its files together. ``None``: no limit.
        github_token_hosts: Hosts (``host`` or ``host:port``) that may receive ``GITHUB_TOKEN``.
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
        """Checks the settings, without running git or reading files.

        Raises:
            GitInputError: Lists all invalid settings.
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
        """Asks the remote for the current commit of ``ref``, without fetching anything.

        A full commit is returned in lower case, without asking the remote.

        Raises:
            GitRefNotFoundError: The remote has no such ref; the hint lists similar ones.
            GitUnreachableError: The host is down or does not answer in time.
            GitAccessError: The credentials are wrong, or there is no such repository.
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
        """Returns the files of a commit: fetched the first time, later from the cache without the remote.

        Raises:
            GitPathError: There is no such folder at this commit, or a symlink leads out of the repository.
            DagsterDbtProjectYmlFileNotFoundError: The folder is not a dbt project.
            GitTooLargeError: The commit exceeds ``max_bytes``.
            GitSourceError: As for ``resolve_commit``, or the cache can't be written.
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
        """The project's folder, followed by the extra ones."""
        path = check_repository_path(self.repo_relative_path, name="repo_relative_path")
        extra = {check_repository_path(text, name="extra_paths") for text in self.extra_paths}
        return (path, *sorted(extra - {path}))

    def _check_credentials(self, url: GitUrl) -> None:
        if url.scheme == "ssh" and self.token:
            raise GitInputError(
                f"`token` is set, but {url.public!r} uses ssh, which needs a key.",
                hint="Use the https URL, or `ssh_key_path` instead of `token`.",
            )
        if url.scheme in ("https", "http") and self.ssh_key_path is not None:
            raise GitInputError(
                f"`ssh_key_path` is set, but {url.public!r} does not use ssh.",
                hint="Use the ssh URL, or `token` instead of `ssh_key_path`.",
            )

    def _check_limits(self) -> None:
        if self.ssh_strict_host_key_checking not in ("accept-new", "yes"):
            raise GitInputError(
                f"ssh_strict_host_key_checking {self.ssh_strict_host_key_checking!r} is not a known value.",
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
