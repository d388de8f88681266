import pytest

from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("Clone git repository", None),
        ("Create profile from connection Bakery", None),
        ("Invoke dbt with `dbt deps`", ["deps"]),
        ("Invoke dbt with `dbt build --select 'a b' -s \"c\"`", ["build", "--select", "a b", "-s", "c"]),
        ("Invoke dbt with `dbt build --vars '{\"a\": \"`x`\"}'`", ["build", "--vars", '{"a": "`x`"}']),
        ("Invoke dbt with `dbt build --select 'a`", ["build", "--select", "'a"]),
        ("Invoke dbt Fusion with `dbt run`", ["run"]),
        ("Invoke dbt with `dbt run-operation\n  m`", ["run-operation", "m"]),
    ],
)  # fmt: skip
def test_the_command_of_a_step_is_in_its_name(name: str, command: list[str] | None) -> None:
    assert CloudRunStep(1, 4, name, RunStatus.SUCCESS).command == command
