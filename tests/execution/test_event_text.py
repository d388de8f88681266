"""Events are of limited size, and name the file that holds what they leave out."""

from pathlib import Path

import dagster as dg
import pytest

from dbt_component.execution.event_text import MAX_CHARACTERS, cut
from tests.dg_project import DgProject, run

FAILURES = 500
LONG = 5_000_000


def event_bytes(instance: dg.DagsterInstance) -> list[int]:
    """The size of each event that the instance recorded, as it is stored."""
    (record,) = instance.get_runs()
    return [len(dg.serialize_value(entry)) for entry in instance.all_logs(record.run_id)]


def test_a_short_text_stays_as_it_is() -> None:
    assert cut("x" * MAX_CHARACTERS, whole="/log") == "x" * MAX_CHARACTERS


def test_a_long_text_is_cut_with_the_place_of_the_whole() -> None:
    assert cut("abcdef", whole="/log", limit=3) == (
        "abc\n… cut after 3 of 6 characters. The whole text is in /log"
    )
    assert cut("abcdef", whole=None, limit=3) == "abc\n… cut after 3 of 6 characters."


@pytest.mark.reliability(
    "Events without limit",
    tried="500 failing tests with 44 KB of SQL each (22 MB)",
    outcome="each event holds the first 4,000 characters of the SQL, all events together less than 6 MB",
)
@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_the_events_of_many_failing_tests_are_limited(dg_project: DgProject) -> None:
    for number in range(FAILURES):
        (dg_project.dbt_folder / "tests" / f"failing_{number}.sql").write_text(
            f"select customer_id /* {'x' * 44_000} */ from {{{{ ref('raw_customers') }}}}"
        )
    dg_project.write_component(select="raw_customers", exclude="test_type:generic totals_match")
    with dg.instance_for_test() as instance:
        outcome = run(dg_project.load(), instance=instance)
        sizes = event_bytes(instance)
    assert len(outcome.checks) == FAILURES and not any(outcome.checks.values())
    assert sum(sizes) < 6_000_000
    assert "… and 480 more." in outcome.failure
    sql = outcome.check_metadata["raw_customers:failing_0"]["compiled_sql"]
    assert "xxx\n… cut after 4,000 of 44," in sql
    path = Path(sql.rpartition(" The whole text is in ")[2].split("\n")[0])
    assert path.name == "failing_0.sql" and len(path.read_text()) > 44_000


@pytest.mark.reliability(
    "Events without limit",
    tried="a test with 5 MB of compiled SQL, and a model that fails with a message of 5 MB",
    outcome="no event is larger than 40 KB; each names the file with the whole",
)
@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_one_long_text_is_cut_in_every_event(dg_project: DgProject) -> None:
    (dg_project.dbt_folder / "tests/failing.sql").write_text(
        f"select customer_id /* {'x' * LONG} */ from {{{{ ref('raw_customers') }}}}"
    )
    (dg_project.dbt_folder / "models/failing_model.sql").write_text(
        f"{{{{ config(materialized='table') }}}} select error(repeat('y', {LONG}))"
    )
    (dg_project.dbt_folder / "models/child.sql").write_text(
        "select * from {{ ref('failing_model') }}"
    )
    dg_project.write_component(select="failing failing_model child raw_customers")
    with dg.instance_for_test() as instance:
        outcome = run(dg_project.load(), instance=instance)
        sizes = event_bytes(instance)
    assert not outcome.success
    sql = outcome.check_metadata["raw_customers:failing"]["compiled_sql"]
    assert f"… cut after 4,000 of {LONG // 1_000_000},000," in sql
    message = outcome.observations["failing_model"]
    assert "yyy\n… cut after 4,000 of 5,000," in message
    log = Path(message.rpartition(" The whole text is in ")[2].split("\n")[0])
    assert "y" * LONG in log.read_text()
    assert "… cut after 2,000 of 5,000," in outcome.failure
    assert max(sizes) < 40_000
