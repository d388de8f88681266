"""A dbt project on DuckDB, small and with one node of each kind, whose runs leave out what is unchanged."""

import itertools
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from tests.dg_project import DgProject, RunOutcome, run

FILES = {
    "dbt_project.yml": """
        name: shop
        version: "1.0"
        config-version: 2
        profile: shop
        vars: {minimum: 0}
        """,
    "profiles.yml": """
        shop:
          target: dev
          outputs: {dev: {type: duckdb, path: shop.duckdb, threads: 2}}
        """,
    "macros/loudly.sql": "{% macro loudly(c) %}upper({{ c }}){% endmacro %}",
    "seeds/raw.csv": "id,name\n1,a\n2,b\n",
    "models/staged.sql": "{{ config(materialized='view') }} select * from {{ ref('raw') }}",
    "models/totals.sql": "{{ config(materialized='table') }} select count(*) as n from {{ ref('staged') }}",
    "models/loud.sql": """
        {{ config(materialized='table') }}
        select id, {{ loudly('name') }} as name from {{ ref('staged') }}
        """,
    "models/inner.sql": "{{ config(materialized='ephemeral') }} select id from {{ ref('raw') }}",
    "models/outer.sql": "{{ config(materialized='table') }} select id from {{ ref('inner') }}",
    "models/chosen.sql": """
        {{ config(materialized='table') }}
        select id from {{ ref('raw') }} where id > {{ var('minimum') }}
        """,
    "models/report.sql": """
        {{ config(materialized='table') }}
        select (select max(n) from {{ ref('totals') }}) as n, (select count(*) from {{ ref('loud') }}) as m
        """,
    "models/events.sql": "{{ config(materialized='view') }} select * from {{ source('ext', 'feed') }}",
    "models/visits.sql": "{{ config(materialized='table') }} select count(*) as n from {{ ref('events') }}",
    "models/schema.yml": """
        sources: [{name: ext, schema: main, tables: [{name: feed}]}]
        models:
          - {name: loud, columns: [{name: id, data_tests: [not_null]}]}
          - {name: totals, columns: [{name: n, data_tests: [not_null]}]}
          - {name: visits, columns: [{name: n, data_tests: [not_null]}]}
        """,
}
SOURCE = dg.AssetKey(["ext", "feed"])
_numbers = itertools.count()


@dataclass
class SkippingProject:
    """The project, its definitions and the instance that its runs are recorded in."""

    dg_project: DgProject
    instance: dg.DagsterInstance

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files of the dbt project."""
        import textwrap

        for name, text in files.items():
            path = self.dg_project.dbt_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).strip() + "\n")

    def observe(self, version: str, source: dg.AssetKey = SOURCE) -> None:
        """Records the data version of a source."""
        self.instance.report_runless_asset_event(
            dg.AssetObservation(source, tags={"dagster/data_version": version})
        )

    def data_version(self, name: str) -> str | None:
        event = self.instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None and event.asset_materialization is not None
        return (event.asset_materialization.tags or {}).get("dagster/data_version")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.dg_project.dbt_folder / "shop.duckdb")) as connection:
            return connection.execute(statement).fetchall()

    def run(self, *assets: str, more: dg.Definitions | None = None, **config: Any) -> RunOutcome:
        """Runs all assets, or some by name, with all their checks."""
        defs = self.dg_project.load()
        if more is not None:
            defs = dg.Definitions.merge(defs, more)
        return run(
            defs,
            dg.AssetSelection.assets(*assets) if assets else None,
            instance=self.instance,
            run_config={"ops": {"shop": {"config": config}}} if config else None,
        )


def built(outcome: RunOutcome) -> set[str]:
    """The assets that dbt built, without those that were only recorded."""
    return {
        key for key, metadata in outcome.metadata.items() if "dbt_component/reason" not in metadata
    }


def ran(outcome: RunOutcome) -> set[str]:
    """The checks whose tests dbt ran."""
    return {
        key
        for key, metadata in outcome.check_metadata.items()
        if "dbt_component/reason" not in metadata
    }


ALL = {"raw", "staged", "totals", "loud", "outer", "chosen", "report", "events", "visits"}


@contextmanager
def new_project(folder: Path) -> Iterator[SkippingProject]:
    (folder / "home").mkdir(parents=True)
    with dg.DagsterInstance.local_temp(str(folder / "home")) as instance:
        project = SkippingProject(DgProject(folder / "dg"), instance)
        project.write(FILES)
        project.dg_project.write_component(skip_unchanged=True)
        project.sql("create table feed as select 1 as id")
        project.observe("v1")
        yield project


@pytest.fixture
def skipping(tmp_path: Path, in_dev: None) -> Iterator[SkippingProject]:
    with new_project(tmp_path) as project:
        yield project


@pytest.fixture(scope="session")
def _first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DgProject]:
    """The folder of an instance after a run of everything, and the project."""
    folder = tmp_path_factory.mktemp("first-build")
    with pytest.MonkeyPatch.context() as patch, new_project(folder) as project:
        patch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.setenv("DAGSTER_IS_DEV_CLI", "1")
        outcome = project.run()
        assert outcome.success, outcome.failure
        assert built(outcome) == ALL
        return folder / "home", project.dg_project


@pytest.fixture
def built_project(
    _first_build: tuple[Path, DgProject], tmp_path: Path, in_dev: None
) -> Iterator[SkippingProject]:
    """The project and its instance after a run of everything: a copy, in a folder of its own."""
    home, built_once = _first_build
    dg_project = DgProject(tmp_path / "dg")
    shutil.copytree(home, tmp_path / "home")
    shutil.copytree(built_once.defs_folder, dg_project.defs_folder, dirs_exist_ok=True)
    shutil.copytree(built_once.dbt_folder, dg_project.dbt_folder)
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield SkippingProject(dg_project, instance)
