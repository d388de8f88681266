"""What `dbt-component plan` costs after imports: ``python -m benchmarks.plan``.

Generates a dbt project, prepares its state, records a build of everything in a SQLite event log, and plans a run in
which nothing changed. Prints the seconds of the plan and of its parts, with those of the processor, and the number of queries.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy

from benchmarks.dg_project import write_dg_project
from benchmarks.generate import ProjectPlan, write_project
from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.plan import plan_component
from dbt_component.component.projects import components_of
from dbt_component.component.state_history import current_instance
from dbt_component.execution.event_tags import SETTINGS, TEST_VERSION
from dbt_component.execution.unchanged.instance_facts import read_facts
from dbt_component.execution.unchanged.project_graph import ProjectGraph
from dbt_component.execution.unchanged.step_graph import StepGraph

_NEWER_THAN_ALL = 10**12
_DEFS = """\
type: dbt_component.DbtProjectComponent
attributes:
  project: "{{ context.project_root }}/transform"
  skip_unchanged: true
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--work-dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work_dir) as name:
        folder = Path(name)
        os.environ["DBT_COMPONENT_CACHE_DIR"] = str(folder / "cache")
        os.environ["DAGSTER_HOME"] = str(folder / "home")
        (folder / "home").mkdir()
        root = folder / "project"
        plan = ProjectPlan(options.models, "deep", "table")
        write_project(root / "transform", plan, database=root / "planned.duckdb")
        write_dg_project(root, "planned", _DEFS)
        sys.path.insert(0, str(root / "src"))
        with current_instance() as instance:
            assert instance is not None
            (component,) = components_of(root)
            asyncio.run(component.refresh_state(root))
            graph = _graph(component)
            _record(instance, component, graph)
            with _counted_queries() as queries:
                started = time.perf_counter()
                read_facts(instance, graph)
                facts_seconds = time.perf_counter() - started
            seconds, processor_seconds = [], []
            for _ in range(options.repeat):
                (component,) = components_of(root)
                started, busy = time.perf_counter(), time.process_time()
                planned = plan_component(component, instance)
                seconds.append(time.perf_counter() - started)
                processor_seconds.append(time.process_time() - busy)
        low, high = min(seconds), max(seconds)
        sys.stdout.write(
            f"{planned.decision.counts()}\n"
            f"facts: {facts_seconds:.2f} s in {len(queries)} queries\n"
            f"plan: {statistics.median(seconds):.2f} s (median), {low:.2f} to {high:.2f} s;"
            f" processor {statistics.median(processor_seconds):.2f} s\n"
        )


def _graph(component: DbtProjectComponent) -> StepGraph:
    specs = component.loaded.specs
    built = {specs.node_map.asset_ids[spec.key]: spec for spec in specs.asset_specs}
    graph = ProjectGraph(specs.view.own, specs.keys.key_of, specs.keys.check_key_of)
    return graph.of(built, [test.unique_id for test in specs.index.tests])


def _record(instance: dg.DagsterInstance, component: DbtProjectComponent, graph: StepGraph) -> None:
    """Records a good build of everything, as runs do."""
    planned = plan_component(component, instance)
    settings = planned.settings
    for key in sorted(graph.keys - graph.node_of.keys()):
        tags = {"dagster/data_version": "1"}
        instance.report_runless_asset_event(
            dg.AssetObservation(dg.AssetKey.from_user_string(key), tags=tags)
        )
    for node in graph.nodes:
        tags = {
            SETTINGS: settings,
            "dagster/code_version": node.code_version or "",
            "dagster/data_version": "1",
        }
        for key in node.inputs:
            tags[f"dagster/input_data_version/{key}"] = "1"
            tags[f"dagster/input_event_pointer/{key}"] = str(_NEWER_THAN_ALL)
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                dg.AssetKey.from_user_string(node.key),
                metadata={"unique_id": node.unique_id, "Execution Duration": 0.1},
                tags=tags,
            )
        )
    for test in graph.tests:
        if test.check is not None:
            asset, _, name = test.check.rpartition(":")
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(
                    dg.AssetKey.from_user_string(asset),
                    name,
                    passed=True,
                    metadata={"unique_id": test.unique_id, TEST_VERSION: test.code_version},
                )
            )


@contextmanager
def _counted_queries() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            statements.append(statement)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
