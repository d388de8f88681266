"""Whether the ops of a component fit its project, before a new state replaces the last one."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from dbt_component.definitions.op_division import divide_ops
from dbt_component.definitions.op_rules import OpRules
from dbt_component.manifest.index import ManifestIndex
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class Review:
    """What a refresh asks of a new state: that no two ops select the same nodes, and the like.

    Args:
        criteria: The component's own selection.
        ops: The rules of its ops; the last is the default op.
    """

    criteria: SelectionCriteria
    ops: Sequence[OpRules]

    def __call__(
        self, index: ManifestIndex, select: Callable[[SelectionCriteria], Set[str]]
    ) -> list[str]:
        """What people should know of the ops.

        Args:
            index: The project.
            select: dbt's answer to a selection, as unique ids.

        Raises:
            DefinitionError: The ops do not fit the project.
        """
        division = divide_ops(self.ops, index, selected_ids=select(self.criteria), select=select)
        return list(division.notes)
