"""The errors of a component, as Dagster shows them: one paragraph with the place in defs.yaml and the remedy."""

import asyncio
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component.errors import CliArgsError, DagsterDbtError, PrepareError
from tests.dg_project import DgProject

FILE = "transform/defs.yaml"
SHOP = "{{ context.project_root }}/shop"


def load_error(project: DgProject) -> DagsterDbtError:
    """The error of loading the project, which Dagster passes on as it is."""
    with pytest.raises(DagsterDbtError) as caught:
        project.load()
    return caught.value


def assert_one_paragraph(
    error: DagsterDbtError, place: str, expected: str, hint: str | None
) -> None:
    assert f"{FILE}:{place}" in str(error)
    assert expected in (error.message if error.subject is None else str(error))
    assert hint is None or hint in (error.hint or "")
    assert len(str(error).splitlines()) <= 3
    assert len(own_frames(error)) == 1 and error.__cause__ is None


def own_frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.name for frame in frames if "/dbt_component/" in frame.filename]


@pytest.mark.parametrize(
    ("attributes", "place", "expected", "hint"),
    [
        ({"cli_args": ["buld"]}, "4 (cli_args[0])", "dbt has no command 'buld'", "`build`"),
        ({"cli_args": "build"}, "3 (cli_args)", "not 'build'", "cli_args: [build]"),
        ({"cli_args": []}, "3 (cli_args)", "not []", "cli_args: [build]"),
        (
            {"cli_args": ["build --full-refresh"]},
            "4 (cli_args[0])",
            "'build --full-refresh'",
            "[build, --full-refresh]",
        ),
        (
            {"cli_args": ["build", {"--vars": {"a": "{{ partition_ky }}"}}]},
            "5 (cli_args[1])",
            "'partition_ky'",
            "'partition_key'",
        ),
        (
            {"cli_args": ["build", "{{ config.x"]},
            "5 (cli_args[1])",
            "Malformed template",
            None,
        ),
        (
            {"cli_args": ["build", "--ful-refresh"]},
            "5 (cli_args[1])",
            "no option",
            "--full-refresh",
        ),
        ({"cli_args": ["build", {"--target-path": "x"}]}, "5 (cli_args[1])", "--target-path", None),
        ({"cli_args": ["--full-refresh"]}, "4 (cli_args[0])", "No dbt command", "`build`"),
        (
            {"translation": {"automation_condition": "{{ dg.AutomationCondition.eagr() }}"}},
            "4 (translation.automation_condition)",
            "'dg.AutomationCondition' has no attribute 'eagr'. Did you mean 'eager'?",
            None,
        ),
        (
            {"translation": {"automation_condition": "{{ AutomationCondition.eager() }}"}},
            "4 (translation.automation_condition)",
            "there is no 'AutomationCondition'",
            "Did you mean `dg.AutomationCondition`?",
        ),
        (
            {"translation": {"automation_condition": "{{ automation_condition.eagr() }}"}},
            "4 (translation.automation_condition)",
            "Did you mean 'eager'?",
            None,
        ),
        (
            {
                "schedules": [
                    {
                        "name": "nightly",
                        "cron_schedule": "0 5 * * *",
                        "select": "a",
                        "selector": "b",
                    }
                ]
            },
            "7 (schedules[0].selector)",
            "Schedule 'nightly': `selector` 'b' can't be combined",
            "Keep one of the two",
        ),
        ({"project": "shopp"}, "3 (project)", "shopp' does not exist", "There is a dbt project in"),
        (
            {"project": {"project_dir": SHOP, "dbt_executable": "/no/dbt"}},
            "5 (project.dbt_executable)",
            "'/no/dbt' was not found",
            "remove the key",
        ),
        (
            {"project": {"project_dir": SHOP, "profiles_dir": "none"}},
            "5 (project.profiles_dir)",
            "transform/none'",
            "profiles.yml",
        ),
        ({"watch": {}}, "3 (watch)", "needs a project in Git", "project.repo_url"),
        (
            {"project": {"repo_url": "ext::sh"}},
            "4 (project.repo_url)",
            "Git URL 'ext::sh' is refused",
            "Accepted are",
        ),
    ],
)
@pytest.mark.usefixtures("in_dev")
def test_a_value_that_can_not_be_right_is_one_paragraph_with_its_place(
    dg_project: DgProject,
    attributes: dict[str, Any],
    place: str,
    expected: str,
    hint: str | None,
) -> None:
    dg_project.write_component(**attributes)
    assert_one_paragraph(load_error(dg_project), place, expected, hint)


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize(
    ("attributes", "place", "expected", "hint"),
    [
        (
            {"translation": {"owners": ["{{ node.meta.owner }}"]}},
            "4 (translation.owners)",
            "translation.owners failed on source 'source.shop.external.raw_orders': 'dict object' has no"
            " attribute 'owner'. The value in the file is ['{{ node.meta.owner }}'].",
            "{{ node.meta.owner | default('team:data') }}",
        ),
        (
            {"translation": {"group_name": "my group", "kinds": ["dbt"]}},
            "4 (translation.group_name)",
            '"my group" is not a valid asset group name',
            None,
        ),
        (
            {"translation": {"automation_condition": "egar"}},
            "4 (translation.automation_condition)",
            "there is no automation condition 'egar'. Did you mean 'eager'?",
            "Known: eager, on_missing",
        ),
        (
            {"schedules": [{"name": "nightly", "cron_schedule": "0 5 * *"}]},
            "4 (schedules[0])",
            "Schedule 'nightly': Found invalid cron schedule '0 5 * *'",
            None,
        ),
        (
            {
                "schedules": [
                    {"name": "a", "cron_schedule": "0 5 * * *"},
                    {
                        "name": "b",
                        "cron_schedule": "0 5 * * *",
                        "execution_timezone": "Europe/Berln",
                    },
                ]
            },
            "6 (schedules[1])",
            "Schedule 'b': Invalid execution timezone Europe/Berln",
            None,
        ),
    ],
)
def test_a_value_that_fails_on_a_node_or_in_dagster_is_one_paragraph_with_its_place(
    dg_project: DgProject,
    attributes: dict[str, Any],
    place: str,
    expected: str,
    hint: str | None,
) -> None:
    dg_project.write_component(**attributes)
    assert_one_paragraph(load_error(dg_project), place, expected, hint)


def test_a_function_of_the_users_that_fails_keeps_its_own_frames(
    dg_project: DgProject, prepared: None
) -> None:
    folder = dg_project.defs_folder / "transform"
    folder.mkdir()
    (folder / "vars.py").write_text(
        "import dagster as dg\n\n@dg.template_var\ndef f():\n    return lambda node: 1 / 0\n"
    )
    dg_project.write_yaml(
        "type: dbt_component.DbtProjectComponent\ntemplate_vars_module: .vars\nattributes:\n"
        f'  project: "{SHOP}"\n  translation: {{description: "{{{{ f(node) }}}}"}}\n'
    )
    error = load_error(dg_project)
    cause = error.__cause__
    assert isinstance(cause, ZeroDivisionError)
    assert [frame.filename for frame in traceback.extract_tb(cause.__traceback__)] == [
        str(folder / "vars.py")
    ]


def refresh_error(project: DgProject) -> DagsterDbtError:
    """The error of `dg utils refresh-defs-state`."""
    (component,) = project.tree().get_all_components(
        of_type=dg.StateBackedComponent  # type: ignore[type-abstract]
    )
    with pytest.raises(DagsterDbtError) as caught:
        asyncio.run(component.refresh_state(project.root))
    return caught.value


def test_a_selection_that_dbt_refuses_names_its_schedule_and_place(dg_project: DgProject) -> None:
    dg_project.write_component(
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *", "select": "tagg:daily"}]
    )
    error = refresh_error(dg_project)
    assert str(error).splitlines()[0] == (
        "Schedule 'nightly': dbt does not accept --select 'tagg:daily': 'tagg' is not a valid method"
        " name."
    )
    assert error.where == f"{dg_project.defs_folder / FILE}:6 (schedules[0].select)"


def test_a_failing_preparation_names_the_key_that_dbt_complains_about(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(project={"project_dir": SHOP, "target": "prodd"})
    error = refresh_error(dg_project)
    assert isinstance(error, PrepareError)
    assert "'prodd'" in error.message
    assert error.where is not None
    assert error.where.startswith(f"{dg_project.defs_folder / FILE}:5 (project.target); ")
    assert len(str(error).splitlines()) == 3 and len(own_frames(error)) == 1


def test_a_subclass_may_know_other_names(dg_project: DgProject, prepared: None) -> None:
    folder = dg_project.defs_folder / "transform"
    folder.mkdir()
    (folder / "own.py").write_text(
        "from dataclasses import dataclass\nfrom dbt_component import DbtProjectComponent\n\n"
        "@dataclass\nclass Own(DbtProjectComponent):\n"
        "    def get_cli_args(self, context):\n        return ['build']\n"
    )
    dg_project.write_yaml(
        f"type: {dg_project.module}.defs.transform.own.Own\nattributes:\n"
        f'  project: "{SHOP}"\n  cli_args: [build, "{{{{ own_name }}}}"]\n'
    )
    dg_project.load()


def test_errors_in_python_have_the_key_alone() -> None:
    from dbt_component import DbtProjectComponent

    with pytest.raises(CliArgsError) as caught:
        DbtProjectComponent(project=Path("shop"), cli_args=["buld"])
    assert str(caught.value).splitlines()[1] == "  where: cli_args[0]"


@pytest.mark.server
@pytest.mark.parametrize("command", ["check defs", "list defs", "utils refresh-defs-state"])
def test_dg_prints_an_error_with_few_frames_and_exits_with_1(
    dg_project: DgProject, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dg_project.write_component(project="{{ context.project_root }}/shopp")
    monkeypatch.setenv("PYTHONPATH", str(dg_project.root / "src"), prepend=":")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dg"), *command.split()],
        cwd=dg_project.root,
        capture_output=True,
        text=True,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "shopp' does not exist." in output
    assert f"{FILE}:3 (project)" in output
    assert f"There is a dbt project in '{dg_project.dbt_folder}'" in output
    assert output.count('File "') <= (0 if "refresh" in command else 2), output
