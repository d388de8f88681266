"""What hosts and programs say, as recorded, and what the user is told."""

import time
from pathlib import Path

import pytest

from dbt_component.errors import (
    GitAccessError,
    GitInterruptedError,
    GitRefNotFoundError,
    GitSourceError,
    GitUnreachableError,
)
from dbt_component.project.git.credentials import GitCredentials
from dbt_component.project.git.failure import failure, needs_all_refs
from dbt_component.project.git.session import GitLimits, GitResult, GitSession
from dbt_component.translation.git_url import parse_git_url

CUT = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights"
URL = "https://h.com/o/r.git/"
HTTP = f"fatal: unable to access '{URL}': "


def session() -> GitSession:
    limits = GitLimits(10, time.monotonic() + 10, None)
    return GitSession(parse_git_url("https://h.com/o/r.git"), Path("x"), GitCredentials(), limits)


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (f"{HTTP}Could not resolve host: h.com", GitUnreachableError, "reached"),
        (f"{HTTP}Failed to connect to h.com port 443", GitUnreachableError, "reached"),
        (f"{HTTP}Received HTTP code 407 from proxy after CONNECT", GitUnreachableError, "proxy"),
        (f"{HTTP}The requested URL returned error: 503", GitUnreachableError, "reached"),
        (f"{HTTP}The requested URL returned error: 429", GitUnreachableError, "reached"),
        (
            f"ssh: Could not resolve hostname h: Name or service\n{CUT}",
            GitUnreachableError,
            "reached",
        ),
        (
            f"ssh: connect to host h port 22: Connection timed out\n{CUT}",
            GitUnreachableError,
            "reached",
        ),
        (f"Connection closed by 10.0.0.1 port 22\n{CUT}", GitUnreachableError, "reached"),
        (f"{HTTP}SSL certificate problem: self-signed", GitUnreachableError, "not trusted"),
        (
            f"{HTTP}server certificate verification failed. CAfile: none",
            GitUnreachableError,
            "trusted",
        ),
        (f"Host key verification failed.\n{CUT}", GitUnreachableError, "host key"),
        (
            f"git@h.com: Permission denied (publickey).\n{CUT}",
            GitAccessError,
            "authentication was rejected",
        ),
        (f"Permissions 0644 for 'k' are too open. bad permissions\n{CUT}", GitAccessError, "chmod"),
        (f"ERROR: Repository not found.\n{CUT}", GitAccessError, "no such repository"),
        (f"fatal: repository '{URL}' not found", GitAccessError, "no such repository"),
        (
            "remote: The project you were looking for could not be found or you don't have permission",
            GitAccessError,
            "no such repository",
        ),
        (
            "remote: TF401019: The Git repository with name or identifier r does not exist or you do"
            " not have permissions for the operation you are attempting.",
            GitAccessError,
            "no such repository",
        ),
        (
            "fatal: could not read Username for 'https://h.com': terminal prompts disabled",
            GitAccessError,
            "there are none",
        ),
        (
            f"remote: HTTP Basic: Access denied.\nfatal: Authentication failed for '{URL}'",
            GitAccessError,
            "credentials",
        ),
        (
            f"remote: The organization has enforced SAML SSO.\n{HTTP}The requested URL returned error: 403",
            GitAccessError,
            "SAML SSO",
        ),
        (
            "fatal: detected dubious ownership in repository at '/r'",
            GitAccessError,
            "safe.directory",
        ),
        (
            "error: RPC failed; curl 56 GnuTLS recv error (-9)\nfatal: early EOF",
            GitInterruptedError,
            "connection was interrupted",
        ),
        ("fatal: write error: No space left on device", GitSourceError, "DBT_COMPONENT_CACHE_DIR"),
        ("fatal: something new", GitSourceError, "something new"),
        ("", GitSourceError, "could not read the refs."),
    ],
)
def test_what_git_says_becomes_an_error_of_its_kind(
    said: str, kind: type[GitSourceError], told: str
) -> None:
    error = failure(GitResult(128, b"", said), session(), doing="read the refs")
    assert type(error) is kind
    assert told in str(error)
    assert "https://h.com/o/r.git" in str(error)


def test_a_missing_commit_is_no_reason_to_fetch_everything_but_an_unadvertised_one_is() -> None:
    missing = GitResult(128, b"", "fatal: remote error: upload-pack: not our ref " + "1" * 40)
    error = failure(missing, session(), doing="x", commit="1" * 40)
    assert isinstance(error, GitRefNotFoundError)
    assert not needs_all_refs(missing)
    hidden = "error: Server does not allow request for unadvertised object " + "1" * 40
    assert needs_all_refs(GitResult(128, b"", hidden))
