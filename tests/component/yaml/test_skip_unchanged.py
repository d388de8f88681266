"""skip_unchanged: a switch or a mapping, and an option of each run."""

from typing import Any

import pytest

from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from tests.component.conftest import prepared as prepared
from tests.component.test_run_config import op_of
from tests.dg_project import DgProject


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, SkipPolicy()),
        (False, SkipPolicy(is_on=False)),
        ("{{ env('SKIPS', 'false') }}", SkipPolicy(is_on=False)),
        ({"sources": "all"}, SkipPolicy(sources="all")),
        (
            {"by_default": False, "unknown_sources": "skip"},
            SkipPolicy(is_on=False, unknown_sources="skip"),
        ),
    ],
)
def test_it_is_a_switch_or_a_mapping(
    value: Any, expected: SkipPolicy, dg_project: DgProject
) -> None:
    dg_project.write_component(skip_unchanged=value)
    assert dg_project.component().skip_unchanged == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sometimes", "`skip_unchanged` must be true or false, not 'sometimes'"),
        ({"source": "all"}, "Did you mean 'sources'"),
        ({"sources": "most"}, "'any' or 'all'"),
    ],
)
def test_anything_else_is_refused(value: Any, expected: str, dg_project: DgProject) -> None:
    dg_project.write_component(skip_unchanged=value)
    with pytest.raises(Exception) as caught:
        dg_project.component()
    text, error = "", caught.value
    while error is not None:
        text += str(error)
        error = error.__cause__  # type: ignore[assignment]
    assert expected in text, text


@pytest.mark.parametrize("default", [True, False])
def test_each_run_has_the_option_with_the_default_of_the_yaml(
    default: bool, dg_project: DgProject, prepared: None
) -> None:
    dg_project.write_component(skip_unchanged=default, run_config={"threads": None})
    fields: Any = op_of(dg_project.load()).config_schema.config_type.fields  # type: ignore[union-attr]
    assert set(fields) == {"threads", "skip_unchanged"}
    assert fields["skip_unchanged"].default_value is default
