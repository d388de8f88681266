"""The nodes that each op runs, by the names of its outputs.

Nodes are found by output name because a user may change asset keys with ``with_attributes``, but outputs
keep their names.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

import dagster as dg

from dbt_component.definitions.op_order import OpOrder
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.manifest.dbt_test import DbtTest


@dataclass(frozen=True)
class OpSpecs:
    """The specs of one op."""

    name: str
    asset_specs: Sequence[dg.AssetSpec]
    check_specs: Sequence[dg.AssetCheckSpec]


@dataclass(frozen=True)
class OpNodes:
    """The nodes and tests of one op.

    ``asset_ids`` and ``check_ids`` map output names to unique ids; ``check_hosts`` maps the output of a check
    to that of its asset, if this op makes the asset. ``loose_tests`` are selected tests that are not checks
    of an asset; ``others`` is the rest of dbt's selection that runs with this op: sources, ephemeral models,
    exposures and the like. ``jobs`` are the ids that this op runs in a job that runs exactly what dbt selects,
    by the name of the job; there a loose test may belong to another op than elsewhere.
    """

    name: str
    asset_ids: Mapping[str, str]
    check_ids: Mapping[str, str]
    loose_tests: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    check_hosts: Mapping[str, str] = field(default_factory=dict)
    jobs: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def output_of(self) -> Mapping[str, str]:
        """Unique ids of assets and checks -> output names."""
        return {
            unique_id: output
            for ids in (self.asset_ids, self.check_ids)
            for output, unique_id in ids.items()
        }

    @cached_property
    def outputs(self) -> frozenset[str]:
        """All outputs of the op."""
        return frozenset(self.asset_ids) | frozenset(self.check_ids)

    def with_job(self, name: str, chosen: Set[str]) -> "OpNodes":
        """These nodes, with what the op runs in a job that selects assets or checks of this op alone.

        Args:
            name: The name of the job.
            chosen: The unique ids that dbt selects for it; others than the op's own are left out.
        """
        return replace(self, jobs={**self.jobs, name: self.all_ids & chosen})

    @cached_property
    def all_ids(self) -> frozenset[str]:
        """All ids that the op runs if all of its outputs are selected."""
        return frozenset(self.output_of) | self.loose_tests | self.others


def divide_nodes(
    specs: SelectedSpecs, ops: Sequence[OpSpecs], *, jobs: Mapping[str, Set[str]] | None = None
) -> list[OpNodes]:
    """Assigns each node and test of the selection to the op that runs it.

    A test without a check runs in the last of the ops that make its parents; if these ops depend on each
    other in a cycle, in the op of the parent that comes last in the project. Tests without parents in any
    op, and everything that is neither asset nor test, belong to the first op.

    Args:
        specs: The selection.
        ops: The specs of each op; at least one op.
        jobs: The unique ids that dbt selects for each job, by the name of the job.
    """
    ids = specs.node_map
    homes = OpOrder(
        specs.index, ids.asset_ids, [{s.key: s.deps for s in op.asset_specs} for op in ops]
    )
    loose, others = _loose_tests(specs)
    loose_in: dict[int, set[str]] = {}
    for test in loose:
        loose_in.setdefault(homes.op_of(test) or 0, set()).add(test.unique_id)
    # A large project has tens of thousands of outputs, so each name is made once and shared.
    divided: list[OpNodes] = []
    for number, op in enumerate(ops):
        output_of = {spec.key: spec.key.to_python_identifier() for spec in op.asset_specs}
        checks = [(spec.get_python_identifier(), spec.key) for spec in op.check_specs]
        nodes = OpNodes(
            name=op.name,
            asset_ids={output: ids.asset_ids[key] for key, output in output_of.items()},
            check_ids={output: ids.check_ids[key] for output, key in checks},
            loose_tests=frozenset(loose_in.get(number, ())),
            others=others if number == 0 else frozenset(),
            check_hosts={
                output: output_of[key.asset_key]
                for output, key in checks
                if key.asset_key in output_of
            },
        )
        divided.append(nodes)
    for name, chosen in (jobs or {}).items():
        divided = _with_job(
            divided, name, chosen, [t for t in loose if t.unique_id in chosen], homes
        )
    return divided


def _loose_tests(specs: SelectedSpecs) -> tuple[list[DbtTest], frozenset[str]]:
    """The selected tests without a check, and all selected ids that are neither asset nor test."""
    index, ids = specs.index, specs.node_map
    rest = ids.selected_ids.difference(ids.asset_ids.values(), ids.check_ids.values())
    tests = [index.test_by_id[unique_id] for unique_id in rest if unique_id in index.test_by_id]
    return tests, frozenset(rest).difference(test.unique_id for test in tests)


def _with_job(
    ops: Sequence[OpNodes],
    name: str,
    chosen: Set[str],
    loose: Iterable[DbtTest],
    homes: OpOrder,
) -> list[OpNodes]:
    """The ops with the ids that each runs in a job; only ops with an output in the job take part."""
    ids = [chosen & (op.output_of.keys() | op.others) for op in ops]
    taking_part = {
        number for number, op in enumerate(ops) if not chosen.isdisjoint(op.output_of.keys())
    }
    for test in loose if taking_part else ():
        home = homes.op_of(test, chosen=chosen)
        ids[min(taking_part) if home is None else home] |= {test.unique_id}
    return [
        replace(op, jobs={**op.jobs, name: frozenset(ids[number])}) if number in taking_part else op
        for number, op in enumerate(ops)
    ]
