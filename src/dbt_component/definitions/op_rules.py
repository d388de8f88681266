"""What an op says about its nodes: which they are, their partitions, and when they are materialized."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class OpRules:
    """What one op says about its nodes.

    Args:
        key: The place of the op in defs.yaml, for errors.
        name: The op's name, for people; ``None`` for the default op, which takes what no other op selects.
        criteria: What the op selects; ``None`` for the default op.
        partitions_def: Partitions of the assets that have none.
        partition_mappings: How the partitions of its assets relate to those of what they depend on, by the name of the
            upstream node: ``name``, ``source_name.name`` for a source, a unique id, ``*`` for all others, or ``self`` for
            the asset itself.
        automation_condition: The automation condition of the assets that have none.
    """

    key: str
    name: str | None = None
    criteria: SelectionCriteria | None = None
    partitions_def: dg.PartitionsDefinition | None = None
    partition_mappings: Mapping[str, dg.PartitionMapping] = field(default_factory=dict)
    automation_condition: dg.AutomationCondition[Any] | None = None

    @property
    def changes_specs(self) -> bool:
        """Whether these rules change the specs of assets."""
        return bool(
            self.partitions_def is not None
            or self.partition_mappings
            or self.automation_condition is not None
        )
