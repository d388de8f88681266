"""Queries are cancelled by the adapter even if dbt's main thread waits for one of them."""

from pathlib import Path

import pytest

from tests.sleeping_project import IN_A_HOOK, SLEEP, SleepingProject


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a run stopped while a hook runs on PostgreSQL, where dbt handles no interrupt",
    outcome="the query is cancelled and dbt ends before it would be killed",
)
@pytest.mark.server
def test_a_query_of_the_main_thread_is_cancelled_before_dbt_is_killed(
    sleeping: SleepingProject, tmp_path: Path
) -> None:
    sleeping.write(IN_A_HOOK)
    sleeping.write_settings(**{"on-run-start": [f"select {SLEEP}"]})
    process = sleeping.start(target=tmp_path / "target", grace_seconds=16)
    process.stop()
    assert process.exit_code != -9
    assert sleeping.has_no_query_within(1)
