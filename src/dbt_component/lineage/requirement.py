"""The package that the lineage of columns needs."""

from importlib.util import find_spec

from dbt_component.errors import LineageError


def has_sqlglot() -> bool:
    """Whether sqlglot is installed; it is not imported."""
    return find_spec("sqlglot") is not None


def require_sqlglot(wanted_by: str) -> None:
    """Does nothing if sqlglot is installed.

    Args:
        wanted_by: What needs it, as the user wrote it.

    Raises:
        LineageError: It is not.
    """
    if not has_sqlglot():
        raise LineageError(
            f"`{wanted_by}` needs the package sqlglot, which is not installed.",
            hint="Install the extra: pip install 'dbt-component[lineage]'.",
        )
