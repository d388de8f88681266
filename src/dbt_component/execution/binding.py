"""What a run needs to know of the definitions that it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from dbt_component.definitions.op_registry import BoundOp
from dbt_component.project.project import DbtProject
from dbt_component.project.selections import ResolvedSelections
from dbt_component.project.state import StateFile


@dataclass(frozen=True)
class RunBinding:
    """Ties a dbt resource to definitions and to the state that they were built from.

    ``open_project`` returns the project on this machine, unpacked from the state if its folder is gone.
    ``metadata`` names what to fetch of each relation after it is built.
    """

    state: StateFile
    op: BoundOp
    selections: ResolvedSelections
    open_project: Callable[[], DbtProject]
    metadata: frozenset[str] = frozenset()
