"""How one dbt command will run: which nodes, from which manifest, and why so."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from dbt_component.dbt_process.arguments import DbtArguments, parse_options
from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.requests import Cut, Invoke, NodeNames
from dbt_component.dbt_process.slice import plan_slice
from dbt_component.errors import StateError
from dbt_component.execution.binding import RunBinding
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.project.project_arguments import project_arguments
from dbt_component.selection.criteria import SelectionCriteria


class Mode(Enum):
    """Where dbt gets its manifest from."""

    SLICE = "slice"
    """The selected nodes and their surroundings, out of the state's parse cache."""
    CUT = "cut"
    """As SLICE, but with dbt's complete ``graph`` variable, because something reads it."""
    PARSE = "parse"
    """dbt reads the project, with the state's parse cache to start from. Always correct."""


@dataclass(frozen=True)
class RunPlan:
    """One dbt command over an exact set of nodes.

    ``selected`` are the ids given to dbt; ``expected`` those of them that the command must report on.
    ``reason`` says why the run is not sliced; ``None`` if it is.
    """

    project: DbtProject
    engine: Engine
    argv: list[str]
    selected: frozenset[str]
    expected: frozenset[str]
    mode: Mode
    reason: str | None


def plan_run(binding: RunBinding, arguments: DbtArguments, *, wanted: frozenset[str]) -> RunPlan:
    """Decides how to run ``arguments`` over ``wanted``.

    Args:
        binding: The definitions and their project.
        arguments: The dbt command; its own selection narrows ``wanted``.
        wanted: Unique ids that Dagster chose.
    """
    prepared = binding.prepared
    project = prepared.open()
    engine = find_engine(project.dbt_executable)
    if arguments.has_selection:
        criteria = SelectionCriteria(
            select=" ".join(arguments.select) or SelectionCriteria().select,
            exclude=" ".join(arguments.exclude),
            selector=arguments.selector,
        )
        wanted = wanted & prepared.select(criteria)
    mode, reason = choose_mode(prepared, engine, arguments, wanted)
    return RunPlan(
        project=project,
        engine=engine,
        argv=complete_argv(arguments, project),
        selected=wanted,
        expected=expected_nodes(prepared.manifest.index, arguments, wanted),
        mode=mode,
        reason=reason,
    )


def complete_argv(arguments: DbtArguments, project: DbtProject) -> list[str]:
    """The command with the project's profile, target and variables where it does not set them."""
    argv = list(arguments.argv)
    defaults = project_arguments(project)
    pairs = list(zip(defaults[::2], defaults[1::2], strict=True))
    given = {"--profile": arguments.profile, "--target": arguments.target}
    for flag, value in pairs:
        if flag == "--vars" and any(a == "--vars" or a.startswith("--vars=") for a in argv):
            continue
        if given.get(flag) is None:
            argv += [flag, value]
    return argv


def expected_nodes(
    index: ManifestIndex, arguments: DbtArguments, wanted: frozenset[str]
) -> frozenset[str]:
    """The nodes of ``wanted`` that the command runs and so must report on."""
    expected: set[str] = set()
    for unique_id in wanted:
        node = index.node_by_id.get(unique_id)
        if node is not None:
            if node.is_asset and node.resource_type in arguments.resource_types:
                expected.add(unique_id)
            continue
        test = index.test_by_id.get(unique_id)
        if test is not None and test.resource_type in arguments.resource_types:
            expected.add(unique_id)
    return frozenset(expected)


def choose_mode(
    prepared: PreparedProject,
    engine: Engine,
    arguments: DbtArguments,
    wanted: frozenset[str],
) -> tuple[Mode, str | None]:
    """The cheapest way that gives what dbt itself would, and why it is not the slice if it isn't."""
    if engine.command is not None:
        return Mode.PARSE, f"{engine.command} is no Python script, so its command line is used"
    differing = prepared.differences(
        engine, vars=arguments.vars, profile=arguments.profile, target=arguments.target
    )
    if differing:
        shown = "; ".join(differing[:3]) + (" …" if len(differing) > 3 else "")
        return Mode.PARSE, f"the project is not as it was prepared: {shown}"
    if prepared.parse_cache is None:
        return Mode.PARSE, "the project was prepared without a parse cache"
    index = prepared.manifest.index
    if index.graph_reading_macros:
        return Mode.CUT, f"macro {index.graph_reading_macros[0]} reads `graph`"
    if index.graph_readers:
        # Not only what is wanted: hooks of runs and ephemeral parents are compiled with it.
        readers = index.graph_readers.intersection(plan_slice(index, wanted).keep)
        if readers:
            return Mode.CUT, f"{min(readers)} reads `graph`"
    return Mode.SLICE, None


def write_request(
    plan: RunPlan, prepared: PreparedProject, folder: Path, *, metadata: Sequence[str]
) -> Invoke:
    """Puts the manifest for the run into ``folder`` and returns the request for the child."""
    request = Invoke(
        argv=plan.argv,
        selected=sorted(plan.selected),
        metadata=list(metadata),
        names=None if plan.engine.command is None else _names_of(plan, prepared.manifest.index),
    )
    cache = prepared.parse_cache
    now = str(plan.project.project_dir.resolve())
    before = prepared.prepared_in
    moved = (before, now) if before is not None and now != before else None
    if plan.mode is Mode.PARSE:
        target = folder / "target"
        target.mkdir(parents=True, exist_ok=True)
        if cache is not None:
            (target / "partial_parse.msgpack").write_bytes(
                cache.put_together(is_env_unchanged=prepared.is_env_unchanged, moved=moved)
            )
        return request
    if cache is None:
        raise StateError("The run can't be sliced: the project was prepared without a parse cache.")
    slice_plan = plan_slice(prepared.manifest.index, plan.selected)
    path = folder / "manifest.msgpack"
    if plan.mode is Mode.CUT:
        path.write_bytes(cache.put_together(is_env_unchanged=lambda _: True, moved=moved))
        cut = Cut(keep=slice_plan.keep, rewired=slice_plan.rewired)
        return msgspec.structs.replace(request, manifest=str(path), cut=cut)
    path.write_bytes(cache.slice(slice_plan, moved=moved))
    return msgspec.structs.replace(request, manifest=str(path))


def _names_of(plan: RunPlan, index: ManifestIndex) -> NodeNames:
    """How dbt's command line is told the selection."""
    names = {
        unique_id: found.fqn
        for unique_id in sorted(plan.selected)
        if (found := index.node_by_id.get(unique_id) or index.test_by_id.get(unique_id))
    }
    runnable = sum(node.is_asset for node in index.nodes) + len(index.tests)
    return NodeNames(
        names=names,
        are_most=len(names) > runnable / 2,
        list_argv=parse_options(plan.argv),
    )


def new_run_folder(base: Path, name: str) -> Path:
    """A fresh folder for one run's artifacts."""
    return Path(tempfile.mkdtemp(dir=base, prefix=f"{name}-"))
