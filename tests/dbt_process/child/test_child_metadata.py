"""Metadata fetched from a relation after it is built, by kind."""

import subprocess
from pathlib import Path

import pytest

from dbt_component.dbt_process.child.child_metadata import KINDS
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.events import BuiltColumn, LogLine, NodeFinished
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from tests.dg_project import DgProject


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
                metadata=list(KINDS),
            ),
            env=dbt_environment(project, target_path=tmp_path / "target"),
            cwd=project.project_dir,
        )
        events = list(process.events())
    relations = {e.unique_id: e.relation for e in events if isinstance(e, NodeFinished)}
    name = BuiltColumn("name", "character varying(256)")
    assert relations == {
        "seed.shop.raw_customers": {
            "dagster/column_schema": [BuiltColumn("id", "INTEGER"), name],
            "dagster/row_count": 3,
        },
        "model.shop.stg_customers": {
            "dagster/column_schema": [BuiltColumn("customer_id", "INTEGER"), name]
        },
    }
    assert not [e for e in events if isinstance(e, LogLine) and e.name == "DbtComponent"]
