"""Runs cases with stock dbt, which parses and selects nodes itself; nothing in it is replaced."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cases import Case, ProjectGraph
from .observation import NodeEnd, Observation, Step, normalise, read_sql_files
from .warm_process import WarmProcess

_COLOUR = re.compile("\x1b\\[[0-9;]*m")  # our events are plain text


class StockDbt:
    """Runs stock dbt on one project. Every run parses, starting from the parse cache of the first one."""

    def __init__(self, warm: WarmProcess, project_dir: Path, scratch: Path) -> None:
        self._warm = warm
        self._project_dir = project_dir
        self._scratch = scratch
        self._parsed = scratch / "parsed"

    def parse(self) -> dict[str, Any]:
        """Parses the project and returns manifest.json."""
        observation = self.run(["parse"], target=self._parsed)
        if not observation.success:
            raise RuntimeError(f"dbt parse: {observation.error}\n{observation.output}")
        manifest: dict[str, Any] = json.loads((self._parsed / "manifest.json").read_text())
        return manifest

    def run_case(self, case: Case, graph: ProjectGraph) -> Observation:
        """Runs a case, selecting by names.

        Raises:
            AssertionError: dbt selected other nodes than the case.
        """
        target = self._scratch / "stock"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        shutil.copy(self._parsed / "partial_parse.msgpack", target)
        names = sorted(graph.names[i] for i in case.selected)
        selection = ["--select", *names, "--indirect-selection", "empty"]
        observation = self.run([*case.argv, *selection], target=target, in_turn=case.in_turn)
        kinds = {graph.resource_types[i] for i in observation.selected or ()}
        wanted = frozenset(i for i in case.selected if graph.resource_types[i] in kinds)
        assert observation.selected == wanted, (
            "the harness selected wrongly",
            sorted(wanted ^ (observation.selected or frozenset())),
            observation.error,
        )
        return observation

    def run(self, argv: Sequence[str], *, target: Path, in_turn: bool = False) -> Observation:
        """Runs any dbt command."""
        target.mkdir(parents=True, exist_ok=True)
        record = self._scratch / "stock.json"
        output = self._scratch / "stock.txt"
        record.unlink(missing_ok=True)
        code = self._warm.run(
            {
                "kind": "stock",
                "argv": list(argv),
                "in_turn": in_turn,
                "record": str(record),
                "output": str(output),
                "cwd": str(self._project_dir),
                "env": {
                    "DBT_PROJECT_DIR": str(self._project_dir),
                    "DBT_PROFILES_DIR": str(self._project_dir),
                    "DBT_TARGET_PATH": str(target),
                    "DBT_LOG_PATH": str(target),
                },
            }
        )
        text = output.read_text(errors="replace")
        if not record.exists():
            raise RuntimeError(f"stock dbt ended with {code} and no record:\n{text}")
        return _observe(json.loads(record.read_text()), target, text)


def _observe(record: dict[str, Any], target: Path, output: str) -> Observation:
    steps: list[Step] = []
    ends: dict[str, NodeEnd] = {}
    counts: dict[str, int] = {}
    for kind, unique_id, *rest in record["events"]:
        steps.append(Step(kind, unique_id))
        if kind == "end":
            resource_type, status, failures, message = rest
            # dbt also gives a number where it counted no rows: 0 for a test that it could not run.
            has_counted = resource_type == "test" and status in ("pass", "warn", "fail")
            # The batches of a microbatch model also end, under its id and before it.
            counts[unique_id] = counts.get(unique_id, 0) + 1
            ends[unique_id] = NodeEnd(
                status,
                failures if has_counted else None,
                normalise(_COLOUR.sub("", message or ""), target),
            )
    return Observation(
        success=record["success"],
        error=None
        if record["error"] is None
        else normalise(_COLOUR.sub("", record["error"]), target),
        selected=frozenset(record["selected"]),
        steps=steps,
        ends=ends,
        results=record["results"],
        end_counts=counts,
        files=read_sql_files(target),
        output=output,
    )
