"""Knows how the nodes of a command that runs as given appear in Dagster."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dbt_component.dbt_process.commands import DbtCommand
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DefinitionError
from dbt_component.execution.free_events import FreeEvents
from dbt_component.execution.op_context import Context, op_context_of
from dbt_component.execution.outcome_events import DagsterEvent, OutcomeEvents
from dbt_component.execution.outcomes import outcome_of
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.subset import nodes_of_step
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.project import DbtProject

_logger = logging.getLogger("dbt_component")


@dataclass(eq=False)
class Rendering:
    """Finds the manifest and the keys of a command's nodes, when they are first needed.

    Args:
        manifest: The manifest that the user gave.
        translator: The translator that the user gave.
        context: The context that the user gave. In a step of dbt definitions these apply instead.
        project: The project that the command runs in. Its own manifest.json is used if none was given.
    """

    manifest: ManifestArgument | None = None
    translator: DagsterDbtTranslator | None = None
    context: Context | None = None
    project: DbtProject | None = None
    _unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if isinstance(self.translator, type):
            raise DefinitionError(
                f"`dagster_dbt_translator` is the class {self.translator.__name__}, not an instance of it.",
                hint=f"Pass `{self.translator.__name__}()`.",
            )

    @cached_property
    def bound(self) -> BoundOp | None:
        """What belongs to the dbt definitions whose step runs the command, if one does."""
        if self.context is None:
            return None
        return bound_ops.find(op_context_of(self.context).op_def)

    @cached_property
    def rules(self) -> DagsterDbtTranslator:
        """The translator: of the dbt definitions, the one that was given, or the default mapping."""
        methods = None if self.bound is None else self.bound.view.rules.methods
        if isinstance(methods, DagsterDbtTranslator):
            return methods
        return self.translator or DagsterDbtTranslator()

    @cached_property
    def found_manifest(self) -> Manifest | None:
        """The manifest that keys come from; ``None`` if none was given and the project has none.

        Raises:
            DagsterDbtManifestNotFoundError: There is no file at the path that was given.
            ProjectFileError: It is not a dbt manifest.
        """
        if self.bound is not None:
            return self.bound.prepared.manifest
        if self.manifest:
            return prepared_from(self.manifest).manifest
        if self.project is not None and self.project.manifest_path.is_file():
            return prepared_from(self.project).manifest
        return None

    @property
    def has_manifest(self) -> bool:
        """Whether the keys of nodes are known."""
        return self.found_manifest is not None

    def render(
        self, finished: NodeFinished, command: DbtCommand, *, log_path: Path | None = None
    ) -> Iterator[DagsterEvent]:
        """The events of a node's end. There are none for a node that the manifest does not contain.

        Args:
            finished: dbt's report.
            command: The command that ran the node.
            log_path: dbt's log.
        """
        if self._events is None:
            return
        index = self._events.index
        outcome = outcome_of(index, finished, command=command)
        if outcome is not None:
            yield from self._events.of(outcome, log_path=log_path)
        elif finished.unique_id not in index.all_ids and not _is_hook(finished.unique_id):
            self._unknown.add(finished.unique_id)

    def warn_of_unknown_nodes(self) -> None:
        """Warns if nodes had no events because the manifest is of another project, or an older one."""
        if self._unknown:
            log = _logger if self.context is None else self.context.log
            log.warning(
                "%d of the nodes that dbt reported are not in the manifest, so they have no events: %s. Prepare the"
                " project again, or pass the manifest of the project that runs.",
                len(self._unknown),
                ", ".join(sorted(self._unknown)[:10]),
            )
            self._unknown.clear()

    @cached_property
    def _events(self) -> OutcomeEvents | None:
        if self.bound is not None and self.context is not None:
            op_context = op_context_of(self.context)
            wanted = nodes_of_step(self.bound, op_context)
            return StepEvents.of_step(self.bound, op_context.assets_def, wanted, self.context.log)
        manifest = self.found_manifest
        if manifest is None:
            return None
        rules = SpecRules(self.rules, self.rules.settings)
        return FreeEvents(ResolvingManifest(manifest, rules, self.project), self.context)


def _is_hook(unique_id: str) -> bool:
    return unique_id.startswith("operation.")
