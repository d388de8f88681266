"""Names of dbt that Dagster does not accept as they are."""

import pytest

from tests.dg_project import DgProject, checks_of, specs_of

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def test_a_test_with_a_hyphen_in_its_name_is_a_check_under_a_name_that_dagster_accepts(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    folder = dg_project.dbt_folder / "tests"
    (folder / "totals_match.sql").rename(folder / "totals-match.sql")
    dg_project.write_component()
    caplog.set_level("INFO", logger="dbt_component")
    assert "customers:totals_match" in checks_of(dg_project.load())
    assert "'totals-match' on 'customers'" in caplog.text


def test_a_model_whose_name_dagster_does_not_accept_is_named(dg_project: DgProject) -> None:
    (dg_project.dbt_folder / "models/marts/größe.sql").write_text("select 1 as one")
    dg_project.write_component()
    with pytest.raises(Exception) as caught:
        dg_project.load()
    assert "'größe'" in str(caught.value.__cause__)
    dg_project.write_component(
        select="größe", translation={"key": "{{ node.name | replace('größe', 'groesse') }}"}
    )
    assert "groesse" in specs_of(dg_project.load())
