"""Checks URLs of Git repositories, and removes secrets from them for display."""

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from dbt_component.errors import GitInputError

_ACCEPTED = (
    "Accepted are https://host/path, ssh://user@host/path, user@host:path, file:///path and an"
    " absolute local path."
)
_REMOTE_HELPER = re.compile(r"^[A-Za-z0-9+._-]*::")
_SCP_LIKE = re.compile(r"^(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]/@]+\]|[^@/:\[\]]+):(?P<path>.+)$")
_HOST = re.compile(r"^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?$")
_USER = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._+-]*$")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)


@dataclass(frozen=True)
class GitUrl:
    """A checked URL. It contains no secret: only ssh keeps a user name, which is not one.

    ``host`` is in lower case, in brackets if it is an IPv6 address, and empty for files. ``path`` is
    percent-encoded as given, except in the ``is_scp_like`` form, which has no encoding.
    """

    scheme: str
    host: str
    path: str
    port: int | None = None
    user: str | None = None
    is_scp_like: bool = False

    @property
    def fetch_url(self) -> str:
        """The URL to pass to git."""
        return self._format(f"{self.user}@" if self.user else "")

    @property
    def public(self) -> str:
        """The URL without the user name."""
        return self._format("")

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port; URLs share credentials only if all three are equal."""
        return self.scheme, self.host, self.port

    @property
    def host_and_port(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def _format(self, user: str) -> str:
        if self.is_scp_like:
            return f"{user}{self.host}:{self.path}"
        return f"{self.scheme}://{user}{self.host_and_port}{self.path}"


def parse_git_url(text: str) -> GitUrl:
    """Parses and checks a URL.

    Plain http is accepted only for the loopback address: elsewhere it would send code and credentials
    unencrypted.

    Raises:
        GitInputError: The text is not a URL, its scheme can run commands, its user information could be
            a secret, it looks like an option, or it has control characters. The message contains no user
            information.
    """
    if not text or not text.isprintable() or text != text.strip():
        raise _refused(text, "it is empty, or has control characters or surrounding spaces")
    if text.startswith("-"):
        raise _refused(text, "it starts with a dash, like an option")
    if _REMOTE_HELPER.match(text):
        raise _refused(text, "'name::address' starts a remote helper, which can run any command")
    if _ENCODED_CONTROL.search(text):
        raise _refused(text, "it has encoded control characters")
    if "://" in text:
        url = _parse_with_scheme(text)
    elif text.startswith("/") or (os.name == "nt" and Path(text).is_absolute()):
        path = quote(Path(text).as_posix())
        url = GitUrl("file", "", path if path.startswith("/") else f"/{path}")
    else:
        url = _parse_scp_like(text)
    path = url.path if url.is_scp_like else unquote(url.path)
    if ".." in path.split("/"):
        raise _refused(text, "its path contains '..'")
    if url.scheme != "file" and "\\" in path:
        raise _refused(text, "its path contains a backslash")
    if url.is_scp_like and path.startswith("-"):
        raise _refused(text, "its path starts with a dash, like an option")
    return url


def _parse_with_scheme(text: str) -> GitUrl:
    scheme = text.split("://", 1)[0].lower()
    if scheme not in ("https", "http", "ssh", "file"):
        raise _refused(text, f"scheme {scheme!r} is not accepted")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # Python's message repeats the part it could not parse, which may be a secret.
        raise _refused(text, "its host or port can't be parsed") from None
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise _refused(text, "it has a query or fragment")
    user_info, at, host_and_port = parts.netloc.rpartition("@")
    host = (host_and_port[:-1] if host_and_port.endswith(":") else host_and_port).lower()
    if port is not None:
        host = host.rpartition(":")[0]
    if scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise _refused(text, "a file URL must have three slashes and an absolute path")
        return GitUrl(scheme, "", parts.path)
    if at and scheme != "ssh":
        raise GitInputError(
            f"Git URL {_masked(text)!r} was given with a user name or token in front of the host;"
            " URLs end up in logs, state and .git/config.",
            hint="Remove it from the URL and set `token` (and `username`, if the host needs one).",
        )
    if ":" in user_info:
        raise GitInputError(
            f"Git URL {_masked(text)!r} was given with a password in front of the host.",
            hint="ssh needs a key: set `ssh_key_path`, or use the ssh agent.",
        )
    if at and not _USER.match(user_info):
        raise _refused(text, "its user name has invalid characters")
    _check_host(text, host)
    if not parts.path.strip("/"):
        raise _refused(text, "it has a host but no repository")
    url = GitUrl(scheme, host, parts.path, port=port, user=user_info or None)
    if scheme == "http" and not url.is_loopback:
        raise GitInputError(
            f"Git URL {url.public!r} uses http, which sends code and credentials unencrypted.",
            hint="Use https or ssh. http is accepted only for the loopback address.",
        )
    return url


def _parse_scp_like(text: str) -> GitUrl:
    match = _SCP_LIKE.match(text)
    if match is None:
        raise _refused(text, "it is neither a URL nor an absolute path")
    user, host, path = match["user"], match["host"].lower(), match["path"]
    if "@" in path:
        raise _refused(text, "it has a colon before '@', like a password")
    if user is not None and not _USER.match(user):
        raise _refused(text, "its user name has invalid characters")
    _check_host(text, host)
    return GitUrl("ssh", host, path, user=user, is_scp_like=True)


def _check_host(text: str, host: str) -> None:
    if host.startswith("[") and host.endswith("]"):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise _refused(text, "its host is not an IPv6 address") from None
    elif not _HOST.match(host):
        raise _refused(text, "its host name is missing or has invalid characters")


def _refused(text: str, reason: str) -> GitInputError:
    return GitInputError(f"Git URL {_masked(text)!r} is refused: {reason}.", hint=_ACCEPTED)


def public_url(repo_url: str) -> str:
    """The URL without user information, query and fragment, for provenance, messages and state keys.

    Never raises: of text that is not an accepted URL, it keeps only the part that can't contain a secret.
    """
    try:
        return parse_git_url(repo_url).public
    except GitInputError:
        return _masked(repo_url)


def _masked(text: str) -> str:
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    if "@" in rest and re.search(r"[?#]", rest):
        rest = "..."
    return f"{scheme}{separator}{re.split(r'[?#]', rest.rpartition('@')[2])[0]}"[:300]


def resolve_submodule_url(parent: GitUrl, text: str) -> GitUrl:
    """Resolves the URL of a submodule in .gitmodules, which may be relative to the parent's.

    Raises:
        GitInputError: The URL breaks a rule of ``parse_git_url``, climbs out of the parent's, or is local
            while the parent is not: that would copy private files into the checkout.
    """
    if not text.startswith(("./", "../")):
        url = parse_git_url(text)
    else:
        folders = parent.path.rstrip("/").split("/")
        for part in text.rstrip("/").split("/"):
            if part == "..":
                if len(folders) <= 1 or folders == ["", ""]:
                    raise _refused(text, f"it climbs out of the parent's URL {parent.public!r}")
                folders.pop()
            elif part not in (".", ""):
                folders.append(part)
        head = parent.fetch_url[: len(parent.fetch_url) - len(parent.path)]
        url = parse_git_url(head + "/".join(folders))
    if (url.scheme == "file" or url.is_loopback) and url.origin != parent.origin:
        raise _refused(text, f"{parent.public!r} may not refer to a local repository")
    return url
