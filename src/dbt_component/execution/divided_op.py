"""An op that a job runs in several steps, because other ops come between its assets."""

from collections.abc import Set
from dataclasses import dataclass

import dagster as dg

from dbt_component._dagster import steps_of_job
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.definitions.op_order import OpOrder
from dbt_component.manifest.index import ManifestIndex


@dataclass(frozen=True)
class DividedOp:
    """The steps of an op, as seen from one of them.

    ``outputs`` are those of all its steps, ``asset_ids`` the unique ids of their assets, ``numbers`` the
    places of its steps among those of the job, and ``own`` is the place of this step.
    """

    index: ManifestIndex
    outputs: Set[str]
    asset_ids: Set[str]
    numbers: list[int]
    own: int
    order: OpOrder

    @classmethod
    def of(
        cls, context: dg.OpExecutionContext, index: ManifestIndex, nodes: OpNodes
    ) -> "DividedOp | None":
        """The steps of the op that runs; ``None`` if this is its only step."""
        steps = steps_of_job(context)
        numbers = [n for n, step in enumerate(steps) if step.node_def is context.op_def]
        if len(numbers) < 2:
            return None
        outputs: set[str] = set()
        ids: dict[dg.AssetKey, str] = {}
        for step in (steps[number] for number in numbers):
            outputs |= step.keys_by_output_name.keys() | step.check_specs_by_output_name.keys()
            for output, key in step.keys_by_output_name.items():
                if output in nodes.asset_ids:
                    ids[key] = nodes.asset_ids[output]
        return cls(
            index=index,
            outputs=outputs,
            asset_ids=frozenset(ids.values()),
            numbers=numbers,
            own=next(n for n in numbers if steps[n] is context.assets_def),
            order=OpOrder(
                index, ids, [{spec.key: spec.deps for spec in step.specs} for step in steps]
            ),
        )

    def runs_here(self, unique_id: str) -> bool:
        """Whether this step runs a test without a check: it is the last step that makes a parent of it."""
        test = self.index.test_by_id.get(unique_id)
        if test is None:
            return True
        number = self.order.op_of(test, chosen=self.asset_ids)
        return (self.numbers[0] if number is None else number) == self.own
