"""Why a run on the platform did not succeed."""

import pytest

from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep
from dbt_component.cloud.execution.run_failure import command_end

CONSOLE = """\x1b[0m10:00:00  Running with dbt=1.11.0
10:00:01  Encountered an error:
Compilation Error
  Model 'model.p.a' depends on a node named 'b' which was not found
"""


def run(status: RunStatus, *, message: str = "", logs: str = "") -> CloudRun:
    step = CloudRunStep(1, 4, "Invoke dbt with `dbt build`", status, logs=logs)
    return CloudRun(7, 1, 2, 3, status, "https://x/runs/7", status_message=message, steps=(step,))


def test_a_success_has_no_error() -> None:
    end = command_end(run(RunStatus.SUCCESS), command="dbt build")
    assert (end.error, end.error_without_failures) == (None, None)
    assert end.place == "Run 7 on the dbt platform: https://x/runs/7"


def test_a_failed_step_gives_dbts_message_unless_nodes_failed() -> None:
    end = command_end(run(RunStatus.ERROR, logs=CONSOLE), command="dbt build")
    assert end.error is None
    text = end.error_without_failures or ""
    assert "Step 4, Invoke dbt with `dbt build`, failed." in text
    assert "which was not found" in text
    assert "Running with" not in text and "\x1b" not in text


def test_the_platforms_own_message_comes_first() -> None:
    found = run(RunStatus.ERROR, message="Cloning the repository failed.")
    text = command_end(found, command="dbt build").error_without_failures or ""
    assert text.startswith("Cloning the repository failed.")


@pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.ERROR])
def test_a_limit_of_time_is_the_reason_whatever_the_platform_says(status: RunStatus) -> None:
    end = command_end(run(status), command="dbt build", timeout_seconds=90)
    assert end.error == "the run took longer than its limit of 90 s and was cancelled"


def test_a_run_that_succeeded_before_it_could_be_cancelled_is_a_success() -> None:
    end = command_end(run(RunStatus.SUCCESS), command="dbt build", timeout_seconds=90)
    assert (end.error, end.error_without_failures) == (None, None)


def test_a_run_that_others_cancelled_says_so() -> None:
    end = command_end(run(RunStatus.CANCELLED, message="By Ada."), command="dbt build")
    assert end.error == "the run was cancelled on the dbt platform. By Ada."


def test_a_run_that_succeeded_just_before_it_was_cancelled_is_a_success() -> None:
    assert (
        command_end(run(RunStatus.SUCCESS), command="dbt build", timeout_seconds=90).error is None
    )
