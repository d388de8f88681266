"""What is known in advance of the runs of an op."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.known_arguments import known_arguments
from dbt_component.dbt_process.arguments import DbtArguments
from dbt_component.dbt_process.engine import find_engine
from dbt_component.definitions.op_division import OpDivision
from dbt_component.execution.plan import expected_nodes
from dbt_component.execution.unchanged.build_settings import settings_digest
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_skipping import why_forced
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.state_project import StateProject


@dataclass(frozen=True)
class OpPreview:
    """What is known in advance of the runs of an op.

    Args:
        arguments: The arguments of dbt.
        settings: The digest of what determines the result of a build besides code and data.
        forced: Why everything in the op runs; ``None`` if that depends on each node.
    """

    arguments: DbtArguments
    settings: str
    forced: str | None


def preview_ops(component: DbtProjectComponent, prepared: StateProject) -> list[OpPreview]:
    """What is known of the runs of each op, in the order of ``component.project_ops``."""
    project = prepared.open()
    engine = find_engine(project.dbt_executable)
    policy = component.skip_unchanged or SkipPolicy()
    previews: list[OpPreview] = []
    known: dict[tuple[str, ...], OpPreview] = {}
    for op in component.project_ops:
        arguments = known_arguments(op.run, project, component.defer)
        argv = tuple(arguments.argv)
        if argv not in known:  # most ops share their arguments
            differences = prepared.differences(
                project,
                engine,
                vars=arguments.vars,
                profile=arguments.profile,
                target=arguments.target,
            )
            forced = why_forced(policy, arguments, differences)
            if not arguments.command.builds:
                forced = f"`dbt {arguments.command.name}` builds nothing"
            known[argv] = OpPreview(
                arguments, settings_digest(arguments, project, differences), forced
            )
        previews.append(known[argv])
    return previews


def expected_of(
    previews: list[OpPreview], homes: Mapping[str, int], index: ManifestIndex, wanted: Set[str]
) -> frozenset[str]:
    """The nodes and tests of ``wanted`` that the commands of their ops run.

    Args:
        previews: What is known of each op.
        homes: The place of the op of each node and test.
        index: The project.
        wanted: Unique ids.
    """
    expected: set[str] = set()
    for number, preview in enumerate(previews):
        own = frozenset(unique_id for unique_id in wanted if homes[unique_id] == number)
        expected |= expected_nodes(index, preview.arguments, own)
    return frozenset(expected)


def homes_of(division: OpDivision, index: ManifestIndex, wanted: Set[str]) -> dict[str, int]:
    """The place of the op of each node, and of each test that of the first asset that it reads."""
    homes: dict[str, int] = {}
    for unique_id in wanted:
        test = index.test_by_id.get(unique_id)
        parents = (
            [unique_id]
            if test is None
            else [
                node.unique_id
                for parent in test.depends_on
                for node in index.nearest_assets(parent)
            ]
        )
        homes[unique_id] = division.number_of(parents[0] if parents else unique_id)
    return homes
