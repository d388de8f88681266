"""A selection of defs.yaml, with the place where it is written."""

from dataclasses import dataclass

from dbt_component.errors import SelectionError
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class OwnedSelection:
    """A selection that a state must hold, and its owner.

    Args:
        criteria: The selection.
        key: The key of the mapping that holds it, such as ``jobs[0]``; empty for the component's own.
        subject: The owner's name for people, such as ``Job 'marts'``; ``None`` if it has none.
    """

    criteria: SelectionCriteria
    key: str = ""
    subject: str | None = None

    def name(self, error: SelectionError) -> None:
        """Adds the owner to the error, if dbt refused this selection."""
        if self.criteria.cache_key in error.refused:
            key = self.criteria.main_key
            error.key = f"{self.key}.{key}" if self.key else key
            error.subject = self.subject
