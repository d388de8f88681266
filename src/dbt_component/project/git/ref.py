"""Validates names of branches, tags and commits, and resolves them in a remote's list of refs."""

import difflib
import re
from collections.abc import Mapping

from dbt_component.errors import GitInputError, GitRefNotFoundError

_COMMIT = re.compile(r"^[0-9a-fA-F]{40}$")
_SHORT_COMMIT = re.compile(r"^[0-9a-fA-F]{7,39}$")
_FORBIDDEN = re.compile(r"\.\.|@\{|//|[\x00-\x20\x7f~^:?*\[\\]")


def is_full_commit(text: str) -> bool:
    return bool(_COMMIT.match(text))


def check_ref(ref: str) -> None:
    """Checks that a ref can be the name of a branch or tag, or a full commit.

    Raises:
        GitInputError: Git does not allow this name.

    See: https://git-scm.com/docs/git-check-ref-format
    """
    parts = ref.split("/")
    if (
        not ref.isprintable()
        or _FORBIDDEN.search(ref)
        or ref.startswith(("-", "/"))
        or ref.endswith(("/", "."))
        or ref in ("", "@")
        or any(part.startswith(".") or part.endswith(".lock") for part in parts)
    ):
        raise GitInputError(
            f"ref {ref[:200]!r} is not a valid name of a branch, tag or commit.",
            hint="Use a branch such as 'main', a tag such as 'v1.2', or a commit with all 40 digits.",
        )


def check_commit(commit: str) -> str:
    """The commit in lower case.

    Raises:
        GitInputError: It is not 40 hex digits.
    """
    if not is_full_commit(commit):
        raise GitInputError(f"commit {commit[:200]!r} is not 40 hex digits.")
    return commit.lower()


def remote_names(ref: str | None) -> list[str]:
    """The names to request from a remote, in order: a branch wins over a tag of the same name."""
    if ref is None or ref == "HEAD":
        return ["HEAD"]
    if ref.startswith("refs/"):
        return [ref, f"{ref}^{{}}"]
    return [f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}"]


def parse_remote_list(output: str) -> dict[str, str]:
    """Parses ``git ls-remote`` into commits by name. A peeled tag has its own name: ``…^{}``."""
    pairs = (line.split("\t", 1) for line in output.splitlines() if "\t" in line)
    return {name: commit for commit, name in pairs if is_full_commit(commit)}


def pick_commit(commits: Mapping[str, str], ref: str | None) -> str | None:
    """The commit of a branch or tag; for an annotated tag, the commit it points to."""
    for name in remote_names(ref):
        if name in commits:
            return commits.get(f"{name}^{{}}", commits[name])
    return None


def ref_not_found(
    commits: Mapping[str, str], ref: str | None, *, where: str
) -> GitRefNotFoundError:
    """The error for a ref that the remote does not have; the hint lists the closest existing names."""
    names = sorted({_short_name(name) for name in commits if name.startswith("refs/")})
    if ref is None:
        return GitRefNotFoundError(
            "The repository has no default branch: it is empty, or its HEAD points nowhere.",
            where=where,
            hint=f"Set `ref` to one of {_listing(names)}." if names else "Push a first commit.",
        )
    if _SHORT_COMMIT.match(ref):
        hint = "Specify a commit with all its 40 digits; hosts do not resolve shorter ones."
    elif not names:
        hint = "The repository has no branches and no tags; push a first commit."
    else:
        asked = _short_name(ref).removeprefix("origin/")
        lower = {name.lower(): name for name in reversed(names)}
        close = [lower[name] for name in difflib.get_close_matches(asked.lower(), lower, 3, 0.6)]
        hint = f"Did you mean {_listing(close)}?" if close else f"There are {_listing(names)}."
    return GitRefNotFoundError(
        f"The repository has no branch or tag {ref!r}.", where=where, hint=hint
    )


def _short_name(name: str) -> str:
    return (
        name.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/").removesuffix("^{}")
    )


def _listing(names: list[str], *, limit: int = 10) -> str:
    shown = ", ".join(repr(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
