"""Values that came from the environment are masked; all else stays readable."""

import json

import pytest

from dbt_component.dbt_process.events import (
    InvocationResult,
    LogLine,
    NodeFinished,
    NodeOutcome,
    NodeStarted,
)
from dbt_component.dbt_process.hidden_values import HiddenValues, replace_vars, shown_argv

SECRET = "hunter2-from-env"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_TOKEN", SECRET)
    monkeypatch.setenv("SHOP_SCHEMA", "sales_schema")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["build"], ["build"]),
        (
            ["build", "--vars", '{"key": "hunter2-from-env", "day": "2024-01-01"}'],
            ["build", "--vars", '{"key": "***", "day": "2024-01-01"}'],
        ),
        (["run", "--vars=key: Bearer hunter2-from-env"], ["run", '--vars={"key": "***"}']),
        (
            ["run", "--vars", '{"a": {"b": ["sales_schema"]}, "n": 1}', "--select", "x"],
            ["run", "--vars", '{"a": "***", "n": 1}', "--select", "x"],
        ),
        (["run", "--vars", "{hidden: literal}"], ["run", "--vars", '{"hidden": "***"}']),
        (["run", "--vars", "{hidden: 10}"], ["run", "--vars", '{"hidden": 10}']),
        (["run", "--vars", "not a mapping"], ["run", "--vars", "***"]),
        (["run", "--vars", "{broken"], ["run", "--vars", "***"]),
        (["run", "--vars", ""], ["run", "--vars", ""]),
        (["run", "--vars"], ["run", "--vars"]),
    ],
)
def test_a_command_is_shown_with_names_only(argv: list[str], expected: list[str]) -> None:
    assert shown_argv(argv, hidden=["hidden"]) == expected


def test_values_of_a_command_can_be_replaced() -> None:
    changed = replace_vars(["run", "--vars", "{a: 1, b: x}"], lambda name, value: [name, value])
    assert json.loads(changed[2]) == {"a": ["a", 1], "b": ["b", "x"]}


def test_a_secret_is_masked_everywhere_and_another_value_only_where_it_is_quoted() -> None:
    hidden = HiddenValues(
        {"key": f"Bearer {SECRET}", "schema": "sales_schema", "day": "2024-01-01"}
    )
    message = (
        f"Vars supplied to model = {json.dumps({'key': f'Bearer {SECRET}', 'schema': 'sales_schema'})}"
        f" 'sales_schema' in sales_schema.orders with {SECRET} on 2024-01-01"
    )
    assert hidden.mask(message) == (
        'Vars supplied to model = {"key": "***", "schema": "***"}'
        " '***' in sales_schema.orders with *** on 2024-01-01"
    )
    assert sorted(hidden.environment.values()) == sorted([SECRET, f"Bearer {SECRET}"])
    assert all(name.startswith("DBT_ENV_SECRET") for name in hidden.environment)


def test_events_are_masked_in_their_messages() -> None:
    hidden = HiddenValues({"key": SECRET})
    for event in (
        LogLine("error", "X", SECRET),
        NodeFinished("model.a", "error", message=SECRET),
        InvocationResult(False, error=SECRET, nodes=[NodeOutcome("a", "error", message=SECRET)]),
    ):
        assert SECRET not in str(hidden.mask_event(event))
    started = NodeStarted("model.a")
    assert hidden.mask_event(started) is started
    assert HiddenValues({}).mask_event(LogLine("error", "X", "y")) == LogLine("error", "X", "y")


@pytest.mark.parametrize("name", ["PWD", "OLDPWD"])
def test_the_current_folder_is_no_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/opt/shop")
    hidden = HiddenValues({"data": "/opt/shop/data"})
    assert hidden.environment == {}
    assert hidden.mask("at /opt/shop/target/a.sql") == "at /opt/shop/target/a.sql"


def test_a_switch_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USE_KEYCHAIN", "true")
    hidden = HiddenValues({"is_full": "true"})
    assert hidden.environment == {}
    assert hidden.mask('{"is_full": "true"} is true') == '{"is_full": "true"} is true'
    assert shown_argv(["run", "--vars", "{is_full: 'true'}"])[2] == '{"is_full": "true"}'
