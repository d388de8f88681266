"""What a refresh is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class RefreshRequest:
    """What a state must hold besides the project, and where it is written.

    Args:
        state_path: Where the state is to be written.
        previous_path: The former state to compare with, if it lies elsewhere.
        selections: Selections to resolve with dbt's own selector and keep. Kept in a fixed order, each
            once, and without those that need no dbt.
        runtime_vars: Variables that runs will set; it is tried whether they change the manifest, which
            costs another parse when the state is made anew.
        replaces: The version of the former state, in a storage that keeps versions.
    """

    state_path: Path
    previous_path: Path | None = None
    selections: Collection[SelectionCriteria] = ()
    runtime_vars: Collection[str] = ()
    replaces: str | None = None

    def __post_init__(self) -> None:
        wanted = {criteria for criteria in self.selections if not criteria.is_everything}
        object.__setattr__(self, "selections", tuple(sorted(wanted)))
        object.__setattr__(self, "runtime_vars", tuple(sorted(set(self.runtime_vars))))

    @property
    def compared_path(self) -> Path:
        return self.previous_path or self.state_path

    def is_held_by(self, state: StateFile) -> bool:
        """Whether a state holds all selections, and all variables were tried for it."""
        return all(criteria.cache_key in state.selections for criteria in self.selections) and set(
            self.runtime_vars
        ) <= set(state.header.runtime_vars_tried)
