import pytest

from dbt_component.errors import GitInputError
from dbt_component.project.git.path import check_repository_path
from dbt_component.project.git.ref import check_commit, check_ref, pick_commit, ref_not_found

ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)


@pytest.mark.parametrize(
    "ref",
    [
        *("", "@", "-b", "--upload-pack=x", "a..b", "a b", "a\nb", "a:b", "a~1", "a^", "a?", "a*"),
        *("[a", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a@{1}", "a."),
        "\x7f",
    ],
)
def test_refs_that_git_forbids_are_refused(ref: str) -> None:
    with pytest.raises(GitInputError, match="ref"):
        check_ref(ref)


@pytest.mark.parametrize("ref", ["main", "feature/a-b_c.d", "v1.2", "refs/pull/1/head", "#1", "ü"])
def test_refs_that_git_allows_are_accepted(ref: str) -> None:
    check_ref(ref)


@pytest.mark.parametrize("commit", ["", "main", "1" * 39, "1" * 41, "g" * 40, "-" + "1" * 39])
def test_a_commit_has_forty_hex_digits(commit: str) -> None:
    assert check_commit("A" * 40) == "a" * 40
    with pytest.raises(GitInputError, match="40 hex digits"):
        check_commit(commit)


def test_a_branch_wins_over_a_tag_and_an_annotated_tag_is_peeled() -> None:
    commits = {"refs/tags/x": ONE, "refs/tags/x^{}": TWO}
    assert pick_commit(commits, "x") == TWO
    assert pick_commit({**commits, "refs/heads/x": THREE}, "x") == THREE
    assert pick_commit(commits, "refs/tags/x") == TWO
    assert pick_commit({"refs/remotes/a/refs/heads/x": ONE}, "x") is None
    assert pick_commit({"HEAD": ONE}, None) == ONE


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        ("man", "Did you mean 'main'?"),
        ("origin/main", "Did you mean 'main'?"),
        ("MAIN", "Did you mean 'main'?"),
        ("v1.O", "Did you mean 'v1.0'?"),
        ("zzz", "There are 'main', 'v1.0'."),
        ("abcdef1", "all its 40 digits"),
    ],
)
def test_a_missing_ref_is_answered_with_close_names(ref: str, hint: str) -> None:
    commits = {"refs/heads/main": ONE, "refs/tags/v1.0": TWO, "refs/tags/v1.0^{}": TWO}
    error = ref_not_found(commits, ref, where="somewhere")
    assert repr(ref) in error.message
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc", "absolute"),
        ("C:/x", "absolute"),
        ("../x", "'..'"),
        ("a/../../x", "'..'"),
        ("a/..", "'..'"),
        (".git/hooks", ".git"),
        ("a/.GIT", ".git"),
        ("-x", "dash"),
        ("", "empty"),
        ("a\nb", "control"),
        ("a\\b", "backslash"),
    ],
)
def test_paths_that_leave_the_repository_are_refused(path: str, reason: str) -> None:
    with pytest.raises(GitInputError, match="repo_relative_path") as caught:
        check_repository_path(path, name="repo_relative_path")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("path", "clean"),
    [(".", "."), ("./", "."), ("./a//b/", "a/b"), ("a b", "a b"), ("a/-b", "a/-b")],
)
def test_paths_have_one_form(path: str, clean: str) -> None:
    assert check_repository_path(path, name="path") == clean
