"""What git's messages mean to the user."""

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
    """What phrases in git's messages mean. ``message`` may name ``{host}`` or ``{address}``, host and port.

    ``with_token`` limits it to sessions that have a token, or that have none.
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
        "The host key of {host!r} is not the known one, or is not known.",
        "Check the key with the host's owner, then add it to known_hosts (`ssh_known_hosts_path`, by"
        " default ~/.ssh/known_hosts).",
    ),
    _Cause(
        _KEY_MODE,
        GitAccessError,
        "ssh refuses the key: others can read its file.",
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
        "ssh was not let in.",
        "Give a key that the host knows as `ssh_key_path`, or load it into the ssh agent (a key with a"
        " passphrase works only there). Check the user name in the URL, often 'git'.",
    ),
    _Cause(
        _CREDENTIALS,
        GitAccessError,
        "The host did not accept the credentials.",
        "Check that the token is valid and may read this repository, and whether the host needs a"
        " certain `username`.",
        with_token=True,
    ),
    _Cause(
        _CREDENTIALS,
        GitAccessError,
        "The host asks for credentials, and there are none.",
        "Give a `token`: credential helpers and .netrc are not used. GITHUB_TOKEN serves for github.com.",
        with_token=False,
    ),
    _Cause(
        _CERTIFICATE,
        GitUnreachableError,
        "The certificate of {host!r} is not trusted.",
        "Set GIT_SSL_CAINFO or SSL_CERT_FILE to a file with the certificate of your authority.",
    ),
    _Cause(
        _UNREACHABLE,
        GitUnreachableError,
        "The host {address!r} can't be reached.",
        "Check the URL, the network, and the proxy (https_proxy).",
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
        "There is no such repository, or it is not shown to these credentials.",
        "Check the URL, and that the token or key may read the repository.",
    ),
)
_INTERRUPTED = _Cause(
    _INTERRUPTED_PHRASES, GitInterruptedError, "The connection broke off.", "Try again."
)


def needs_all_refs(result: GitResult) -> bool:
    """Whether the server gives no commit by its id, or no part of its history."""
    return _has(result, _NOT_ADVERTISED)


def failure(
    result: GitResult, session: GitSession, *, doing: str, commit: str | None = None
) -> GitSourceError:
    """The error that a failed command stands for.

    Args:
        result: Of the command.
        session: That ran it.
        doing: What was to be done, for the message: "read the list of refs".
        commit: That was asked for, if one was.
    """
    if commit is not None and _has(result, _NO_SUCH_COMMIT):
        return commit_not_found(session, commit)
    url = session.url
    said = _last_words(result.errors)
    cause = _cause_of(result, has_token=session.credentials.has_token)
    if cause is None:
        kind, message, hint = GitSourceError, f"Git could not {doing}.", None
    else:
        kind, hint = cause.kind, cause.hint
        message = cause.message.format(host=url.host, address=url.host_and_port)
    return kind(f"{message} Git says: {said}" if said else message, where=url.public, hint=hint)


def _cause_of(result: GitResult, *, has_token: bool) -> _Cause | None:
    """The first cause that git's messages name."""
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
        hint="It may never have been pushed, or was removed by a forced push.",
    )


def _has(result: GitResult, phrases: tuple[str, ...]) -> bool:
    text = result.errors.lower()
    return any(phrase in text for phrase in phrases)


def _last_words(errors: str, *, limit: int = 600) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    advice = ("Please make sure you have", "and the repository exists", "hint:")
    return " / ".join(line for line in lines if not line.startswith(advice))[-limit:]
