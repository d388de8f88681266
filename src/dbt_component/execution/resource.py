"""The dbt command line as a Dagster resource."""

import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.errors import DefinitionError
from dbt_component.execution.binding import RunBinding
from dbt_component.execution.invocation import DbtCliInvocation, standard_streams
from dbt_component.execution.node_events import NodeEvents
from dbt_component.execution.plan import new_run_folder, plan_run
from dbt_component.execution.subset import nodes_to_run
from dbt_component.project.cache import cache_folder

KEEP_RUN_FOLDERS_SECONDS = 3 * 24 * 3600
_logger = logging.getLogger("dbt_component")


class DbtCliResource(dg.ConfigurableResource[Any]):
    """Runs dbt commands over what a step selected. A component hands one to its ``execute``."""

    global_config_flags: list[str] = Field(
        default_factory=list,
        description="Flags put before the command, for example `--no-use-colors`.",
    )
    _binding: RunBinding | None = PrivateAttr(default=None)
    _early: DbtProcess | None = PrivateAttr(default=None)

    @classmethod
    def bound_to(cls, binding: RunBinding, *, early: DbtProcess | None = None) -> "DbtCliResource":
        """A resource for one step of the definitions behind ``binding``.

        Args:
            binding: The definitions.
            early: A dbt process started ahead, for the first command.
        """
        resource = cls()
        resource._binding = binding
        resource._early = early
        return resource

    def cli(
        self,
        args: Sequence[str],
        *,
        raise_on_error: bool = True,
        context: dg.AssetExecutionContext,
    ) -> DbtCliInvocation:
        """Starts one dbt command over the assets and checks that the step selected.

        ``--select`` and the like in ``args`` narrow that choice, they never widen it.

        Args:
            args: The command and its arguments, for example ``["build", "--full-refresh"]``.
            raise_on_error: Whether the stream raises if a node fails.
            context: The step's context.

        Raises:
            CliArgsError: ``args`` holds no runnable command, or a flag that a run must not change.
            DefinitionError: The resource belongs to no definitions.
        """
        binding = self._binding
        if binding is None:
            raise DefinitionError(
                "This DbtCliResource belongs to no dbt definitions.",
                hint="Use the `dbt` argument of DbtProjectComponent.execute.",
            )
        arguments = parse_arguments([*self.global_config_flags, *args])
        early, self._early = self._early, None
        process: DbtProcess | None = early
        try:
            if process is None:
                engine = find_engine(binding.open_project().dbt_executable)
                process = DbtProcess(engine, **standard_streams())
            outputs = frozenset(context.op_execution_context.selected_output_names)
            wanted = nodes_to_run(binding.state.index, binding.op.nodes, outputs=outputs)
            plan = plan_run(binding, arguments, wanted=wanted)
            runs = cache_folder("runs")
            _remove_old(runs)
            folder = new_run_folder(
                runs, f"{context.op_execution_context.op.name}-{context.run_id[:8]}"
            )
            context.log.info(
                f"Running `dbt {' '.join(plan.argv)}` over {len(plan.expected)} nodes, "
                + ("sliced" if plan.reason is None else f"{plan.mode.value}: {plan.reason}")
            )
            return DbtCliInvocation(
                plan,
                binding,
                NodeEvents(binding.state.index, binding.op.nodes, binding.op.keys, outputs=outputs),
                process=process,
                folder=folder,
                raise_on_error=raise_on_error,
                log=context.log,
            )
        except BaseException:
            if process is not None:
                process.stop()
            raise


def _remove_old(folder: Path) -> None:
    """Removes run folders that nobody will look at any more."""
    limit = time.time() - KEEP_RUN_FOLDERS_SECONDS
    for entry in folder.iterdir():
        try:
            if entry.stat().st_mtime < limit:
                shutil.rmtree(entry, ignore_errors=True)
        except OSError:
            continue
