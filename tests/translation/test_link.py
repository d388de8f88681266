import pytest

from dbt_component.translation.link import link_to_file

COMMIT = "0123456789abcdef0123456789abcdef01234567"
AZURE = f"?path=/m/a%20b.sql&version=GC{COMMIT}"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://github.com/o/r.git", f"https://github.com/o/r/blob/{COMMIT}/m/a%20b.sql"),
        ("git@github.com:o/r.git", f"https://github.com/o/r/blob/{COMMIT}/m/a%20b.sql"),
        ("ssh://git@ssh.github.com:443/o/r", f"https://github.com/o/r/blob/{COMMIT}/m/a%20b.sql"),
        ("git@github.corp.com:o/r", f"https://github.corp.com/o/r/blob/{COMMIT}/m/a%20b.sql"),
        ("https://gitlab.com/g/s/r", f"https://gitlab.com/g/s/r/-/blob/{COMMIT}/m/a%20b.sql"),
        (
            "https://gitlab.corp.com:8443/g/r.git",
            f"https://gitlab.corp.com:8443/g/r/-/blob/{COMMIT}/m/a%20b.sql",
        ),
        (
            "ssh://git@gitlab.corp.com:2222/g/r.git",
            f"https://gitlab.corp.com/g/r/-/blob/{COMMIT}/m/a%20b.sql",
        ),
        ("git@bitbucket.org:w/r.git", f"https://bitbucket.org/w/r/src/{COMMIT}/m/a%20b.sql"),
        (
            "https://bitbucket.corp.com/scm/p/r.git",
            f"https://bitbucket.corp.com/projects/p/repos/r/browse/m/a%20b.sql?at={COMMIT}",
        ),
        ("https://dev.azure.com/o/p/_git/r", f"https://dev.azure.com/o/p/_git/r{AZURE}"),
        ("git@ssh.dev.azure.com:v3/o/p/r", f"https://dev.azure.com/o/p/_git/r{AZURE}"),
        ("https://o.visualstudio.com/p/_git/r", f"https://o.visualstudio.com/p/_git/r{AZURE}"),
        ("https://git.example.com/o/r", None),
        (
            "https://github.com.example.com/o/r",
            f"https://github.com.example.com/o/r/blob/{COMMIT}/",
        ),
        ("file:///srv/github.git", None),
        ("https://evil/r", None),
        ("ext::sh -c true", None),
        ("https://user:secret@github.com/o/r", None),
    ],
)
def test_a_link_points_to_the_exact_commit_on_known_hosts(url: str, link: str | None) -> None:
    found = link_to_file(url, COMMIT, "m/a b.sql")
    if link is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(link)


def test_a_template_works_for_any_other_host() -> None:
    template = "https://git.example.com/o/r/file/{path}?at={commit}&{x}"
    found = link_to_file("/srv/r.git", COMMIT, "m/a b.sql", template=template)
    assert found == f"https://git.example.com/o/r/file/m/a%20b.sql?at={COMMIT}&{{x}}"
