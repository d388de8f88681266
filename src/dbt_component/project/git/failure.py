"""Turns git's error messages into errors with a cause and a hint."""

from dataclasses import dataclass

from dbt_component.errors import (
    GitAccessError,
    GitInterruptedError,
    GitRefNotFoundError,
    GitSourceError,
    GitUnreachableError,
)
from dbt_component.project.git.session import GitResult, GitSession

# Messages of git, curl and ssh in English, in lower case; git runs with LC_ALL=C.
_HOST_KEY = ("host key verification failed", "remote host identification has changed")
_CERTIFICATE = ("certificate", "ssl routines", "gnutls_handshake", "tls connect error")
_UNREACHABLE = (
    "could not resolve",
    "couldn't resolve",
    "failed to connect",
    "couldn't connect",
    "could not connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "connection closed by",
    "no route to host",
    "network is unreachable",
    "name or service not known",
    "temporary failure in name resolution",
    "returned error: 5",
    "returned error: 429",
    "from proxy after connect",
    "proxy connect aborted",
    "empty reply from server",
    "kex_exchange_identification",
)
_OWNERSHIP = ("dubious ownership",)
_KEY_MODE = ("unprotected private key file", "bad permissions")
_NO_KEY = ("permission denied (", "error in libcrypto", "invalid format")
_CREDENTIALS = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "terminal prompts disabled",
    "invalid username or",
    "access denied",
    "returned error: 401",
    "returned error: 403",
    "write access to repository not granted",
)
_MISSING = (
    "not found",
    "does not appear to be a git repository",
    "does not exist",
    "could not be found",
    "returned error: 404",
    "returned error: 410",
)
_INTERRUPTED_PHRASES = (
    "rpc failed",
    "early eof",
    "hung up unexpectedly",
    "gnutls recv error",
    "transfer closed",
    "operation too slow",
)
_NO_SPACE = ("no space left on device", "disk quota exceeded")
_NOT_ADVERTISED = (
    "unadvertised object",
    "couldn't find remote ref",
    "does not support shallow",
    "dumb http transport",
)
_NO_SUCH_COMMIT = ("not our ref", "no such remote ref")


@dataclass(frozen=True)
class _Cause:
    """The meaning of phrases in git's messages.

    ``message`` may contain ``{host}`` or ``{address}``, which is host and port. ``with_token`` restricts
    the cause to sessions with a token (``True``) or without one (``False``).
    """

    phrases: tuple[str, ...]
    kind: type[GitSourceError]
    message: str
    hint: str
    with_token: bool | None = None


_CAUSES = (
    _Cause(
        _HOST_KEY,
        GitUnreachableError,
        "The host key of {host!r} is unknown or has changed.",
        "Check the key with the host's owner, then add it to known_hosts (`ssh_known_hosts_path`, by"
        " default ~/.ssh/known_hosts).",
    ),
    _Cause(
        _KEY_MODE,
        GitAccessError,
        "ssh rejects the key because other users can read its file.",
        "chmod 600 the key.",
    ),
    _Cause(
        _OWNERSHIP,
        GitAccessError,
        "The repository's folder belongs to another user.",
        "git config --global --add safe.directory <the folder>",
    ),
    _Cause(
        _NO_KEY,
        GitAccessError,
        "ssh authentication was rejected.",
        "Set `ssh_key_path` to a key that the host knows, or load the key into the ssh agent (required for"
        " a key with a passphrase). Check the user name in the URL, which is often 'git'.",
    ),
    _Cause(
        _CREDENTIALS,
        GitAccessError,
        "The host did not accept the credentials.",
        "Check that the token is valid and may read this repository, and whether the host requires a"
        " particular `username`.",
        with_token=True,
    ),
    _Cause(
        _CREDENTIALS,
        GitAccessError,
        "The host requires credentials, but there are none.",
        "Set `token`, or GITHUB_TOKEN for github.com. Credential helpers and .netrc are not used.",
        with_token=False,
    ),
    _Cause(
        _CERTIFICATE,
        GitUnreachableError,
        "The certificate of {host!r} is not trusted.",
        "Set GIT_SSL_CAINFO or SSL_CERT_FILE to a file with the host's certificate authority.",
    ),
    _Cause(
        _UNREACHABLE,
        GitUnreachableError,
        "The host {address!r} can't be reached.",
        "Check the URL, the network and the proxy (https_proxy).",
    ),
    _Cause(
        _NO_SPACE,
        GitSourceError,
        "The disk is full.",
        "Free some space, or set DBT_COMPONENT_CACHE_DIR to a folder on a larger disk.",
    ),
    _Cause(
        _MISSING,
        GitAccessError,
        "There is no such repository, or these credentials may not read it.",
        "Check the URL, and check that the token or key may read the repository.",
    ),
)
_INTERRUPTED = _Cause(
    _INTERRUPTED_PHRASES, GitInterruptedError, "The connection was interrupted.", "Try again."
)


def needs_all_refs(result: GitResult) -> bool:
    """Whether the server refuses to send a commit by its id, or a shallow history."""
    return _has(result, _NOT_ADVERTISED)


def failure(
    result: GitResult, session: GitSession, *, doing: str, commit: str | None = None
) -> GitSourceError:
    """Builds the error for a failed command.

    Args:
        result: The command's result.
        session: The session that ran it.
        doing: The attempted action, for the message, such as "read the list of refs".
        commit: The requested commit, if any.
    """
    if commit is not None and _has(result, _NO_SUCH_COMMIT):
        return commit_not_found(session, commit)
    url = session.url
    reported = _last_words(result.errors)
    cause = _cause_of(result, has_token=session.credentials.has_token)
    if cause is None:
        kind, message, hint = GitSourceError, f"Git could not {doing}.", None
    else:
        kind, hint = cause.kind, cause.hint
        message = cause.message.format(host=url.host, address=url.host_and_port)
    return kind(
        f"{message} Git reported: {reported}" if reported else message, where=url.public, hint=hint
    )


def _cause_of(result: GitResult, *, has_token: bool) -> _Cause | None:
    """The first cause whose phrases occur in git's messages."""
    for cause in _CAUSES:
        if _has(result, cause.phrases) and cause.with_token in (None, has_token):
            return cause
    if _has(result, _INTERRUPTED.phrases) and not _has(
        result, (*_NOT_ADVERTISED, *_NO_SUCH_COMMIT)
    ):
        return _INTERRUPTED
    return None


def commit_not_found(session: GitSession, commit: str) -> GitRefNotFoundError:
    return GitRefNotFoundError(
        f"The repository has no commit {commit!r}.",
        where=session.url.public,
        hint="It may never have been pushed, or a forced push may have removed it.",
    )


def _has(result: GitResult, phrases: tuple[str, ...]) -> bool:
    text = result.errors.lower()
    return any(phrase in text for phrase in phrases)


def _last_words(errors: str, *, limit: int = 600) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    advice = ("Please make sure you have", "and the repository exists", "hint:")
    return " / ".join(line for line in lines if not line.startswith(advice))[-limit:]
