"""Validates paths within a repository."""

from dbt_component.errors import GitInputError


def check_repository_path(path: str, *, name: str) -> str:
    """Returns the normalized path: no leading or trailing slash, and ``"."`` for the root.

    Args:
        path: The path as given by the user or .gitmodules.
        name: Name of the setting, for the message.

    Raises:
        GitInputError: It is absolute, leaves the repository with ``..``, enters ``.git``, looks like an
            option, or has characters that no path should have.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ":" in path[:2]:
        reason = "is absolute"
    elif ".." in parts:
        reason = "has '..'"
    elif not path or not path.isprintable() or "\\" in path:
        reason = "is empty, or has control characters or backslashes"
    elif any(part.startswith("-") for part in parts[:1]):
        reason = "starts with a dash, as an option does"
    elif any(part.lower() in (".git", "git~1") for part in parts):
        reason = "enters .git"
    else:
        return "/".join(parts) or "."
    raise GitInputError(
        f"{name} {path[:200]!r} {reason}.",
        hint="Use the folder's path from the root of the repository, with slashes, such as 'transform/dbt'.",
    )
