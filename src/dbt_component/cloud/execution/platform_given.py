"""Runs a command on the platform as it was given, and reports the nodes that end."""

import logging
from collections.abc import Generator, Iterator
from datetime import datetime, timezone

from dbt_component.cloud.event_metadata import with_metadata
from dbt_component.cloud.execution.platform_command import PlatformCommand
from dbt_component.cloud.execution.platform_runner import PlatformRunner
from dbt_component.cloud.execution.run_failure import command_end
from dbt_component.cloud.execution.step_reports import NodeLogged
from dbt_component.cloud.run_metadata import completed_at, run_metadata
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.errors import DefinitionError
from dbt_component.execution.account import Account
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.rendering import Rendering


class PlatformGiven:
    """A command that chooses its nodes itself. They are reported when it has ended.

    Args:
        command: The command.
        runner: Starts its run and follows it.
        rendering: How its nodes appear in Dagster.
        log: The log of the op, or of this package.
    """

    def __init__(
        self,
        command: PlatformCommand,
        runner: PlatformRunner,
        rendering: Rendering,
        log: logging.Logger,
    ) -> None:
        self.command = command
        self.runner = runner
        self.account = Account(frozenset())
        self._rendering = rendering
        self._log = log
        self._effect = command.arguments.command

    def run(self) -> Generator[DagsterEvent, None, DagsterDbtCliRuntimeError | None]:
        """Runs dbt on the platform and yields the events of each node that it built or tested.

        Returns:
            The error of the command as a whole.

        Raises:
            DbtCloudError: The run can't be started, or not followed to its end.
            DefinitionError: The command builds or tests, and it is unknown which assets its nodes are.
        """
        effect = self._effect
        if (effect.builds or effect.tests) and not self._rendering.has_manifest:
            raise DefinitionError(
                f"`{self.command.dbt_command}` runs outside of dbt definitions and without a manifest, so it is unknown"
                " which assets its nodes are.",
                hint="Pass the `context` of a dbt asset.",
            )
        if self._rendering.context is not None and not (effect.builds or effect.tests):
            self._log.warning(
                "`%s` builds nothing: no asset is materialized.", self.command.dbt_command
            )
        names = self.command.command_names
        for report in self.runner.execute(self.command.steps, commands=names):
            if not isinstance(report, NodeLogged):
                for finished in report.nodes:
                    self.account.record(finished)
                    yield from self._render(finished)
        self._rendering.warn_of_unknown_nodes()
        run = self.runner.run
        assert run is not None, "a run was started"
        return self.account.failure(
            command_end(
                run,
                command=self.command.dbt_command,
                timeout_seconds=self.runner.exceeded_seconds,
            )
        )

    def _render(self, finished: NodeFinished) -> Iterator[DagsterEvent]:
        run = self.runner.run
        assert run is not None, "a node is reported by a run"
        metadata = {
            **completed_at(finished, otherwise=datetime.now(timezone.utc)),
            **run_metadata(run),
        }
        for event in self._rendering.render(finished, self._effect):
            yield with_metadata(event, metadata)
