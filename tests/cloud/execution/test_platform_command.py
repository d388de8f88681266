"""How a command becomes steps of a run on the platform."""

import json
import shlex
import shutil

import pytest

from dbt_component.cloud.execution.platform_command import (
    PlatformCommand,
    command_as_given,
    command_of_step,
)
from dbt_component.definitions.ruled_tests import NO_RULES, RuledTests
from dbt_component.errors import CliArgsError, EngineError
from dbt_component.project.manifest_argument import prepared_from
from dbt_component.project.prepared import PreparedProject
from tests.cloud.execution.troubled_project import run_dbt
from tests.dg_project import PROJECTS

UNIT_TEST = "unit_test.shop.daily_orders.orders_are_counted_by_day"
MODEL = "model.shop.daily_orders"
UNIQUE = "test.shop.unique_stg_customers_customer_id.c7614daada"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedProject:
    folder = tmp_path_factory.mktemp("shop") / "project"
    shutil.copytree(PROJECTS / "shop", folder)
    run_dbt(folder, "parse")
    return prepared_from(folder / "target" / "manifest.json")


def planned(
    prepared: PreparedProject, *wanted: str, args: str = "build", rules: RuledTests = NO_RULES
) -> PlatformCommand:
    return command_of_step(prepared, shlex.split(args), wanted=frozenset(wanted), tests=rules)


def test_one_command_is_one_step(prepared: PreparedProject) -> None:
    found = planned(prepared, MODEL, UNIT_TEST)
    assert [shlex.split(step)[:3] for step in found.steps] == [["dbt", "build", "--select"]]
    assert found.expected == {MODEL, UNIT_TEST}
    assert found.command_names == {"build"}
    assert found.dbt_command == "dbt build"


def test_unit_tests_without_their_model_are_tested_in_a_step_after_it(
    prepared: PreparedProject,
) -> None:
    found = planned(prepared, "model.shop.customers", UNIT_TEST, args="build --full-refresh")
    build, test = (shlex.split(step) for step in found.steps)
    assert build[1:3] == ["build", "--full-refresh"] and "fqn:shop.marts.customers" in build
    assert test[1] == "test" and "--full-refresh" not in test
    assert found.command_names == {"build", "test"}


def test_a_unit_test_alone_is_tested_only(prepared: PreparedProject) -> None:
    found = planned(prepared, UNIT_TEST)
    assert [shlex.split(step)[1] for step in found.steps] == ["test"]
    assert found.command_names == {"test"}


def test_nothing_that_the_command_runs_is_no_step(prepared: PreparedProject) -> None:
    found = planned(prepared, "seed.shop.raw_orders", args="run")
    assert not found.steps
    assert not found.expected


def test_ephemeral_models_are_not_expected(prepared: PreparedProject) -> None:
    assert planned(prepared, "model.shop.int_customer_orders", MODEL).expected == {MODEL}


def test_resource_types_narrow_what_is_expected(prepared: PreparedProject) -> None:
    found = planned(prepared, MODEL, UNIT_TEST, args="build --resource-type model")
    assert found.expected == {MODEL}


def test_variables_of_the_command_reach_the_platform(prepared: PreparedProject) -> None:
    found = planned(prepared, MODEL, args="""build --vars '{"day": "2024-01-01"}'""")
    words = shlex.split(found.steps[0])
    assert json.loads(words[words.index("--vars") + 1]) == {"day": "2024-01-01"}


@pytest.mark.parametrize(
    "rules", [RuledTests(severities={UNIQUE: "warn"}), RuledTests(blocking={UNIQUE: False})]
)
def test_rules_that_the_platforms_dbt_cant_be_told_are_refused(
    prepared: PreparedProject, rules: RuledTests
) -> None:
    ids = prepared.manifest.index.test_by_id
    assert UNIQUE in ids, sorted(ids)
    with pytest.raises(EngineError, match=UNIQUE):
        planned(prepared, UNIQUE, rules=rules)
    assert planned(prepared, MODEL, rules=rules).steps


def test_a_selection_that_compares_is_refused(prepared: PreparedProject) -> None:
    with pytest.raises(CliArgsError, match="compares with the artifacts of another run"):
        planned(prepared, MODEL, args="build --select state:modified")


def test_options_of_the_step_are_refused(prepared: PreparedProject) -> None:
    with pytest.raises(CliArgsError, match="--indirect-selection"):
        planned(prepared, MODEL, args="build --indirect-selection eager")


def test_a_command_as_given_is_sent_as_it_is() -> None:
    found = command_as_given(["run-operation", "grant", "--args", "{role: reader}"])
    assert found.steps == ("dbt run-operation grant --args '{role: reader}'",)
    assert not found.expected
    assert found.command_names == {"run-operation"}


def test_the_shown_command_hides_values_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter2-hunter2")
    found = command_as_given(["run", "--vars", '{"password": "hunter2-hunter2"}'])
    assert "hunter2" not in found.dbt_command
    assert "hunter2" in found.steps[0]
