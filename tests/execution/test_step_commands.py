"""Which dbt commands a step runs."""

import pytest

from tests.dg_project import DgProject, run

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["compile"], "neither builds nor tests"),
        (["docs", "generate"], "neither builds nor tests"),
        (["clone", "--state", "x"], "in any order"),
    ],
)
def test_a_command_that_can_not_stand_behind_assets_is_refused(
    dg_project: DgProject, args: list[str], reason: str
) -> None:
    dg_project.write_component(cli_args=args)
    outcome = run(dg_project.load())
    assert not outcome.success
    assert outcome.materialized == []
    assert "A step can't run `dbt " in outcome.failure and reason in outcome.failure
