"""A failed check can be acted on: what was tested, where, by which SQL, and on request the rows."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
import yaml

from tests.dg_project import DgProject, RunOutcome, run
from tests.equivalence.databases import Database, DuckDatabase

pytestmark = pytest.mark.server

CHECK = "orders:unique_orders_id"


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, dg_project: DgProject) -> Iterator[Database]:
    if request.param == "duckdb":
        yield DuckDatabase(dg_project.root / "database")
        return
    found: Database = request.getfixturevalue("postgres")
    found.clear()
    yield found


def build(dg_project: DgProject, database: Database, **attributes: Any) -> RunOutcome:
    folder = dg_project.root / "orders"
    (folder / "models").mkdir(parents=True)
    target = {"target": "dev", "outputs": {"dev": {**database.output(), "threads": 1}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump({"orders": target}))
    (folder / "dbt_project.yml").write_text(
        yaml.safe_dump({"name": "orders", "profile": "orders", "vars": {}, "version": "1.0"})
    )
    values = ", ".join(f"({number % 8}, {number or 'null'}, 'n{number}')" for number in range(24))
    (folder / "models" / "orders.sql").write_text(
        f"select * from (values {values}) as given(id, amount, name)"
    )
    (folder / "models" / "broken.sql").write_text("select nowhere from {{ ref('orders') }}")
    stored = {"unique": {"config": {"store_failures": True}}}
    (folder / "models" / "schema.yml").write_text(
        yaml.safe_dump(
            {
                "models": [
                    {
                        "name": "orders",
                        "columns": [
                            {"name": "id", "data_tests": [stored]},
                            {
                                "name": "amount",
                                "data_tests": [{"not_null": {"config": {"severity": "warn"}}}],
                            },
                        ],
                    }
                ]
            }
        )
    )
    dg_project.write_component(
        project="{{ context.project_root }}/orders", exclude="broken", **attributes
    )
    dg_project.refresh()
    return run(dg_project.load())


def test_a_failed_check_says_what_was_tested_and_where_to_look(
    dg_project: DgProject, database: Database
) -> None:
    outcome = build(dg_project, database)
    assert outcome.checks[CHECK] is False
    found = outcome.check_metadata[CHECK]
    assert found["test"] == "unique" and found["column"] == "id"
    assert found["file"] == "models/schema.yml"
    assert found["dagster_dbt/failed_row_count"] == 8
    assert "select" in found["compiled_sql"] and "failed_rows" not in found
    stored = found["failures_relation"]
    assert len(database.rows(f"select * from {stored}")) == 8
    warned = outcome.check_metadata["orders:not_null_orders_amount"]
    assert warned["test"] == "not_null" and "failures_relation" not in warned


def test_rows_that_fail_are_fetched_on_request_and_no_more_than_five(
    dg_project: DgProject, database: Database
) -> None:
    outcome = build(dg_project, database, include_metadata=["failed_rows", "row_count"])
    tables = {
        event.asset_check_evaluation_data.check_name: event.asset_check_evaluation_data.metadata[
            "failed_rows"
        ]
        for event in outcome.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    unique, not_null = tables["unique_orders_id"], tables["not_null_orders_amount"]
    assert isinstance(unique, dg.TableMetadataValue) and len(unique.records) == 5
    assert [column.name for column in unique.schema.columns] == ["unique_field", "n_records"]
    assert {record.data["n_records"] for record in unique.records} == {3}
    assert isinstance(not_null, dg.TableMetadataValue)
    assert [dict(record.data) for record in not_null.records] == [{"amount": "null"}]
