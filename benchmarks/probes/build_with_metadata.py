"""Builds a prepared project through ``@dbt_assets`` and writes the seconds of the step.

Usage: ``build_with_metadata.py PROJECT RESULT KIND...``.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component import DbtCliResource, DbtProject, dbt_assets


def main() -> None:
    project = DbtProject(sys.argv[1])
    kinds = set(sys.argv[3:])

    @dbt_assets(manifest=project)
    def build(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        events = dbt.cli(["build", "--quiet"], context=context).stream()
        if "row_count" in kinds:
            events = events.fetch_row_counts()
        if "column_metadata" in kinds:
            events = events.fetch_column_metadata(with_column_lineage="column_lineage" in kinds)
        elif "column_lineage" in kinds:
            events = events.fetch_column_metadata(with_column_lineage=True)
        if "adapter_response" in kinds:
            events = events.fetch_adapter_responses()
        if "timeline" in kinds:
            events = events.draw_timeline()
        yield from events

    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        result = dg.materialize(
            [build],
            instance=instance,
            resources={"dbt": DbtCliResource(project_dir=project)},
            raise_on_error=False,
        )
        (record,) = instance.get_run_records()
        logs = instance.all_logs(record.dagster_run.run_id)
        times = {entry.dagster_event_type: entry.timestamp for entry in logs if entry.dagster_event}
    if not result.success:
        sys.exit("The build failed.")
    seconds = times[dg.DagsterEventType.STEP_SUCCESS] - times[dg.DagsterEventType.STEP_START]
    Path(sys.argv[2]).write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()
