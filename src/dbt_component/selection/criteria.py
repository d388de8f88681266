"""A selection in dbt's syntax."""

import msgspec

from dbt_component.errors import SelectionError

DEFAULT_SELECT = "fqn:*"
_EVERYTHING = frozenset({"", "*", DEFAULT_SELECT})


class SelectionCriteria(msgspec.Struct, frozen=True, order=True):
    """``--select``, ``--exclude`` and ``--selector`` as the user wrote them.

    Raises:
        SelectionError: ``selector`` is combined with ``select`` or ``exclude``.

    See: https://docs.getdbt.com/reference/node-selection/syntax
    """

    select: str = DEFAULT_SELECT
    exclude: str = ""
    selector: str = ""

    def __post_init__(self) -> None:
        chosen = self.select not in _EVERYTHING
        if self.selector and (chosen or self.exclude):
            other = "select" if chosen else "exclude"
            value = self.select if chosen else self.exclude
            raise SelectionError(
                f"`selector` {self.selector!r} can't be combined with `{other}` {value!r}.",
                key="selector",
                hint=f"Keep one of the two, or write the `{other}` into selectors.yml.",
            )

    @property
    def is_everything(self) -> bool:
        """Whether every node is selected, so dbt need not resolve the selection."""
        return self.select in _EVERYTHING and not self.exclude and not self.selector

    @property
    def main_key(self) -> str:
        """The key of defs.yaml that holds the selection, or most of it."""
        if self.selector:
            return "selector"
        return "exclude" if self.exclude and self.select in _EVERYTHING else "select"

    @property
    def cache_key(self) -> str:
        """Text that is equal only for equal criteria."""
        return f"{self.select}\x1f{self.exclude}\x1f{self.selector}"

    def __str__(self) -> str:
        """The selection as options of dbt's command line, for messages."""
        parts = [f"--select {self.select!r}"] if not self.selector else []
        if self.exclude:
            parts.append(f"--exclude {self.exclude!r}")
        if self.selector:
            parts.append(f"--selector {self.selector!r}")
        return " ".join(parts)
