"""Runs `dbt source freshness` over an exact set of sources, and accounts for each of them."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.events import NodeFinished, RawEvent
from dbt_component.definitions.listing import counted
from dbt_component.errors import EngineError
from dbt_component.execution.account import Account, is_failed
from dbt_component.execution.attempt import Attempt, start_process
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.measurement import Measurement, is_stale
from dbt_component.execution.node_reports import node_reports
from dbt_component.execution.plan import Mode, RunPlan, plan_step, write_request
from dbt_component.execution.run_folder import RunFolder, naming_run_folder
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject

_READS_OTHERS = re.compile(r"\b(source|ref)\s*\(|\bgraph\b")


class FreshnessRun:
    """One `dbt source freshness`.

    Args:
        prepared: What is known of the project.
        project: The project to run in.
        argv: The command and its options, without a selection.
        source_ids: Unique ids of the sources to measure.
        name: Prefix of the name of its folder.
        log: The step's log.
    """

    def __init__(
        self,
        prepared: PreparedProject,
        project: DbtProject,
        argv: Sequence[str],
        source_ids: frozenset[str],
        *,
        name: str,
        log: logging.Logger,
    ) -> None:
        self._prepared = prepared
        self._project = project
        self._argv = list(argv)
        self._source_ids = source_ids
        self._name = name
        self._log = log
        self._attempt: Attempt | None = None
        self.failure: DagsterDbtCliRuntimeError | None = None
        """Why not every source was measured, after the end. A stale source was measured."""

    def measurements(self) -> Iterator[Measurement]:
        """Runs dbt and yields one measurement for each source, as dbt reports them; unreported sources come last.

        dbt is stopped however the iteration ends.

        Raises:
            EngineError: dbt is not a Python script.
            RunFolderError: The command's folder can't be written.
        """
        node_by_id = self._prepared.manifest.index.node_by_id
        attempt = self._attempt = self._start()
        account = Account(attempt.plan.expected, fails=lambda f: is_failed(f) and not is_stale(f))
        try:
            for finished in self._reports(attempt, account):
                if finished.unique_id in account.expected:
                    yield Measurement.of(node_by_id[finished.unique_id], finished)
        finally:
            attempt.stop()
        self.failure = account.failure(attempt.end)
        for unique_id in sorted(account.missing):
            yield Measurement(node_by_id[unique_id], None, _unreported(attempt))

    @property
    def log_path(self) -> Path | None:
        """The file of dbt's log, once dbt has started."""
        return None if self._attempt is None else self._attempt.log_path

    def stop(self) -> None:
        """Stops dbt if it is running."""
        if self._attempt is not None:
            self._attempt.stop()

    def _start(self) -> Attempt:
        engine = find_engine(self._project.dbt_executable)
        if engine.command is not None:
            raise EngineError(
                f"`source_freshness` needs a dbt that is a Python script, and {engine.command!r} is none.",
                hint="Remove `source_freshness`, or set `project.dbt_executable` to a dbt that is a Python script.",
            )
        process = start_process(engine)  # dbt's import overlaps the planning
        try:
            plan = plan_step(
                self._prepared,
                self._project,
                parse_arguments(self._argv),
                engine=engine,
                wanted=self._source_ids,
            )
            plan = self._with_all_that_queries_read(plan)
            how = "sliced" if plan.reason is None else f"{plan.mode.value}: {plan.reason}"
            self._log.info(
                f"Running `{plan.dbt_command}` over {counted(len(plan.expected), 'source')}, {how}"
            )
            folder = RunFolder.create(self._name)
            return Attempt(plan, folder.target_path(1), process=process)
        except BaseException:
            process.stop()
            raise

    def _with_all_that_queries_read(self, plan: RunPlan) -> RunPlan:
        """The plan; over the complete project if a ``loaded_at_query`` names other nodes, which a slice leaves out."""
        if plan.mode is Mode.PARSE:
            return plan
        for unique_id in sorted(plan.expected):
            query = self._prepared.manifest.props(unique_id).get("loaded_at_query")
            if query and _READS_OTHERS.search(query):
                return replace(
                    plan,
                    mode=Mode.PARSE,
                    reason=f"the `loaded_at_query` of {unique_id} names other nodes",
                )
        return plan

    def _reports(self, attempt: Attempt, account: Account) -> Iterator[NodeFinished]:
        with naming_run_folder(attempt.target_path):
            request = write_request(attempt.plan, self._prepared, attempt.target_path)
        for report in node_reports(attempt, request, account, self._log):
            if not isinstance(report, RawEvent):
                yield report


def _unreported(attempt: Attempt) -> str:
    result = attempt.result
    if result is None:
        return f"dbt ended with exit code {attempt.exit_code} before it reported this source"
    return f"dbt did not report this source ({result.error or 'it gave no reason'})"
