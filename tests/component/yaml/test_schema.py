"""The component's JSON schema, which `dg docs`, `dg check yaml` and editors read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster.components.resolved import core_models

from dbt_component.component.component import DbtProjectComponent
from dbt_component.dbt_process.child.child_metadata import KINDS

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
    assert "TranslationSettingsModel" in models()


@pytest.mark.parametrize(("name", "model"), models().items())
def test_every_key_is_described(name: str, model: dict[str, Any]) -> None:
    undescribed = [
        key for key, schema in model["properties"].items() if not schema.get("description")
    ]
    assert undescribed == []


@pytest.mark.parametrize(("name", "model"), models().items())
def test_unknown_keys_are_refused(name: str, model: dict[str, Any]) -> None:
    assert model["additionalProperties"] is False


def test_every_kind_of_metadata_is_accepted_and_described() -> None:
    include_metadata = models()["DbtProjectComponent"]["properties"]["include_metadata"]
    accepted = include_metadata["anyOf"][0]["items"]["enum"]
    assert accepted == [*KINDS, "insights"]  # the last one has an error of its own
    assert [name for name in KINDS if f"`{name}`" not in include_metadata["description"]] == []


def test_the_example_in_the_readme_shows_every_key_at_the_top_and_is_valid() -> None:
    _, _, section = README.read_text().partition("## The YAML, by example")
    block = section.partition("```yaml\n")[2].partition("```")[0]
    model = DbtProjectComponent.model()
    model.model_validate(yaml.safe_load(block)["attributes"])
    missing = [key for key in model.model_fields if f"\n  {key}:" not in block.replace("# ", "")]
    assert missing == []
