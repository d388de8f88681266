"""Warnings about a component that defines nothing."""

import pytest

from tests.dg_project import DgProject


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    caplog.clear()
    return found


@pytest.mark.parametrize("select", ["tag:none", "source:external.raw_orders"])
def test_a_selection_of_no_asset_warns_whenever_definitions_load(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture, select: str
) -> None:
    dg_project.write_component(select=select)
    dg_project.refresh()
    refreshed = warnings(caplog)
    assert not list(dg_project.load().resolve_all_asset_specs())
    (warning,) = warnings(caplog)
    assert f"defines no assets: --select '{select}' matches no model, seed or snapshot" in warning
    if select == "tag:none":
        assert any("matches no model, seed or snapshot" in each for each in refreshed)


def test_a_project_without_nodes_warns(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    project_yml = dg_project.dbt_folder / "dbt_project.yml"
    project_yml.write_text("name: empty\nversion: '1.0'\nprofile: shop\nmodel-paths: [nowhere]\n")
    for folder in ("models", "seeds", "snapshots", "tests", "macros"):
        (dg_project.dbt_folder / folder).rename(dg_project.dbt_folder / f"old_{folder}")
    dg_project.write_component()
    dg_project.refresh()
    expected = "dbt project 'empty' has no enabled models, seeds or snapshots"
    assert any(expected in warning for warning in warnings(caplog))
    assert not list(dg_project.load().resolve_all_asset_specs())
    (warning,) = warnings(caplog)
    assert f"defines no assets: {expected}" in warning
