"""Parsing of dbt command lines."""

import traceback

import pytest
from dbt.cli.main import cli

from dbt_component.dbt_process.arguments import (
    add_resource_types,
    as_source_freshness,
    as_test,
    parse_arguments,
    parse_options,
    refuse_step_flags,
    result_options,
)
from dbt_component.dbt_process.options import Arity, find_option
from dbt_component.errors import CliArgsError


def test_selection_flags_keep_all_their_values() -> None:
    parsed = parse_arguments(
        [
            "--debug",
            "build",
            "--select",
            "a",
            "b",
            "-s",
            "c",
            "--exclude=d",
            "--fail-fast",
            "--vars",
            "{x: 1}",
        ]
    )
    assert parsed.command.name == "build"
    assert parsed.select == ["a", "b", "c"]
    assert parsed.exclude == ["d"]
    assert parsed.argv == ["--debug", "build", "--fail-fast", "--vars", "{x: 1}"]
    assert parsed.vars == {"x": 1}


BUILT = {"model", "seed", "snapshot", "test", "unit_test", "saved_query", "function"}
RELATIONS = {"model", "seed", "snapshot"}


@pytest.mark.parametrize(
    ("args", "types"),
    [
        (["build"], BUILT),
        (["run"], {"model"}),
        (["test"], {"test", "unit_test"}),
        (["clone"], RELATIONS),
        (["compile"], RELATIONS | {"test", "analysis", "function"}),
        (["build", "--exclude-resource-type", "unit_test"], BUILT - {"unit_test"}),
        (["build", "--exclude-resource-types", "test", "unit_test"], BUILT - {"test", "unit_test"}),
        (["build", "--resource-type", "seed"], {"seed"}),
        (["build", "--resource-type", "model", "seed"], {"model", "seed"}),
        (["build", "--resource-types", "model", "seed", "--fail-fast"], {"model", "seed"}),
        (["build", "--resource-type=model"], {"model"}),
        (["build", "--resource-type=model", "seed"], {"model", "seed"}),
        (["build", "--resource-type", "model seed"], {"model", "seed"}),
        (["build", "--resource-type", "Model", "--resource-type", "seed"], {"model", "seed"}),
        (["build", "--resource-type", "all", "--exclude-resource-type=test"], BUILT - {"test"}),
        (["build", "--resource-type", "default"], BUILT),
    ],
)
def test_a_command_line_reports_on_its_resource_types(args: list[str], types: set[str]) -> None:
    assert parse_arguments(args).resource_types == types


@pytest.mark.parametrize(
    ("args", "added"),
    [
        (["build"], ["--resource-type", "model", "seed", "--exclude-resource-type", "seed"]),
        (["build", "--resource-types", "test"], ["--exclude-resource-type", "seed"]),
        (["run"], []),  # dbt ignores the variables
        (["list"], ["--resource-type", "model", "seed", "--exclude-resource-type", "seed"]),
    ],
)
def test_resource_types_in_the_environment_become_options(
    args: list[str], added: list[str]
) -> None:
    environ = {
        "DBT_RESOURCE_TYPES": "test",
        "DBT_ENGINE_RESOURCE_TYPES": "model seed",
        "DBT_EXCLUDE_RESOURCE_TYPES": "seed",
    }
    assert add_resource_types(args, environ) == [*args, *added]


def test_resource_types_in_the_environment_count_where_the_version_of_dbt_reads_them() -> None:
    types = {"DBT_ENGINE_RESOURCE_TYPES": "model", "DBT_RESOURCE_TYPES": "unit_test"}
    assert add_resource_types(["test"], types, core_version=(1, 8)) == ["test"]
    added = add_resource_types(["test"], types, core_version=(1, 10))
    assert added == ["test", "--resource-type", "unit_test"]


@pytest.mark.reliability(
    "Resource types and flags",
    tried="a resource type that dbt does not have, in `cli_args` or in the environment",
    outcome="an error that names the option or the variable, before anything runs",
)
def test_an_unknown_resource_type_is_an_error_with_its_place() -> None:
    with pytest.raises(CliArgsError, match="no resource type 'modle'") as caught:
        parse_arguments(["build", "--resource-type", "modle"])
    assert caught.value.where == "cli_args, --resource-type"
    with pytest.raises(CliArgsError, match="no resource type 'model,seed'") as caught:
        add_resource_types(["build"], {"DBT_RESOURCE_TYPES": "model,seed"})
    assert caught.value.where == "environment variable DBT_RESOURCE_TYPES='model,seed'"


@pytest.mark.parametrize(
    ("args", "command", "target"),
    [
        (["--target", "test", "build"], "build", "test"),
        (["-t", "run", "build"], "build", "run"),
        (["-trun", "build"], "build", "run"),
        (["-xt", "run", "build"], "build", "run"),
        (["--target=seed", "build"], "build", "seed"),
        (["build", "--target", "snapshot"], "build", "snapshot"),
        (["build", "--target", "a", "-t", "b"], "build", "b"),
        (["--vars", "{a: build}", "--profile", "test", "run"], "run", None),
        (["run", "--threads", "4", "--resource-type", "test"], "run", None),
        (["--target", "x", "source", "--debug", "freshness", "-o", "y"], "source freshness", "x"),
        (["docs", "generate", "--no-compile"], "docs generate", None),
        (["run-operation", "build", "--args", "{}"], "run-operation", None),
        (["init", "-s", "build"], "init", None),
        (["--new-option=x", "build", "--newer", "value"], "build", None),
    ],
)
def test_a_value_of_an_option_is_not_mistaken_for_the_command(
    args: list[str], command: str, target: str | None
) -> None:
    parsed = parse_arguments(args)
    assert (parsed.command.name, parsed.target) == (command, target)


@pytest.mark.parametrize(
    ("args", "argv"),
    [
        (["build", "-s", "a", "--target=dev"], ["build", "--target=dev"]),
        (["-xd", "build", "-mA", "b"], ["-x", "-d", "build"]),
        (["build", "--exclude=a", "b", "--unknown", "c"], ["build", "--unknown", "c"]),
        (["build", "--resource-type=model", "seed"], ["build", "--resource-type=model", "seed"]),
        (["run-operation", "-", "build"], ["run-operation", "-", "build"]),
    ],
)
def test_all_arguments_except_the_selection_are_kept_as_written(
    args: list[str], argv: list[str]
) -> None:
    assert parse_arguments(args).argv == argv


@pytest.mark.parametrize(
    "args",
    [
        ["build", "--select", "a", "b", "-s", "c", "--exclude=d", "e", "--fail-fast"],
        ["build", "-sa", "b", "-xf", "-tdev", "--selector", "x", "--selector=y"],
        ["build", "--resource-type=model", "seed", "--exclude-resource-types", "test", "-t=x"],
        ["test", "--models", "a", "--vars", "{b: 1}", "--vars={a: run}", "--threads", "2"],
        ["run", "--target", "--debug", "--profile=", "-m", "a"],
    ],
)
def test_a_command_line_is_read_as_dbt_reads_it(args: list[str]) -> None:
    read = cli.commands[args[0]].make_context("dbt", args[1:], resilient_parsing=True).params
    parsed = parse_arguments(args)
    assert tuple(parsed.select) == (read["select"] or read.get("models") or ())
    assert tuple(parsed.exclude) == (read["exclude"] or ())
    assert (parsed.selector or None) == read["selector"]
    assert (parsed.target, parsed.profile) == (read["target"], read["profile"])
    assert parsed.vars == read["vars"]
    if read.get("resource_types"):
        assert parsed.resource_types <= set(read["resource_types"])


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], "No dbt command"),
        (["--threads", "4"], "No dbt command"),
        (["--select", "a", "build"], "No dbt command"),
        (["biuld"], "Did you mean `build`"),
        (["build", "--select"], "needs a value"),
        (["build", "--select", "--fail-fast"], "needs a value"),
        (["build", "--target"], "needs a value"),
        (["build", "--vars", "[1"], "neither JSON nor YAML"),
        (["build", "--vars", "just text"], "must be a mapping"),
    ],
)
def test_invalid_arguments_are_refused(args: list[str], expected: str) -> None:
    with pytest.raises(CliArgsError, match=expected.replace("-", r"\-")):
        parse_arguments(args)


@pytest.mark.parametrize(
    "args",
    [
        ["build", "--vars", "{token: hunter2-secret"],
        ["build", "--vars", "hunter2-secret"],
        ["build", "--vars=[hunter2-secret]"],
        ["--vars", '{"token": "hunter2-secret"}'],
    ],
)
def test_an_error_does_not_show_the_value_of_a_variable(
    args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-secret")
    with pytest.raises(CliArgsError) as caught:
        parse_arguments(args)
    shown = [line for line in traceback.format_exception(caught.value) if "File" not in line]
    assert "hunter2" not in "".join(shown)


@pytest.mark.parametrize(
    ("args", "refused"),
    [
        (["build", "--target-path", "x"], "--target-path"),
        (["build", "--project-dir=x"], "--project-dir"),
        (["--log-format", "json", "build"], "--log-format"),
        (["build", "--vars", "--project-dir"], None),
        (["build", "--select", "log-path"], None),
    ],
)
def test_options_that_a_step_sets_itself_are_refused(args: list[str], refused: str | None) -> None:
    if refused is None:
        return refuse_step_flags(args)
    with pytest.raises(CliArgsError, match=f"may not contain '{refused}'"):
        refuse_step_flags(args)
    return None


def test_options_that_affect_how_the_project_is_read_are_passed_to_other_commands() -> None:
    argv = ["--debug", "build", "--vars", "{a: 1}", "--threads", "--target", "-tdev", "--profile=p"]
    assert parse_options(argv) == ["--vars", "{a: 1}", "-tdev", "--profile=p"]


def test_a_test_command_keeps_exactly_the_options_of_a_build_that_dbt_test_has_too() -> None:
    build, test = (
        {option for p in cli.commands[name].params for option in (*p.opts, *p.secondary_opts)}
        for name in ("build", "test")
    )
    for flag in sorted(option for option in build if option.startswith("--")):
        option = find_option(flag, command="build")
        assert option is not None
        given = [flag] if option.arity is Arity.NONE else [flag, "x"]
        is_kept = flag in test and "resource-type" not in flag
        assert as_test(["build", *given]) == (["test", *given] if is_kept else ["test"])


def test_freshness_is_measured_with_the_profile_target_variables_and_threads_of_a_build() -> None:
    argv = ["--quiet", "build", "--full-refresh", "--select", "a", "--threads", "4", "-t", "prod"]
    argv += ["--vars={a: 1}", "--profile", "other", "--fail-fast"]
    assert as_source_freshness(argv) == [
        *("source", "freshness"),
        *("--threads", "4", "-t", "prod", "--vars={a: 1}", "--profile", "other"),
    ]


def test_only_options_that_may_change_results_are_result_options() -> None:
    line = "build --select a b --threads 4 -x --no-fail-fast --target prod --full-refresh --quiet"
    assert result_options(line.split()) == []
    line = "build --vars {} --empty --defer --state=before --sample 3d --newer --threads=2"
    kept = ["--vars", "{}", "--empty", "--defer", "--state=before", "--sample", "3d", "--newer"]
    assert result_options(line.split()) == kept
