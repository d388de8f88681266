"""The component's JSON schema, which `dg check yaml` and editors read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster.components.resolved import core_models
from jsonschema import Draft202012Validator

from dbt_component.component.component import DbtProjectComponent
from dbt_component.dbt_process.child.child_metadata import SUMMARIES

README = Path(__file__).parents[3] / "README.md"


def models() -> dict[str, dict[str, Any]]:
    """The schema of the component and of each noun in it; Dagster's own are left out."""
    schema = DbtProjectComponent.model().model_json_schema()
    dagsters = {name.removesuffix("Model") for name in vars(core_models)}
    nouns = {
        name: noun
        for name, noun in schema["$defs"].items()
        if name.removesuffix("Model") not in dagsters
    }
    return {"DbtProjectComponent": schema, **nouns}


def test_the_nouns_are_known() -> None:
    assert {"OpModel", "ScheduleModel", "WatchModel", "DefsStateModel"} <= models().keys()
    assert "DagsterDbtComponentTranslatorSettingsModel" in models()


@pytest.mark.parametrize(("name", "model"), models().items())
def test_every_key_is_described(name: str, model: dict[str, Any]) -> None:
    undescribed = [
        key for key, schema in model["properties"].items() if not schema.get("description")
    ]
    assert undescribed == []


@pytest.mark.parametrize(("name", "model"), models().items())
def test_unknown_keys_are_refused_with_a_list_of_the_known(
    name: str, model: dict[str, Any]
) -> None:
    # YAML 1.1 reads a bare `on` as true.
    also = [True] if "on" in model["properties"] else []
    assert model["propertyNames"] == {"enum": [*sorted(model["properties"]), *also]}


@pytest.mark.parametrize(
    ("attributes", "path", "expected"),
    [
        ({"slect": "a"}, "", "'slect' is not one of ['automation_sensor', "),
        ({"project": {"project_dirr": "a"}}, "project", "'project_dirr' is not one of"),
        ({"project": {"repo_url": "a", "rf": "b"}}, "project", "'rf' is not one of"),
        ({"project": 3}, "project", "3 is not of type 'object'"),
        ({"translation": {"group_nam": "a"}}, "translation", "'group_nam' is not one of"),
        ({"op": {"pol": "a"}}, "op", "'pol' is not one of ['automation_condition', "),
        ({"schedules": [{"nam": "a"}]}, "schedules.0", "'nam' is not one of"),
        ({"cli_args": ["build", None]}, "cli_args.1", "None is not valid"),
        ({"cli_args": 3}, "cli_args", "3 is not of type 'array'"),
        ({"watch": {"interval_seconds": 1}}, "watch.interval_seconds", "1 is not valid"),
    ],
)
def test_dg_check_yaml_names_the_key_that_is_wrong(
    attributes: dict[str, Any], path: str, expected: str
) -> None:
    validator = Draft202012Validator(DbtProjectComponent.model().model_json_schema())
    errors = {
        ".".join(map(str, error.absolute_path)): error.message
        for error in validator.iter_errors({"project": "a", **attributes})
        if "required" not in error.message
    }
    assert list(errors) == [path]
    assert expected in errors[path]


@pytest.mark.parametrize(
    "attributes",
    [
        {"project": "{{ a }}", "translation": "{{ b }}", "op": "{{ c }}", "schedules": "{{ d }}"},
        {"project": {"project_dir": "a"}, "op": None, "watch": None},
        {
            "project": {"repo_url": "a"},
            "translation": {"owners": ["a"]},
            "prepare_if_dev": "{{ e }}",
        },
    ],
)
def test_every_form_of_a_value_is_accepted(attributes: dict[str, Any]) -> None:
    model = DbtProjectComponent.model()
    assert list(Draft202012Validator(model.model_json_schema()).iter_errors(attributes)) == []
    model.model_validate(attributes)


def test_every_kind_of_metadata_is_accepted_and_described() -> None:
    include_metadata = models()["DbtProjectComponent"]["properties"]["include_metadata"]
    accepted = include_metadata["else"]["items"]["enum"]
    assert accepted == [*SUMMARIES, "insights"]  # the last one has an error of its own
    assert [name for name in SUMMARIES if f"`{name}`" not in include_metadata["description"]] == []


def test_the_example_in_the_readme_shows_every_key_at_the_top_and_is_valid() -> None:
    _, _, section = README.read_text().partition("## The YAML, by example")
    block = section.partition("```yaml\n")[2].partition("```")[0]
    model = DbtProjectComponent.model()
    model.model_validate(yaml.safe_load(block)["attributes"])
    missing = [key for key in model.model_fields if f"\n  {key}:" not in block.replace("# ", "")]
    assert missing == []
