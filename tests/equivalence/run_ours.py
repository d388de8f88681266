"""Runs cases on our side: the state, the plan of a run, the request, and the child that serves it.

Leaves out Dagster's part of a run, and the second attempt of ``DbtCliInvocation`` if nodes did not
report: only the effect of one child is compared.
"""

import json
import shutil
from pathlib import Path

from dbt_component.dbt_process import process as process_module
from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.events import (
    DbtEvent,
    InvocationResult,
    NodeFinished,
    NodeStarted,
    decode_event,
)
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import encode_request
from dbt_component.execution.plan import (
    Mode,
    RunPlan,
    choose_mode,
    complete_argv,
    expected_nodes,
    write_request,
)
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject

from .cases import Case
from .observation import NodeEnd, Observation, Step, normalise, read_sql_files
from .warm_process import WarmProcess

_CHILD = Path(process_module.__file__).with_name("child") / "__main__.py"


class OurDbt:
    """Runs cases of one project like the component, from a state that is prepared once."""

    def __init__(self, warm: WarmProcess | None, project: DbtProject, scratch: Path) -> None:
        """``warm`` forks for each run; with ``None``, each run starts a ``DbtProcess``."""
        self._warm = warm
        self._project = project
        self._scratch = scratch
        self._engine: Engine = find_engine(project.dbt_executable)
        state_path = scratch / "state"
        refresh_from_folder(project, RefreshRequest(state_path))
        self.state = StateFile(state_path)
        self._prepared = StateProject(self.state, FolderSource.of(project))

    def plan(self, case: Case, mode: Mode | None = None) -> RunPlan:
        """The plan of a case, in the given mode; ``None`` for the mode that the component chooses."""
        arguments = parse_arguments(list(case.argv))
        chosen, reason = choose_mode(
            self._prepared, self._project, self._engine, arguments, case.selected
        )
        return RunPlan(
            project=self._project,
            engine=self._engine,
            arguments=arguments,
            argv=complete_argv(arguments.argv, arguments, self._project),
            selected=case.selected,
            expected=expected_nodes(self.state.index, arguments, case.selected),
            mode=mode or chosen,
            reason=reason,
        )

    def run(self, plan: RunPlan, *, in_turn: bool = False) -> Observation:
        """Runs a plan in a child. ``in_turn`` only works if the child forks from the warm process."""
        folder = self._scratch / "ours"
        shutil.rmtree(folder, ignore_errors=True)
        target = folder / "target"
        target.mkdir(parents=True)
        request = write_request(plan, self._prepared, target)
        env = dbt_environment(plan.project, target_path=target)
        cwd = plan.project.project_dir.resolve()
        output = folder / "output.txt"
        if self._warm is None:
            with (
                output.open("wb") as file,
                DbtProcess(plan.engine, stdout=file.fileno(), stderr=file.fileno()) as process,
            ):
                process.send(request, env=env, cwd=cwd)
                events = list(process.events())
        else:
            record = folder / "events.jsonl"
            self._warm.run(
                {
                    "kind": "ours",
                    "in_turn": in_turn,
                    "child": str(_CHILD),
                    "request": json.loads(encode_request(request, env=env, cwd=str(cwd))),
                    "record": str(record),
                    "output": str(output),
                    "cwd": str(cwd),
                }
            )
            events = [decode_event(line) for line in record.read_bytes().splitlines()]
        return _observe(events, target, output.read_text(errors="replace"))

    def close(self) -> None:
        self.state.close()


def _observe(events: list[DbtEvent], target: Path, output: str) -> Observation:
    steps: list[Step] = []
    ends: dict[str, NodeEnd] = {}
    counts: dict[str, int] = {}
    result: InvocationResult | None = None
    for event in events:
        if isinstance(event, NodeStarted):
            steps.append(Step("start", event.unique_id))
        elif isinstance(event, NodeFinished):
            steps.append(Step("end", event.unique_id))
            counts[event.unique_id] = counts.get(event.unique_id, 0) + 1
            ends[event.unique_id] = NodeEnd(
                event.status, event.failures, normalise(event.message or "", target)
            )
        elif isinstance(event, InvocationResult):
            result = event
    results = {
        node.unique_id: node.status for node in (result.nodes if result else []) if node.unique_id
    }
    return Observation(
        success=result is not None and result.success,
        error=None
        if result is not None and result.error is None
        else normalise(result.error if result and result.error else "no result", target),
        selected=None,
        steps=steps,
        ends=ends,
        results=results,
        end_counts=counts,
        files=read_sql_files(target),
        output=output,
    )


def read_run_results(target: Path) -> list[str]:
    """Unique ids in run_results.json, sorted."""
    path = target / "run_results.json"
    content = json.loads(path.read_text()) if path.exists() else {"results": []}
    return sorted(result["unique_id"] for result in content["results"])
