"""A small dbt project on DuckDB in which nodes succeed, warn, fail and are skipped."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = {
    "dbt_project.yml": 'name: troubled\nversion: "1.0"\nprofile: troubled\nflags: {send_anonymous_usage_stats: false}\n',
    "profiles.yml": "troubled: {target: dev, outputs: {dev: {type: duckdb, path: troubled.duckdb, threads: 4}}}\n",
    "seeds/raw_orders.csv": "id,amount\n1,10\n2,\n3,30\n",
    "models/stg_orders.sql": "{{ config(materialized='view') }} select * from {{ ref('raw_orders') }}",
    "models/orders.sql": "{{ config(materialized='table') }} select * from {{ ref('stg_orders') }}",
    "models/passed.sql": "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}",
    "models/totals.sql": "{{ config(materialized='table') }} select sum(amount) as total from {{ ref('passed') }}",
    "models/broken.sql": "select no_such_column\nfrom {{ ref('stg_orders') }}",
    "models/below_broken.sql": "select * from {{ ref('broken') }}",
    "models/uncompiled.sql": "select {% if execute %}{{ exceptions.raise_compiler_error('it is wrong') }}{% endif %} 1",
    "models/copied.sql": "select * from {{ ref('raw_orders') }}",
    "models/schema.yml": """
models:
  - name: orders
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: amount
        data_tests:
          - not_null: {config: {severity: warn}}
          - accepted_values: {values: [10]}
  - name: broken
    columns:
      - name: id
        data_tests: [not_null]
unit_tests:
  - name: total_is_summed
    model: totals
    given:
      - {input: ref('passed'), rows: [{amount: 1}, {amount: 2}]}
    expect: {rows: [{total: 3}]}
  - name: view_is_a_copy
    model: copied
    given:
      - {input: ref('raw_orders'), rows: [{id: 1, amount: 2}]}
    expect: {rows: [{id: 1, amount: 3}]}
exposures:
  - name: board
    type: dashboard
    owner: {name: Board, email: board@example.com}
    depends_on: [ref('totals')]
""",
    "tests/has_rows.sql": "select 1 from {{ ref('orders') }} having count(*) = 0",
    "tests/cannot_run.sql": "select nonsense from {{ ref('orders') }}",
    "snapshots/orders_snapshot.sql": "{% snapshot orders_snapshot %}"
    "{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='main') }}"
    "select * from {{ ref('orders') }}{% endsnapshot %}",
}


@dataclass(frozen=True)
class FinishedCommand:
    """A dbt command that real dbt has run: its artifact and its debug log."""

    folder: Path

    @property
    def run_results(self) -> bytes:
        return (self.folder / "target/run_results.json").read_bytes()

    @property
    def log(self) -> str:
        return (self.folder / "logs/dbt.log").read_text()

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {found["unique_id"]: found for found in json.loads(self.run_results)["results"]}


def write_project(folder: Path, files: dict[str, str]) -> None:
    """Writes the files of a dbt project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run_dbt(folder: Path, *arguments: str, dbt: str | None = None) -> FinishedCommand:
    """Runs a dbt command in a project; fails only if dbt itself does."""
    program = [dbt] if dbt else [sys.executable, "-m", "dbt.cli.main"]
    done = subprocess.run([*program, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return FinishedCommand(folder)
