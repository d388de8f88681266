import textwrap

import dagster as dg
import pytest
from dagster_shared.yaml_utils import parse_yaml_with_source_position

from dbt_component.definitions.yaml_place import find_place, placed
from dbt_component.errors import DagsterDbtError, PrepareError

FILE = textwrap.dedent(
    """
    type: some.Component
    attributes:
      project:
        target: prod
      schedules:
        - name: a
        - name: b
          select: c
    """
).lstrip()


@pytest.fixture
def attributes() -> dg.ResolutionContext:
    tree = parse_yaml_with_source_position(FILE, "defs.yaml").source_position_tree
    context: dg.ResolutionContext = dg.ResolutionContext.default(tree).at_path("attributes")
    return context


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("project.target", "defs.yaml:4 (project.target)"),
        ("project.profile", "defs.yaml:3 (project)"),
        ("schedules[1].select", "defs.yaml:8 (schedules[1].select)"),
        ("schedules[0].select", "defs.yaml:6 (schedules[0])"),
        ("watch", "defs.yaml:2"),
    ],
)
def test_the_deepest_key_in_the_file_is_found(
    attributes: dg.ResolutionContext, key: str, expected: str
) -> None:
    assert find_place(attributes, key) == expected


def test_attributes_from_python_have_no_place() -> None:
    assert find_place(dg.ResolutionContext.default(), "project") is None


def test_an_error_gets_the_place_of_its_key_before_its_own(
    attributes: dg.ResolutionContext,
) -> None:
    error = placed(DagsterDbtError("m", where="w", hint="h", key="project.target"), attributes)
    assert str(error) == "m\n  where: defs.yaml:4 (project.target); w\n  hint: h"
    assert str(placed(error, attributes)) == str(error)  # once only


def test_an_error_without_a_key_has_that_of_its_class(attributes: dg.ResolutionContext) -> None:
    assert str(placed(PrepareError("m"), attributes)) == "m\n  where: defs.yaml:3 (project)"
    assert str(PrepareError("m")) == "m"
