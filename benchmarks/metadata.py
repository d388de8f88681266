"""What metadata costs in a full build on PostgreSQL: ``python -m benchmarks.metadata``.

Generates a project whose models join two others and select nine columns, with two tests each, and builds it without
metadata, with each kind, and with all of them, in turn. Prints the seconds of the step by Dagster's event log. Needs the
packages of the tests.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.generate import ProjectPlan
from benchmarks.processes import run_timed
from dbt_component.project.project import DagsterDbtProjectPreparer, DbtProject

_PROBE = Path(__file__).with_name("probes") / "build_with_metadata.py"
KINDS = ("row_count", "column_metadata", "column_lineage", "adapter_response", "timeline")
_SQL = """
{{{{ config(materialized='{materialized}') }}}}
with a as (select * from {first}), b as (select * from {second})
select
    a.id,
    (a.amount + b.amount) % 1000 as amount,
    a.label,
    upper(b.label) as other,
    coalesce(a.day, b.day) as day,
    row_number() over (partition by a.day order by b.amount) as place,
    case when a.amount > 500 then b.label else a.label end as picked,
    sum(b.amount) over (partition by a.label) as total,
    a.amount is null or b.amount is null as is_unknown
from a join b on a.id = b.id
"""
_FIRST = (
    "(select n as id, n as amount, 'label ' || n as label, date '2024-01-01' + n as day"
    " from generate_series(1, 50) as n)"
)


def write_project(folder: Path, plan: ProjectPlan, output: dict[str, Any]) -> None:
    (folder / "models").mkdir(parents=True)
    project = {"name": "wide", "version": "1.0", "profile": "wide"}
    (folder / "dbt_project.yml").write_text(json.dumps(project))
    profile = {"wide": {"target": "dev", "outputs": {"dev": output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile))
    described = []
    for position, name in enumerate(plan.model_names):
        parents = [f"{{{{ ref('{parent}') }}}}" for parent in plan.parents[position]]
        first, second = (*parents, *parents, _FIRST, _FIRST)[:2] if parents else (_FIRST, _FIRST)
        materialized = "view" if position % 4 == 3 else "table"
        sql = _SQL.format(
            first=f"{first} as one", second=f"{second} as two", materialized=materialized
        )
        (folder / "models" / f"{name}.sql").write_text(sql)
        described.append(
            {"name": name, "columns": [{"name": "id", "data_tests": ["unique", "not_null"]}]}
        )
    (folder / "models" / "schema.yml").write_text(json.dumps({"models": described}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="also measure each kind alone")
    options = parser.parse_args()
    from tests.equivalence.databases import PostgresDatabase

    with tempfile.TemporaryDirectory(prefix="metadata-", ignore_cleanup_errors=True) as name:
        database = PostgresDatabase(Path(name) / "postgres")
        try:
            folder = Path(name) / "project"
            plan = ProjectPlan(options.models, "flat", "table")
            write_project(folder, plan, {**database.output(), "threads": 4})
            project = DbtProject(
                folder, preparer=DagsterDbtProjectPreparer(column_lineage="documentation")
            )
            project.preparer.prepare(project)
            sides = {"none": (), "all": KINDS}
            if options.each:
                sides.update({kind: (kind,) for kind in KINDS})
            seconds: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(options.rounds):
                for side, kinds in sides.items():
                    database.clear()
                    result = Path(name) / "seconds.json"
                    argv = [sys.executable, str(_PROBE), str(folder), str(result), *kinds]
                    run_timed(argv, env=os.environ, cwd=folder)
                    seconds[side].append(json.loads(result.read_text()))
            base = statistics.median(seconds["none"])
            sys.stdout.write("| metadata | step | against none | all runs |\n|---|---|---|---|\n")
            for side, found in seconds.items():
                median = statistics.median(found)
                runs = ", ".join(f"{value:.1f}" for value in found)
                sys.stdout.write(
                    f"| {side} | {median:.1f} s | {100 * (median / base - 1):+.1f} % | {runs} |\n"
                )
        finally:
            database.close()


if __name__ == "__main__":
    main()
