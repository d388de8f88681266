"""A dbt project whose sources are of every kind of freshness, on a real database."""

import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
import yaml

from tests.dg_project import DgProject
from tests.equivalence.databases import Database

SOURCES = """
    sources:
      - name: raw
        schema: landing
        config: {loaded_at_field: "loaded_at"}
        tables:
          - name: fresh
            config: {freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}}
          - name: old
            config: {freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 10, period: day}, filter: "id > 0"}}
          - name: stale
            config: {freshness: {error_after: {count: 1, period: day}}}
          - name: broken
            config: {loaded_at_field: no_such_column, freshness: {warn_after: {count: 1, period: day}}}
          - name: missing
            config: {freshness: {warn_after: {count: 1, period: day}}}
          - name: empty
            config: {freshness: {error_after: {count: 1, period: day}}}
          - name: undefined
          - name: disabled
            config: {freshness: null}
    """
MODELS = {
    "models/from_fresh.sql": "select id from {{ source('raw', 'fresh') }}",
    "models/from_old.sql": "select id from {{ source('raw', 'old') }}",
    "models/passed_on.sql": "{{ config(materialized='ephemeral') }} select id from {{ source('raw', 'stale') }}",
    "models/from_stale.sql": "select id from {{ ref('passed_on') }}",
    "models/below.sql": "select a.id from {{ ref('from_stale') }} a join {{ ref('from_fresh') }} b on a.id = b.id",
    "models/from_undefined.sql": "select id from {{ source('raw', 'undefined') }}",
}
ROWS = {"fresh": 0, "old": 60, "stale": 72, "broken": 0, "undefined": 0, "disabled": 0}
"""How many hours ago the rows of each table were loaded."""


@dataclass
class FreshnessProject:
    """The project in a dg project, and its database."""

    dg_project: DgProject
    database: Database

    def __post_init__(self) -> None:
        self.database.clear()
        target = {"target": "dev", "outputs": {"dev": {**self.database.output(), "threads": 2}}}
        self.write(
            {
                "profiles.yml": yaml.safe_dump({"sales": target}),
                "dbt_project.yml": yaml.safe_dump(
                    {"name": "sales", "profile": "sales", "version": "1.0"}
                ),
                "models/sources.yml": SOURCES,
                "models/schema.yml": """
                    models:
                      - name: from_stale
                        columns: [{name: id, data_tests: [not_null]}]
                      - name: from_fresh
                        columns: [{name: id, data_tests: [not_null]}]
                    """,
                **MODELS,
            }
        )
        statements = ["create schema landing"]
        for name in [*ROWS, "empty"]:
            statements.append(f"create table landing.{name} (id integer, loaded_at timestamp)")
        self.database.run(statements)
        for name, hours in ROWS.items():
            self.load_row(name, hours_ago=hours)

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            file = self.dg_project.root / "sales" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))

    def load_row(self, table: str, *, hours_ago: float) -> datetime:
        """Adds a row to a table of the source; returns its time."""
        time = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(hours=hours_ago)
        self.database.run([f"insert into landing.{table} values (1, '{time.isoformat()}')"])
        return time

    def load(self, **source_freshness: Any) -> dg.Definitions:
        """Definitions with ``source_freshness`` of these settings."""
        return self.load_with(source_freshness=source_freshness)

    def load_with(self, **attributes: Any) -> dg.Definitions:
        self.dg_project.write_component(project="{{ context.project_root }}/sales", **attributes)
        self.dg_project.refresh()
        return self.dg_project.load()


def source(name: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", name])


def check(name: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(source(name), "freshness")
