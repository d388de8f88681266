"""A run builds what changed and everything downstream of it, and leaves out the rest with its reason."""

import json

import dagster as dg
import pytest

from tests.equivalence.databases import PostgresDatabase
from tests.execution.unchanged.conftest import ALL, FILES, SOURCE, SkippingProject, built, ran

pytestmark = pytest.mark.server


def test_a_second_run_builds_nothing_and_says_why(skipping: SkippingProject) -> None:
    first = skipping.run()
    assert first.success, first.failure
    assert built(first) == ALL
    second = skipping.run()
    assert second.success, second.failure
    assert built(second) == set() and ran(second) == set()
    assert set(second.observations) == ALL
    assert "unchanged since run" in second.observations["totals"]
    assert second.checks and all(second.checks.values())
    third = skipping.run()
    assert built(third) == set() and ran(third) == set()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"macros/loudly.sql": "{% macro loudly(c) %}lower({{ c }}){% endmacro %}"},
            {"loud", "report"},
            id="macro",
        ),
        pytest.param(
            {
                "models/totals.sql": "{{ config(materialized='table') }} select 7 as n from {{ ref('staged') }}"
            },
            {"totals", "report"},
            id="model",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"seeds/raw.csv": "id,name\n1,a\n2,b\n3,c\n"},
            {"raw", "staged", "totals", "loud", "report", "outer", "chosen"},
            id="seed",
        ),
        pytest.param(
            {
                "models/inner.sql": "{{ config(materialized='ephemeral') }} select id + 1 as id from {{ ref('raw') }}"
            },
            {"outer"},
            id="ephemeral",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"dbt_project.yml": FILES["dbt_project.yml"].replace("minimum: 0", "minimum: 1")},
            {"chosen"},
            id="var",
        ),
        pytest.param(
            {"models/schema.yml": FILES["models/schema.yml"].replace("not_null", "unique")},
            set(),
            id="test",
        ),
    ],
)
def test_a_change_rebuilds_exactly_what_it_reaches(
    files: dict[str, str], expected: set[str], built_project: SkippingProject
) -> None:
    built_project.write(files)
    outcome = built_project.run()
    assert outcome.success, outcome.failure
    assert built(outcome) == expected
    checked = {"loud", "totals", "visits"}
    is_test = "models/schema.yml" in files
    assert {key.split(":")[0] for key in ran(outcome)} == (
        checked if is_test else checked & expected
    )
    again = built_project.run()
    assert built(again) == set() and ran(again) == set()


@pytest.mark.slow
def test_code_that_changed_back_is_built_again(built_project: SkippingProject) -> None:
    built_project.write({"models/loud.sql": "{{ config(materialized='table') }} select 1 as id"})
    assert built(built_project.run()) == {"loud", "report"}
    built_project.write({"models/loud.sql": FILES["models/loud.sql"]})
    assert built(built_project.run()) == {"loud", "report"}
    assert built_project.sql("select name from loud order by 1") == [("A",), ("B",)]


def test_a_view_is_not_built_for_new_data_but_what_is_below_it_is(
    built_project: SkippingProject,
) -> None:
    built_project.observe("v2")
    built_project.sql("insert into feed values (2)")
    outcome = built_project.run()
    assert outcome.success, outcome.failure
    assert built(outcome) == {"visits"}
    assert "events" in outcome.materialized
    assert ran(outcome) == {"visits:not_null_visits_n"}
    assert built_project.sql("select n from visits") == [(2,)]
    assert built(built_project.run()) == set()


def test_a_view_that_is_not_selected_does_not_hide_new_data(built_project: SkippingProject) -> None:
    assert built(built_project.run("visits")) == set()
    built_project.observe("v2")
    assert built(built_project.run("visits")) == {"visits"}


@pytest.mark.slow
def test_a_view_of_a_table_that_is_built_is_built_too(skipping: SkippingProject) -> None:
    skipping.write(
        {"models/top.sql": "{{ config(materialized='view') }} select * from {{ ref('loud') }}"}
    )
    assert skipping.run().success
    skipping.write(
        {"models/loud.sql": "{{ config(materialized='table') }} select 1 as id, 2 as more"}
    )
    assert built(skipping.run()) == {"loud", "report", "top"}


def test_what_reads_an_unknown_source_runs_unless_it_need_not(skipping: SkippingProject) -> None:
    skipping.instance.wipe_assets([SOURCE])
    assert skipping.run().success
    assert built(skipping.run()) == {"visits"}
    skipping.dg_project.write_component(skip_unchanged={"unknown_sources": "skip"})
    assert built(skipping.run()) == set()


@pytest.mark.slow
def test_of_several_sources_all_have_to_move_if_that_is_asked_for(
    skipping: SkippingProject,
) -> None:
    skipping.write(
        {
            "models/schema.yml": FILES["models/schema.yml"].replace(
                "{name: feed}", "{name: feed}, {name: other}"
            ),
            "models/both.sql": "{{ config(materialized='table') }}\n"
            "select e.id from {{ ref('events') }} e join {{ source('ext', 'other') }} o on e.id = o.id",
        }
    )
    other = dg.AssetKey(["ext", "other"])
    skipping.sql("create table other as select 1 as id")
    skipping.observe("v1", other)
    skipping.dg_project.write_component(skip_unchanged={"sources": "all"})
    assert skipping.run().success
    skipping.observe("v2")
    assert built(skipping.run()) == {"visits"}
    assert built(skipping.run()) == set()
    skipping.observe("v2", other)
    assert built(skipping.run()) == {"both"}
    skipping.dg_project.write_component(skip_unchanged=True)
    skipping.observe("v3", other)
    assert built(skipping.run()) == {"both"}


def test_a_failed_model_is_built_again_with_its_children(built_project: SkippingProject) -> None:
    good = FILES["models/totals.sql"]
    built_project.write({"models/totals.sql": good.replace("count(*)", "cast('x' as integer)")})
    failed = built_project.run()
    assert not failed.success and built(failed) == set()
    built_project.write({"models/totals.sql": good})
    outcome = built_project.run()
    assert outcome.success, outcome.failure
    assert built(outcome) == {"totals", "report"}
    assert built(built_project.run()) == set()


def test_a_failed_blocking_test_makes_its_model_run_again(skipping: SkippingProject) -> None:
    skipping.write({"seeds/raw.csv": "id,name\n1,a\n,b\n"})
    first = skipping.run()
    assert not first.success
    assert "report" not in built(first)
    second = skipping.run()
    assert not second.success
    assert built(second) == {"loud"}
    skipping.write({"seeds/raw.csv": FILES["seeds/raw.csv"]})
    third = skipping.run()
    assert third.success, third.failure
    assert {"raw", "loud", "report"} <= built(third)
    assert built(skipping.run()) == set()


def test_a_test_without_a_result_runs_alone(built_project: SkippingProject) -> None:
    schema = FILES["models/schema.yml"].replace(
        "{name: id, data_tests: [not_null]}", "{name: id, data_tests: [not_null, unique]}"
    )
    built_project.write({"models/schema.yml": schema})
    outcome = built_project.run()
    assert outcome.success, outcome.failure
    assert built(outcome) == set() and ran(outcome) == {"loud:unique_loud_id"}


def test_what_another_run_built_makes_its_readers_run(built_project: SkippingProject) -> None:
    assert built(built_project.run("totals", skip_unchanged=False)) == {"totals"}
    assert built(built_project.run()) == {"report"}
    assert built(built_project.run()) == set()


@pytest.mark.slow
def test_a_run_can_force_everything(built_project: SkippingProject) -> None:
    assert built(built_project.run(skip_unchanged=False)) == ALL
    assert built(built_project.run()) == set()
    built_project.dg_project.write_component(
        skip_unchanged={"by_default": False}, run_config={"full_refresh": False}
    )
    assert built(built_project.run("totals")) == {"totals"}
    assert built(built_project.run("totals", skip_unchanged=True)) == set()
    assert built(built_project.run("totals", skip_unchanged=True, full_refresh=True)) == {"totals"}


@pytest.mark.slow
def test_what_was_built_with_other_options_is_built_again(skipping: SkippingProject) -> None:
    skipping.dg_project.write_component(
        skip_unchanged=True, run_config={"empty": False, "threads": None}
    )
    assert skipping.run().success
    assert built(skipping.run("totals", empty=True)) == {"totals"}
    assert built(skipping.run("totals", threads=1)) == {"totals"}
    assert built(skipping.run("totals", threads=2)) == set()


def test_a_step_that_waits_for_what_is_left_out_runs_all_the_same(
    skipping: SkippingProject,
) -> None:
    @dg.asset(deps=["report"])
    def mail() -> None: ...

    @dg.asset(deps=["mail"])
    def archive() -> None: ...

    more = dg.Definitions(assets=[mail, archive])
    assert skipping.run(more=more).success
    version = skipping.data_version("report")
    second = skipping.run(more=more)
    assert second.success, second.failure
    assert built(second) == {"mail", "archive"}
    assert "report" in second.materialized and "totals" in second.observations
    assert skipping.data_version("report") == version
    assert built(skipping.run(more=more)) == {"mail", "archive"}
    assert built(skipping.run()) == set()


@pytest.mark.slow
def test_incremental_models_and_their_readers_always_run(skipping: SkippingProject) -> None:
    skipping.write(
        {
            "models/grown.sql": "{{ config(materialized='incremental') }} select id from {{ ref('loud') }}",
            "models/top.sql": "{{ config(materialized='table') }} select * from {{ ref('grown') }}",
        }
    )
    assert skipping.run().success
    assert built(skipping.run()) == {"grown", "top"}


def test_a_foreign_parent_counts_by_its_data_version(skipping: SkippingProject) -> None:
    @dg.asset(key=SOURCE)
    def load() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(data_version=dg.DataVersion(versions[0]))

    versions = ["a"]
    more = dg.Definitions(assets=[load])
    assert skipping.run(more=more).success
    again = skipping.run(more=more)
    assert built(again) == {"ext/feed"}, again.failure
    versions[0] = "b"
    assert built(skipping.run(more=more)) == {"ext/feed", "visits"}


def test_on_postgresql_no_view_is_missing_after_its_table_was_replaced(
    skipping: SkippingProject, postgres: PostgresDatabase
) -> None:
    postgres.clear()
    profile = {"shop": {"target": "dev", "outputs": {"dev": postgres.output()}}}
    skipping.write(
        {
            "profiles.yml": json.dumps(profile),
            "models/top.sql": "{{ config(materialized='view') }} select * from {{ ref('loud') }}",
            "models/last.sql": "{{ config(materialized='table') }} select * from {{ ref('top') }}",
        }
    )
    skipping.dg_project.write_component(skip_unchanged=True, exclude="source:*+")
    assert skipping.run().success
    skipping.write({"models/loud.sql": "{{ config(materialized='table') }} select 7 as id"})
    outcome = skipping.run()
    assert outcome.success, outcome.failure
    assert built(outcome) == {"loud", "report", "top", "last"}
    assert postgres.rows("select id from eq.last") == postgres.rows("select id from eq.top")
    assert built(skipping.run()) == set()


ATTEMPTS = """
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dbt_component import DbtProjectComponent


@dataclass
class Repeated(DbtProjectComponent):
    def execute(self, context: dg.AssetExecutionContext, dbt: Any) -> Iterator[Any]:
        yield from super().execute(context, dbt)
        if context.retry_number == 0:
            raise dg.RetryRequested(max_retries=1, seconds_to_wait=0)
"""


def test_an_attempt_after_the_first_leaves_out_what_was_left_out(
    built_project: SkippingProject,
) -> None:
    folder = built_project.dg_project.defs_folder / "transform"
    (folder / "repeated.py").write_text(ATTEMPTS)
    module = f"{built_project.dg_project.module}.defs.transform.repeated"
    yaml = (folder / "defs.yaml").read_text()
    built_project.dg_project.write_yaml(
        yaml.replace("dbt_component.DbtProjectComponent", f"{module}.Repeated")
    )
    built_project.write({"macros/loudly.sql": "{% macro loudly(c) %}lower({{ c }}){% endmacro %}"})
    outcome = built_project.run()
    assert outcome.success, outcome.failure
    assert any(event.is_step_up_for_retry for event in outcome.events)
    assert built(outcome) == {"loud", "report"}
    reported = [e.asset_key for e in outcome.events if e.is_asset_observation]
    assert len(reported) == len(ALL) - 2 == len(set(reported))
    assert built(built_project.run()) == set()
