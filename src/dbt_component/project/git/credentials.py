"""Credentials for one repository, passed to git through the environment only.

A token is in a variable of git's own process, where the script that git calls (``GIT_ASKPASS``) reads
it. The script answers only for the token's own host, so a redirect or a submodule can't leak the token
to another host.
"""

import base64
import os
import shlex
import tempfile
import weakref
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from dbt_component.errors import GitInputError
from dbt_component.translation.git_url import GitUrl

_ASKPASS = """\
#!/bin/sh
# Written by dbt-component. Answers git's questions for one host from this process's environment.
case "$1" in
"Username for '$DBT_COMPONENT_GIT_ORIGIN': ") printf '%s\\n' "$DBT_COMPONENT_GIT_USERNAME" ;;
"Password for '$DBT_COMPONENT_GIT_SCHEME://"*"@$DBT_COMPONENT_GIT_HOST': ")
  printf '%s\\n' "$DBT_COMPONENT_GIT_TOKEN" ;;
*) exit 1 ;;
esac
"""
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class GitCredentials:
    """Environment for git's process, and the secrets that must not appear in its output."""

    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    has_token: bool = False


@dataclass(frozen=True)
class GitLogin:
    """The configured credentials; ``GitSource`` describes each field."""

    token: str | None = field(repr=False)
    username: str | None
    github_token_hosts: tuple[str, ...]
    ssh_key_path: Path | None
    ssh_known_hosts_path: Path | None
    ssh_strict_host_key_checking: str

    def credentials(self, url: GitUrl, folder: Path) -> GitCredentials:
        """The credentials that apply to a URL.

        Args:
            url: The repository.
            folder: Folder for the askpass script.

        Raises:
            GitInputError: The key file is missing or can't be read.
        """
        if url.scheme == "ssh":
            if self.ssh_key_path is not None:
                _check_key_file(self.ssh_key_path)
            return ssh_credentials(
                self.ssh_key_path,
                known_hosts_path=self.ssh_known_hosts_path,
                strict_host_key_checking=self.ssh_strict_host_key_checking,
            )
        token = self.token or github_token(url, self.github_token_hosts)
        if not token or url.scheme == "file":
            return GitCredentials()
        return token_credentials(url, token, username=self.username, folder=folder)

    def for_submodule(self, parent: GitUrl, url: GitUrl) -> "GitLogin":
        """The login for a submodule, without the token unless it has the parent's origin."""
        if url.origin == parent.origin:
            return self
        hosts = self.github_token_hosts if url.host == parent.host else ()
        return replace(self, token=None, username=None, github_token_hosts=hosts)


def token_credentials(
    url: GitUrl, token: str, *, username: str | None, folder: Path
) -> GitCredentials:
    """Credentials for a token over https.

    Args:
        url: The repository; only its host gets the token.
        token: The secret.
        username: Sent with the token. Default: the name that the host's documentation requires.
        folder: Folder for the askpass script. If its file system forbids execution, the system's
            temporary folder is used.
    """
    username = username or _default_username(url.host)
    pair = base64.b64encode(f"{username}:{token}".encode()).decode()
    script = _write_askpass(folder)
    credentials = GitCredentials(
        environment={
            "GIT_ASKPASS": str(script),
            "DBT_COMPONENT_GIT_SCHEME": url.scheme,
            "DBT_COMPONENT_GIT_HOST": url.host_and_port,
            "DBT_COMPONENT_GIT_ORIGIN": f"{url.scheme}://{url.host_and_port}",
            "DBT_COMPONENT_GIT_USERNAME": username,
            "DBT_COMPONENT_GIT_TOKEN": token,
        },
        secrets=(token, pair, quote(token), quote(token, safe="")),
        has_token=True,
    )
    if script.parent != folder:
        weakref.finalize(credentials, os.unlink, script)
    return credentials


def _default_username(host: str) -> str:
    if host.startswith("gitlab."):
        return "oauth2"
    return "x-token-auth" if host.startswith("bitbucket.") else "x-access-token"


def _write_askpass(folder: Path) -> Path:
    script = folder / "askpass.sh"
    script.write_text(_ASKPASS)
    script.chmod(0o700)
    if os.access(script, os.X_OK):
        return script
    # The file system forbids execution.
    handle, name = tempfile.mkstemp(prefix="dbt-component-", suffix=".sh")
    with os.fdopen(handle, "w") as file:
        file.write(_ASKPASS)
    os.chmod(name, 0o700)
    return Path(name)


def github_token(url: GitUrl, hosts: tuple[str, ...]) -> str | None:
    """``GITHUB_TOKEN`` of this process if ``hosts`` has the URL's host (with port, if any); https only."""
    if url.scheme != "https" or url.host_and_port not in {host.lower() for host in hosts}:
        return None
    return os.environ.get("GITHUB_TOKEN") or None


def ssh_credentials(
    key_path: Path | None, *, known_hosts_path: Path | None, strict_host_key_checking: str
) -> GitCredentials:
    """An ssh command that uses the key and never prompts, without changing the user's configuration.

    Without a key, ssh uses the agent and the user's own configuration. With neither a key nor known
    hosts, ``GIT_SSH_COMMAND`` and ``GIT_SSH`` from the environment are passed on unchanged.
    """
    if key_path is None and known_hosts_path is None:
        own = {name: os.environ[name] for name in _OWN_SSH if os.environ.get(name)}
        if own:
            return GitCredentials(environment=own)
    command = ["ssh"]
    options = ["BatchMode=yes", "ServerAliveInterval=30"]
    options.append(f"StrictHostKeyChecking={strict_host_key_checking}")
    if key_path is not None:
        # ssh expands tokens such as %d in file names.
        command += ["-i", str(key_path.expanduser().absolute()).replace("%", "%%")]
        options.append("IdentitiesOnly=yes")
    if known_hosts_path is not None:
        known_hosts = str(known_hosts_path.expanduser().absolute()).replace("%", "%%")
        options.append(f'UserKnownHostsFile="{known_hosts}"')
    for option in options:
        command += ["-o", option]
    return GitCredentials(
        environment={"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}
    )


_OWN_SSH = ("GIT_SSH_COMMAND", "GIT_SSH", "GIT_SSH_VARIANT")


def proxy_secrets() -> tuple[str, ...]:
    """Passwords of the proxies in this process's environment."""
    values = [os.environ.get(name) for v in _PROXY_VARIABLES for name in (v, v.upper())]
    return tuple(secret for value in values if value for secret in url_passwords(value))


def url_passwords(url: str) -> tuple[str, ...]:
    """The password in a URL, as written and decoded; empty if there is none."""
    try:
        password = urlsplit(url if "://" in url else f"http://{url}").password
    except ValueError:
        return (url,)
    return (password, unquote(password)) if password else ()


def check_secret(name: str, value: str | None) -> None:
    """Raises:
    GitInputError: The value has line breaks or other control characters, which would truncate it.
    """
    if value is not None and not value.isprintable():
        raise GitInputError(
            f"{name} has line breaks or control characters.",
            hint="A secret read from a file often ends with a line break; strip it.",
        )


def _check_key_file(path: Path) -> None:
    file = path.expanduser()
    if not file.is_file():
        raise GitInputError(f"ssh_key_path {str(path)!r} is not a file.")
    if not os.access(file, os.R_OK):
        raise GitInputError(f"ssh_key_path {str(path)!r} can't be read.", hint="Check its mode.")
