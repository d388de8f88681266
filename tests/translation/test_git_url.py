import pytest

from dbt_component.errors import GitInputError
from dbt_component.translation.git_url import parse_git_url, public_url, resolve_submodule_url

HOSTILE = [
    "",
    " https://example.com/a.git",
    "https://example.com/a\n.git",
    "https://example.com/a%0ahost=other.example.com",
    "ext::sh -c touch% /tmp/broken",
    "ext::https://example.com/a",
    "fd::17",
    "::https://example.com/a.git",
    "git://127.0.0.1/a.git",
    "ftp://example.com/a.git",
    "http://example.com/a.git",
    "javascript://example.com/a",
    "--upload-pack=touch /tmp/broken",
    "-oProxyCommand=touch:a",
    "ssh://-oProxyCommand=touch/a",
    "ssh://git@-oProxyCommand=touch/a",
    "ssh://-l@example.com/a",
    "git@-oProxyCommand=touch:a",
    "-l@example.com:a",
    "git@example.com:-a",
    "git@example.com:../../a",
    "https://example.com/../a.git",
    "https://example.com/%2e%2e/a.git",
    "https://example.com\\@other.example.com/a.git",
    "https://example.com/a\\b.git",
    "https://exa mple.com/a.git",
    "https://example.com:port/a.git",
    "https://example.com:99999/a.git",
    "https://[::1/a.git",
    "https:///a.git",
    "https://example.com",
    "https://example.com/a.git?x=1",
    "https://example.com/a.git#x",
    "file://example.com/a",
    "file://a",
    "relative/path",
    "../above",
    "~/home",
    "https://example.com/\u202ea.git",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_and_malformed_urls_are_refused(url: str) -> None:
    with pytest.raises(GitInputError):
        parse_git_url(url)


@pytest.mark.parametrize(
    ("url", "fetched", "public"),
    [
        ("https://GitHub.com/Org/a.git", "https://github.com/Org/a.git", None),
        ("https://example.com:8443/a%20b", "https://example.com:8443/a%20b", None),
        ("http://127.0.0.1:3000/a", "http://127.0.0.1:3000/a", None),
        ("http://[::1]:3000/a", "http://[::1]:3000/a", None),
        ("ssh://git@example.com:22/~me/a", None, "ssh://example.com:22/~me/a"),
        ("git@github.com:org/a.git", None, "github.com:org/a.git"),
        ("github.com:org/a.git", None, "github.com:org/a.git"),
        ("file:///srv/a.git", None, "file:///srv/a.git"),
        ("/srv/my repo/50%.git", "file:///srv/my%20repo/50%25.git", None),
    ],
)
def test_valid_urls_are_shown_without_user(
    url: str, fetched: str | None, public: str | None
) -> None:
    parsed = parse_git_url(url)
    assert parsed.fetch_url == (fetched or url)
    assert parsed.public == public_url(url) == (public or parsed.fetch_url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:s3cret@example.com/a.git",
        "https://s3cret@example.com/a.git",
        "https://user:s3cret@x@example.com/a.git",
        "https://user:s3cret/x@example.com/a.git",
        "https://user:s3cret#x@example.com/a.git",
        "https://user:s3cret?x@example.com/a.git",
        "https://example.com/a.git?private_token=s3cret",
        "https://example.com/a.git#s3cret",
        "ssh://git:s3cret@example.com/a.git",
        "user:s3cret@example.com:a.git",
        "https://user:s3cret@example.com:port/a.git",
        "ext::https://user:s3cret@example.com/a.git",
        "HTTP://user:s3cret@example.com/a.git",
    ],
)
def test_a_secret_in_a_url_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(GitInputError) as caught:
        parse_git_url(url)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in public_url(url)
    assert caught.value.__cause__ is None or "s3cret" not in str(caught.value.__cause__)


def test_the_error_for_a_token_in_a_url_says_where_to_put_it() -> None:
    with pytest.raises(GitInputError, match="token") as caught:
        parse_git_url("https://me:secret@github.com/org/a.git")
    assert "`token`" in str(caught.value.hint)
    assert "https://github.com/org/a.git" in caught.value.message


@pytest.mark.parametrize(
    ("parent", "given", "expected"),
    [
        ("https://h.com/org/a.git", "../b.git", "https://h.com/org/b.git"),
        ("https://h.com/org/a.git/", "../../other/b", "https://h.com/other/b"),
        ("https://h.com/org/a", "./b", "https://h.com/org/a/b"),
        ("git@h.com:org/a.git", "../b.git", "git@h.com:org/b.git"),
        ("ssh://git@h.com:2222/org/a", "../b", "ssh://git@h.com:2222/org/b"),
        ("/srv/a.git", "../b.git", "file:///srv/b.git"),
        ("https://h.com/org/a.git", "git@other.com:x/b", "git@other.com:x/b"),
    ],
)
def test_submodule_urls_are_relative_to_the_parent(parent: str, given: str, expected: str) -> None:
    assert resolve_submodule_url(parse_git_url(parent), given).fetch_url == expected


@pytest.mark.parametrize(
    "given",
    [
        "../../../../etc",
        "../../..",
        "ext::sh -c true",
        "file:///srv/private.git",
        "/srv/private.git",
        "http://127.0.0.1/b",
        "https://localhost/b",
        "--upload-pack=true",
        "-x",
    ],
)
def test_submodule_urls_follow_the_same_rules_and_may_not_be_local(given: str) -> None:
    with pytest.raises(GitInputError):
        resolve_submodule_url(parse_git_url("https://h.com/org/a.git"), given)
