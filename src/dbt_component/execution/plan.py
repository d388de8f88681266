"""How one dbt command will run: which nodes, from which manifest, and why."""

import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from dbt_component.dbt_process.arguments import DbtArguments, parse_options
from dbt_component.dbt_process.child.child_metadata import TIMELINE
from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.hidden_values import shown_argv
from dbt_component.dbt_process.requests import Cut, Invoke, NodeNames
from dbt_component.dbt_process.slice import plan_slice
from dbt_component.definitions.listing import listed
from dbt_component.definitions.ruled_tests import NO_RULES, RuledTests
from dbt_component.errors import EngineError
from dbt_component.execution.report_wishes import NO_WISHES, ReportWishes
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.project.project_arguments import project_arguments
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import may_compare


class Mode(Enum):
    """Where dbt gets its manifest from."""

    SLICE = "slice"
    """The selected nodes and their surroundings, from the prepared parse cache."""
    CUT = "cut"
    """As SLICE, but with dbt's complete ``graph`` variable, because something reads it."""
    PARSE = "parse"
    """dbt reads the project, starting from the prepared parse cache if there is one. Always correct."""


@dataclass(frozen=True)
class RunPlan:
    """One dbt command.

    Args:
        project: The project to run in.
        engine: The dbt that runs it.
        arguments: The command line as it was given.
        argv: The command line for dbt: without the selection if ``selected`` replaces it.
        mode: Where dbt gets its manifest from.
        reason: Why the run is not sliced; ``None`` if it is.
        selected: The exact unique ids that dbt gets; ``None`` leaves the choice to ``argv``.
        expected: Those of ``selected`` that the command must report on.
        retry_reason: Why there is another attempt; ``None`` for the first.
        tests: Severities and the like that tests have by rules.
        delay_seconds: How long to wait before an attempt that a retry policy asks for; ``None`` for any other.
    """

    project: DbtProject
    engine: Engine
    arguments: DbtArguments
    argv: list[str]
    mode: Mode = Mode.PARSE
    reason: str | None = None
    selected: frozenset[str] | None = None
    expected: frozenset[str] = frozenset()
    retry_reason: str | None = None
    delay_seconds: float | None = None
    tests: RuledTests = NO_RULES

    @cached_property
    def dbt_command(self) -> str:
        """The command as text, for messages. Nodes that are given by unique id are not part of it.

        Values of variables that came from the environment are masked, and so is all text in the project's.
        """
        return " ".join(["dbt", *shown_argv(self.argv, hidden=self.project.vars.keys())])

    def without(self, unique_ids: Set[str]) -> "RunPlan":
        """The plan without some of its nodes."""
        selected = None if self.selected is None else self.selected - unique_ids
        return replace(self, selected=selected, expected=self.expected - unique_ids)


def plan_command(project: DbtProject, arguments: DbtArguments, argv: Sequence[str]) -> RunPlan:
    """Plans a command that chooses its nodes itself, exactly as it was given."""
    return RunPlan(
        project=project,
        engine=find_engine(project.dbt_executable),
        arguments=arguments,
        argv=complete_argv(argv, arguments, project),
    )


def plan_step(
    prepared: PreparedProject,
    project: DbtProject,
    arguments: DbtArguments,
    *,
    engine: Engine,
    wanted: frozenset[str],
    tests: RuledTests = NO_RULES,
    find_left_out: Callable[[frozenset[str]], frozenset[str]] | None = None,
) -> RunPlan:
    """Plans a command over the nodes that Dagster chose.

    Args:
        prepared: What is known of the project.
        project: The project to run in.
        arguments: The dbt command; its own selection narrows ``wanted``.
        engine: The dbt that will run.
        wanted: Unique ids that Dagster chose.
        tests: What rules say about tests.
        find_left_out: Given the nodes that the command would run, returns those that it leaves out.

    Raises:
        EngineError: Rules change tests, and dbt can't be told.
    """
    if arguments.has_selection:
        criteria = SelectionCriteria(
            select=" ".join(arguments.select) or SelectionCriteria().select,
            exclude=" ".join(arguments.exclude),
            selector=arguments.selector,
        )
        compared = None
        if may_compare(criteria):
            compared = ComparedState.of(project, arguments.state_options.state)
        wanted = wanted & prepared.select(criteria, compared=compared)
    if find_left_out is not None:
        wanted -= find_left_out(expected_nodes(prepared.manifest.index, arguments, wanted))
    mode, reason = choose_mode(prepared, project, engine, arguments, wanted)
    _refuse_rules_of_wrapper(engine, wanted & (tests.severities.keys() | tests.passing_on))
    return RunPlan(
        project=project,
        engine=engine,
        arguments=arguments,
        argv=complete_argv(arguments.argv, arguments, project),
        mode=mode,
        reason=reason,
        selected=wanted,
        expected=expected_nodes(prepared.manifest.index, arguments, wanted),
        tests=tests,
    )


def _refuse_rules_of_wrapper(engine: Engine, changed: Set[str]) -> None:
    if engine.command is not None and changed:
        raise EngineError(
            f"Check rules set the severity of tests, or that they do not block: {listed(sorted(changed))}. That needs a"
            f" dbt that is a Python script, and {engine.command!r} is none.",
            hint="Configure the tests in the dbt project instead, or remove the rules.",
        )


def complete_argv(argv: Sequence[str], arguments: DbtArguments, project: DbtProject) -> list[str]:
    """The command with the project's profile, target and variables where it does not set them."""
    given = {
        "--profile": arguments.profile is not None,
        "--target": arguments.target is not None,
        "--vars": any(token == "--vars" or token.startswith("--vars=") for token in argv),
    }
    defaults = project_arguments(project)
    completed = list(argv)
    for flag, value in zip(defaults[::2], defaults[1::2], strict=True):
        if not given[flag]:
            completed += [flag, value]
    return completed


def expected_nodes(
    index: ManifestIndex, arguments: DbtArguments, wanted: frozenset[str]
) -> frozenset[str]:
    """The nodes of ``wanted`` that the command runs and must report on."""
    expected: set[str] = set()
    for unique_id in wanted:
        node = index.node_by_id.get(unique_id)
        if node is not None:
            has_end = node.is_asset or node.is_source
            if has_end and node.resource_type in arguments.resource_types:
                expected.add(unique_id)
            continue
        test = index.test_by_id.get(unique_id)
        if test is not None and test.resource_type in arguments.resource_types:
            expected.add(unique_id)
    return frozenset(expected)


def choose_mode(
    prepared: PreparedProject,
    project: DbtProject,
    engine: Engine,
    arguments: DbtArguments,
    wanted: frozenset[str],
) -> tuple[Mode, str | None]:
    """The cheapest mode with dbt's own result, and the reason if it is not SLICE."""
    if engine.command is not None:
        return Mode.PARSE, f"{engine.command} is not a Python script, so its command line is used"
    differing = prepared.differences(
        project,
        engine,
        vars=arguments.vars,
        profile=arguments.profile,
        target=arguments.target,
    )
    if differing:
        shown = "; ".join(differing[:3]) + (" …" if len(differing) > 3 else "")
        return Mode.PARSE, f"the project is not as it was prepared: {shown}"
    reader = _graph_reader(prepared.manifest.index, wanted)
    if reader is None:
        return Mode.SLICE, None
    if _defers(arguments):
        return Mode.PARSE, f"{reader} reads `graph`, which dbt makes anew when it defers"
    return Mode.CUT, f"{reader} reads `graph`"


def _graph_reader(index: ManifestIndex, wanted: frozenset[str]) -> str | None:
    """A macro or node that reads dbt's ``graph`` in a run of ``wanted``; ``None`` if there is none."""
    if index.graph_reading_macros:
        return f"macro {index.graph_reading_macros[0]}"
    if not index.graph_readers:
        return None
    # Hooks of the run and ephemeral parents are compiled with the wanted nodes.
    return min(index.graph_readers.intersection(plan_slice(index, wanted).keep), default=None)


def _defers(arguments: DbtArguments) -> bool:
    options = arguments.state_options.with_environment(os.environ)
    return bool(options.defer) or arguments.command.name == "clone"


def write_request(
    plan: RunPlan,
    prepared: PreparedProject | None,
    target_path: Path,
    *,
    wishes: ReportWishes = NO_WISHES,
    priorities: Mapping[str, float] = MappingProxyType({}),
) -> Invoke:
    """Writes the manifest of a run where its mode wants it, and returns the request for the child.

    Args:
        plan: The command.
        prepared: What is known of the project; ``None`` for a command that chooses its nodes itself.
        target_path: The command's target folder, created if need be. The manifest of a slice lies beside it.
        wishes: What dbt's process reports besides the ends of nodes.
        priorities: Which of the nodes that are ready start first; see ``Invoke``.
    """
    target_path.mkdir(parents=True, exist_ok=True)
    wanted: Mapping[str, Any] = {
        "metadata": sorted(wishes.metadata - {TIMELINE}),  # which is drawn in this process
        "with_raw_events": wishes.raw_events,
    }
    if prepared is None or plan.selected is None:
        return Invoke(argv=plan.argv, command_names=plan.arguments.command.names, **wanted)
    index = prepared.manifest.index
    request = Invoke(
        argv=plan.argv,
        command_names=plan.arguments.command.names,
        selected=sorted(plan.selected),
        names=None if plan.engine.command is None else _names_of(plan, index, plan.selected),
        severities={t: s for t, s in plan.tests.severities.items() if t in plan.selected},
        passing_on=sorted(plan.tests.passing_on & plan.selected),
        priorities=dict(priorities),
        **wanted,
    )
    cache = prepared.parse_cache
    now = str(plan.project.project_dir.resolve())
    before = prepared.prepared_in
    moved = (before, now) if before is not None and now != before else None
    if plan.mode is Mode.PARSE:
        if cache is not None:
            (target_path / "partial_parse.msgpack").write_bytes(
                cache.put_together(is_env_unchanged=prepared.is_env_unchanged, moved=moved)
            )
        return request
    assert cache is not None, "a run without a parse cache is parsed"
    slice_plan = plan_slice(index, plan.selected)
    path = target_path.with_name(f"{target_path.name}.manifest.msgpack")
    if plan.mode is Mode.CUT:
        path.write_bytes(cache.put_together(is_env_unchanged=lambda _: True, moved=moved))
        cut = Cut(keep=slice_plan.keep, rewired=slice_plan.rewired)
        return msgspec.structs.replace(request, manifest=str(path), cut=cut)
    path.write_bytes(cache.slice(slice_plan, moved=moved))
    return msgspec.structs.replace(request, manifest=str(path))


def _names_of(plan: RunPlan, index: ManifestIndex, selected: frozenset[str]) -> NodeNames:
    """The selection in terms of dbt's command line."""
    names: Mapping[str, Any] = {
        unique_id: found.fqn
        for unique_id in sorted(selected)
        if (found := index.node_by_id.get(unique_id) or index.test_by_id.get(unique_id))
    }
    runnable = sum(node.is_asset for node in index.nodes) + len(index.tests)
    return NodeNames(
        names=dict(names),
        are_most=len(names) > runnable / 2,
        list_argv=parse_options(plan.argv),
    )
