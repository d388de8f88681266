"""dbt's options about another project's manifest, as dbt itself reads them."""

import pytest

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.state_options import StateOptions


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        (["build"], StateOptions()),
        (["--defer", "build", "--state=a"], StateOptions(state="a", defer=True)),
        (["build", "--no-defer", "--defer-state", "b"], StateOptions(defer_state="b", defer=False)),
        (["build", "--defer", "--no-defer"], StateOptions(defer=False)),
        (["build", "--favor-state"], StateOptions(favor_state=True)),
    ],
)
def test_the_options_of_a_command_line(argv: list[str], options: StateOptions) -> None:
    assert parse_arguments(argv).state_options == options


def test_the_environment_fills_in_what_the_command_line_lacks() -> None:
    environ = {"DBT_DEFER": "1", "DBT_STATE": "a", "DBT_DEFER_STATE": "b", "DBT_FAVOR_STATE": "0"}
    filled = StateOptions().with_environment(environ)
    assert filled == StateOptions(state="a", defer_state="b", defer=True, favor_state=False)
    given = StateOptions(state="c", defer_state="d", defer=False, favor_state=True)
    assert given.with_environment(environ) == given
    assert StateOptions().with_environment({}) == StateOptions()


@pytest.mark.parametrize(
    ("given", "added"),
    [
        (StateOptions(), ["--defer", "--defer-state", "folder", "--favor-state"]),
        (StateOptions(defer=True), ["--defer-state", "folder", "--favor-state"]),
        (StateOptions(state="a"), ["--defer", "--defer-state", "folder", "--favor-state"]),
        (StateOptions(defer=True, state="a"), ["--favor-state"]),
        (StateOptions(defer_state="b"), ["--defer", "--favor-state"]),
        (StateOptions(favor_state=False), ["--defer", "--defer-state", "folder"]),
        (StateOptions(defer=False), []),
    ],
)
def test_only_what_a_command_line_does_not_say_itself_is_added(
    given: StateOptions, added: list[str]
) -> None:
    assert given.missing_for("folder", favor_state=True) == added
