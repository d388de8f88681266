"""The request for a refresh: what the state must contain, and where to write it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from dbt_component.lineage.project_lineage import ColumnSource
from dbt_component.project.state import StateFile
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.selection.criteria import SelectionCriteria

Reviewer = Callable[[StateFile], list[str]]
"""Says what people should know of a state; raises an error if it is of no use."""


@dataclass(frozen=True)
class RefreshRequest:
    """The contents that a state must have besides the project, and where to write it.

    Args:
        state_path: The file to write.
        previous_path: The previous state to compare with, if it is another file.
        selections: Selections to resolve with dbt's own selector and to store. They are sorted, without
            duplicates and without those that do not need dbt.
        runtime_vars: Variables that runs will set. Each new state records which of them do not affect
            the manifest, which costs another parse.
        replaces: The version of the previous state, in a versioned storage.
        working_folder: Where to run dbt if the project's files are a checkout. Default: in the checkout.
        lineage: Where the columns are read of which the state must contain the lineage; ``None`` if it need not.
        review: Called with the new state before it replaces the previous one, and with the previous one if nothing
            changed; an error keeps the previous state.
    """

    state_path: Path
    previous_path: Path | None = None
    selections: Collection[SelectionCriteria] = ()
    runtime_vars: Collection[str] = ()
    replaces: str | None = None
    working_folder: WorkingFolder | None = None
    lineage: ColumnSource | None = None
    review: Reviewer | None = None

    def __post_init__(self) -> None:
        wanted = {criteria for criteria in self.selections if not criteria.is_everything}
        object.__setattr__(self, "selections", tuple(sorted(wanted)))
        object.__setattr__(self, "runtime_vars", tuple(sorted(set(self.runtime_vars))))

    @property
    def compared_path(self) -> Path:
        return self.previous_path or self.state_path

    def is_held_by(self, state: StateFile) -> bool:
        """Whether a state contains all selections and the lineage, and all variables were tried for it."""
        return (
            all(criteria.cache_key in state.selections for criteria in self.selections)
            and set(self.runtime_vars) <= set(state.header.runtime_vars_tried)
            and self.lineage in (None, state.lineage_columns_from)
        )
