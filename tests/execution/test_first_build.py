"""The slot that one run at a time has while it builds for the first time."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from dbt_component._dagster import claim_slot, delete_slots, free_slot

POOL = "first_build_of_op"
# Waits for a line on standard input, then asks for the slot.
ASK = """
import sys
import dagster as dg
from dbt_component._dagster import claim_slot
with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    instance.event_log_storage.get_concurrency_keys()
    print("ready", flush=True)
    sys.stdin.readline()
    print(claim_slot(instance, sys.argv[3], run_id=sys.argv[2], step_key="op"))
"""


def test_one_of_several_processes_that_ask_at_the_same_moment_has_the_slot_and_the_others_get_it_in_turn(
    tmp_path: Path,
) -> None:
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        started = dg.DagsterRunStatus.STARTED
        runs = [instance.create_run_for_job(_job(), status=started).run_id for _ in range(4)]
        asking = {
            run_id: subprocess.Popen(
                [sys.executable, "-c", ASK, str(tmp_path), run_id, POOL],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for run_id in runs
        }
        for process in asking.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in asking.values():
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        answers = {run_id: process.communicate()[0] for run_id, process in asking.items()}
        assert set(answers.values()) <= {"True\n", "False\n"}
        waiting = set(runs)
        holders = {run_id for run_id, answer in answers.items() if answer == "True\n"}
        for _ in runs * 2:
            assert len(holders) <= 1
            for run_id in holders:
                free_slot(instance, run_id=run_id, step_key="op")
            waiting -= holders
            holders = {
                run_id
                for run_id in sorted(waiting)
                if claim_slot(instance, POOL, run_id=run_id, step_key="op")
            }
        assert not waiting
        delete_slots(instance, POOL)
        assert POOL not in instance.event_log_storage.get_concurrency_keys()


def _job() -> dg.JobDefinition:
    @dg.op
    def op() -> None: ...

    @dg.job
    def job() -> None:
        op()

    return job
