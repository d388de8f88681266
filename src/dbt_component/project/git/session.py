"""Runs git commands for one repository, isolated from the user's configuration and limited in time and size.

Only this module and `work_tree_commit` import GitPython. A session has its own folder, and its commands write nowhere
else, so a killed process leaves only a folder that nobody reads.
"""

import contextlib
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dbt_component.errors import GitSourceError, GitTimeoutError, GitTooLargeError
from dbt_component.project.git.credentials import GitCredentials, proxy_secrets, url_passwords
from dbt_component.project.temporary import temporary_folder
from dbt_component.translation.git_url import GitUrl

# Only these GIT_ variables are passed to git; others redirect it (GIT_DIR) or trace secrets.
_KEPT_VARIABLES = re.compile(r"^GIT_(SSL_|PROXY_SSL_|HTTP_PROXY_|EXEC_PATH$|PYTHON_)")
# Only these settings of the user's configuration apply: network access and trust.
_KEPT_SETTINGS = re.compile(
    r"^(http\.(.+\.)?(proxy|proxyauthmethod|proxysslcainfo|sslcainfo|sslcapath|sslbackend|sslcert"
    r"|sslkey|sslversion|schannelcheckrevoke|schannelusesslcainfo)|safe\.directory)$"
)
_LOCATION_VARIABLES = re.compile(
    r"^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|NAMESPACE|TRACE.*)$"
)
_SETTINGS = {
    "core.askPass": "",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "http.followRedirects": "initial",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "protocol.version": "2",
    "submodule.recurse": "false",
}
_LOOK_EVERY_SECONDS = 0.2
_NO_SPACE_HINT = "Free some space, or set DBT_COMPONENT_CACHE_DIR to a folder on a larger disk."


@dataclass(frozen=True)
class GitResult:
    """The result of a git command. ``errors`` contains no secrets."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")


@dataclass(frozen=True)
class GitLimits:
    """``deadline`` is a ``time.monotonic()`` time; the timeout error reports ``timeout_seconds``."""

    timeout_seconds: float
    deadline: float
    max_bytes: int | None


@dataclass(frozen=True)
class GitSession:
    """Runs git for one URL.

    Args:
        url: The repository; git may use only its scheme.
        folder: The folder for all files; its size counts towards ``limits.max_bytes``.
        credentials: Environment with secrets, and the secrets.
        limits: Limits of the entire session, not of a single command.
    """

    url: GitUrl
    folder: Path
    credentials: GitCredentials
    limits: GitLimits

    def run(
        self,
        *arguments: str,
        repository: Path | None = None,
        work_tree: Path | None = None,
        index: Path | None = None,
    ) -> GitResult:
        """Runs one git command to completion and returns its result, even if it fails.

        Args:
            arguments: The command and its arguments.
            repository: A bare repository to run in.
            work_tree: The folder that the command writes files to.
            index: The index file, which lists the files written.

        Raises:
            GitTimeoutError: The session's time is up; git and its children are killed.
            GitTooLargeError: The session's folder exceeds its limit; git and its children are killed.
            GitSourceError: git is not installed.
        """
        # If this process is killed, git stops on its own once the transfer stalls.
        silence = {
            "http.lowSpeedLimit": "1",
            "http.lowSpeedTime": str(math.ceil(self.limits.timeout_seconds)),
        }
        settings = {**_SETTINGS, **silence}
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        environment = self._environment()
        if repository is not None:
            options.append(f"--git-dir={repository}")
        if work_tree is not None:
            options.append(f"--work-tree={work_tree}")
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        status, output, errors = self._execute([*options, *arguments], environment)
        return GitResult(status, output, self._redact(errors))

    def check_size(self) -> None:
        """Raises:
        GitTooLargeError: The session's folder is larger than allowed.
        """
        limit = self.limits.max_bytes
        if limit is not None and folder_size(self.folder) > limit:
            raise GitTooLargeError(
                f"The repository has more than max_bytes = {limit:,} bytes.",
                where=self.url.public,
                hint="Raise `max_bytes`, or keep large files out of the repository.",
            )

    def _environment(self) -> dict[str, str]:
        home = str(self.folder / "home")  # Never created, so git finds nothing there.
        environment = {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_ASKPASS": "",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": self.url.scheme,
            "GIT_CEILING_DIRECTORIES": str(self.folder),
            "GIT_CONFIG_COUNT": str(len(self._network)),
        }
        # In the environment, because a proxy's URL can contain a password.
        for number, (name, value) in enumerate(self._network):
            environment[f"GIT_CONFIG_KEY_{number}"] = name
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        authorities = os.environ.get("SSL_CERT_FILE")
        known = {name for name, _ in self._network}
        if authorities and "GIT_SSL_CAINFO" not in os.environ and "http.sslcainfo" not in known:
            environment["GIT_SSL_CAINFO"] = authorities
        return {**environment, **self.credentials.environment}

    @cached_property
    def _network(self) -> list[tuple[str, str]]:
        """The settings from the user's configuration that are passed to git, with their values."""
        _, output, _ = self._execute(
            ["config", "-z", "--get-regexp", r"^(http|safe)\."],
            {"GIT_CEILING_DIRECTORIES": str(self.folder)},
            removed=_LOCATION_VARIABLES,
        )
        entries = output.decode(errors="surrogateescape").split("\0")
        pairs = (entry.partition("\n") for entry in entries if "\n" in entry)
        # Git would expand "~" to the home it is given, which does not exist.
        return [
            (name, os.path.expanduser(value) if value.startswith("~") else value)
            for name, _, value in pairs
            if _KEPT_SETTINGS.match(name)
        ]

    def _execute(
        self,
        arguments: list[str],
        environment: dict[str, str],
        *,
        removed: re.Pattern[str] | None = None,
    ) -> tuple[int, bytes, bytes]:
        try:
            from git.cmd import Git
            from git.exc import GitCommandNotFound
        except ImportError as error:
            raise self._no_program(error) from None
        names = [
            name
            for name in os.environ
            if name not in environment
            and (
                removed.match(name)
                if removed is not None
                else name == "SSH_ASKPASS"
                or (name.startswith("GIT_") and not _KEPT_VARIABLES.match(name))
            )
        ]
        # GitPython can add variables to the environment but can't remove any.
        prefix = ["env", *(part for name in names for part in ("-u", name))] if names else []
        command = [*prefix, str(Git.GIT_PYTHON_GIT_EXECUTABLE or "git"), *arguments]
        try:
            running = Git(str(self.folder)).execute(
                command, as_process=True, env=environment, shell=False, start_new_session=True
            )
        except GitCommandNotFound as error:
            raise self._no_program(error) from None
        process = running.proc
        assert process is not None
        output, errors = self._wait(process)
        return process.returncode, output, errors

    def _no_program(self, error: Exception) -> GitSourceError:
        return GitSourceError(
            f"The git program can't be started: {str(error).strip().splitlines()[0]}",
            where=self.url.public,
            hint="Install git and put it on PATH.",
        )

    def _wait(self, process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
        pause = _LOOK_EVERY_SECONDS
        try:
            while True:
                remaining = self.limits.deadline - time.monotonic()
                if remaining <= 0:
                    raise GitTimeoutError(
                        f"Git did not finish within {self.limits.timeout_seconds:g} s and was stopped.",
                        where=self.url.public,
                        hint="Check that the host answers, or raise `timeout_seconds`.",
                    )
                try:
                    return process.communicate(timeout=min(remaining, pause))
                except subprocess.TimeoutExpired:
                    began = time.monotonic()
                    self.check_size()
                    # Checking takes at most about a twentieth of the time, however many files there are.
                    pause = max(_LOOK_EVERY_SECONDS, 20 * (time.monotonic() - began))
        except BaseException:
            _kill(process)
            raise

    def _redact(self, errors: bytes) -> str:
        text = errors.decode(errors="replace")
        passwords = (p for _, value in self._network for p in url_passwords(value))
        secrets = {*self.credentials.secrets, *proxy_secrets(), *passwords}
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        text = re.sub(r"(?<=://)[^/\s@']+@", "", text)
        return "".join(c for c in text if c == "\n" or c.isprintable())


@contextlib.contextmanager
def session_folder(parent: Path) -> Iterator[Path]:
    """Yields a new folder and removes it afterwards. First removes those of killed processes."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with temporary_folder(parent) as folder:
            yield folder
    except OSError as error:
        raise GitSourceError(
            f"The repository can't be stored: {error.strerror or error}.",
            where=str(error.filename or parent),
            hint=_NO_SPACE_HINT,
        ) from error


def folder_size(folder: Path) -> int:
    """Total bytes of the files in a folder; files that disappear meanwhile are ignored."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kills git and its children, such as ssh or git-remote-https."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
