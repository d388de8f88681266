"""Reports on a component's state and its runs without running dbt."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.known_arguments import known_arguments
from dbt_component.component.loaded import Loaded
from dbt_component.component.source_matches import Tables
from dbt_component.component.state_component import DbtStateComponent
from dbt_component.component.state_storage import versioned_storage
from dbt_component.component.version_name import stored_at
from dbt_component.dbt_process.engine import NEWEST_TESTED, Engine, find_engine
from dbt_component.definitions.listing import counted
from dbt_component.errors import DagsterDbtError, StateError
from dbt_component.execution.plan import choose_mode
from dbt_component.project.fingerprint import take_fingerprint
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class Report:
    """The findings on one component. ``problem`` is set if there is no usable state."""

    state_key: str
    problem: str | None = None
    provenance: str = ""
    changes: list[str] = field(default_factory=list)
    run_mode: str = ""
    counts: str = ""
    selected: list[str] | None = None
    engine_note: str | None = None
    notes: list[str] = field(default_factory=list)
    """What definitions leave out, rename or can't show, such as tests that are checks of no asset."""
    jobs: list[str] | None = None
    """The jobs of its environment on the dbt platform when the state was written; ``None`` for a project that is not there."""
    tables: Tables | None = None
    """The tables that it makes and reads; ``None`` if its definitions can't be built."""

    @property
    def is_fresh(self) -> bool:
        return self.problem is None and not self.changes


def examine(component: DbtProjectComponent, *, select: str | None, exclude: str) -> Report:
    """Compares a component's state with its project and reports the mode of a full run.

    Does not ask the remote; only ``dg utils refresh-defs-state`` detects that a branch has moved.

    Args:
        component: A component loaded from a dg project.
        select: A dbt selection to list; resolved from the state if possible, else by dbt.
        exclude: Nodes to exclude from that selection.
    """
    try:
        prepared = component.open_stored()
    except StateError as error:
        return Report(component.defs_state_config.key, problem=str(error))
    state = prepared.state
    project = prepared.open()
    engine = find_engine(project.dbt_executable)
    origin = component.project_source.origin(prepared.origin)
    changes = state.fingerprint.differences(
        take_fingerprint(project, engine, known=state.fingerprint, origin=origin)
    )
    loaded = Loaded.of(
        prepared,
        component.project_source,
        component.spec_rules,
        component.criteria,
        {},
        component.op_rules,
        component.check_rules,
        has_lineage=component.lineage_columns_from is not None,
        views=component.view_policy,
    )
    arguments = known_arguments(component.project_ops[-1].run, project, component.defer)

    def run_mode(wanted: frozenset[str]) -> str:
        mode, reason = choose_mode(prepared, project, engine, arguments, wanted)
        return "sliced" if reason is None else f"{mode.value}: {reason}"

    return report_on(
        component,
        state,
        loaded,
        changes=changes,
        run_mode=run_mode,
        engine_note=_note_on(engine),
        select=select,
        exclude=exclude,
    )


def report_on(
    component: DbtStateComponent,
    state: StateFile,
    loaded: Loaded,
    *,
    changes: list[str],
    run_mode: Callable[[frozenset[str]], str],
    engine_note: str | None = None,
    select: str | None = None,
    exclude: str = "",
) -> Report:
    """The report on a component whose state is usable.

    Args:
        component: The component.
        state: Its state.
        loaded: The project in it.
        changes: What differs from the state.
        run_mode: How a run of these nodes would start.
        engine_note: What is to be said of the dbt that would run.
        select: A dbt selection to list; resolved from the state if possible, else by dbt.
        exclude: Nodes to exclude from that selection.
    """
    key = component.defs_state_config.key
    notes, wanted = _notes_and_nodes(loaded)
    index = state.index
    counts = Counter(
        [n.resource_type for n in index.nodes if n.unique_id in wanted]
        + [t.resource_type for t in index.tests if t.unique_id in wanted]
    )
    selected = None
    if select is not None or exclude:
        criteria = SelectionCriteria(select=select or SelectionCriteria().select, exclude=exclude)
        selected = sorted(loaded.prepared.select(criteria) & wanted)
    provenance = state.header.provenance
    return Report(
        key,
        provenance=f"prepared{_when(component, state)} with dbt {provenance.dbt_version}"
        f" ({provenance.adapter_type}) from {provenance.source}",
        changes=changes,
        run_mode=run_mode(wanted),
        counts=", ".join(counted(number, kind) for kind, number in sorted(counts.items())),
        selected=selected,
        engine_note=engine_note,
        notes=notes,
        tables=_tables(key, loaded),
    )


def _notes_and_nodes(loaded: Loaded) -> tuple[list[str], frozenset[str]]:
    """What is to be said of the definitions, and the unique ids of the nodes that they run."""
    try:
        specs = loaded.specs
    except DagsterDbtError as error:
        return [f"definitions can't be built: {error}"], loaded.prepared.select(loaded.criteria)
    return specs.notes, specs.node_map.selected_ids


def _tables(key: str, loaded: Loaded) -> Tables | None:
    try:
        return Tables.of(key, loaded)
    except DagsterDbtError:  # it is in the notes
        return None


def _when(component: DbtStateComponent, state: StateFile) -> str:
    config = component.defs_state_config
    storage = versioned_storage(config)
    latest = None if storage is None else storage.get_latest_version(config.key)
    time = state.written_at if storage is None else stored_at(latest or "")
    return "" if time is None else f" {time:%Y-%m-%d %H:%M:%S} UTC"


def _note_on(engine: Engine) -> str | None:
    if not engine.is_untested:
        return None
    newest = ".".join(map(str, NEWEST_TESTED))
    return f"dbt-core {engine.versions['dbt-core']} is not tested with this package; use {newest} or older"
