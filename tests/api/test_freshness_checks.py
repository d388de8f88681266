"""build_freshness_checks_from_dbt_assets: what dbt's meta asks for, and what is wrong with it."""

import datetime
import json
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtProject, build_freshness_checks_from_dbt_assets
from tests.api.test_assets_selection import moved
from tests.api.test_dbt_assets import definitions, make

pytestmark = pytest.mark.filterwarnings("ignore::dagster.SupersessionWarning")
DAILY = dg.DailyPartitionsDefinition("2024-01-01")
HOUR = {"lower_bound_delta_seconds": 3600}


def with_meta(shop: DbtProject, asked: Any, *, place: str = "meta") -> dict[str, Any]:
    """The manifest with a freshness check of stg_orders in ``meta`` or ``config.meta``."""
    manifest: dict[str, Any] = json.loads(shop.manifest_path.read_text())
    node = manifest["nodes"]["model.shop.stg_orders"]
    (node if place == "meta" else node["config"])["meta"] = {"dagster": {"freshness_check": asked}}
    return manifest


def only_check(*assets: dg.AssetsDefinition) -> dg.AssetCheckSpec:
    (check,) = build_freshness_checks_from_dbt_assets(dbt_assets=assets)
    (spec,) = check.check_specs
    return spec


@pytest.mark.parametrize("place", ["meta", "config"])
def test_it_is_a_check_of_the_latest_materialization(shop: DbtProject, place: str) -> None:
    asked = {"lower_bound_delta_seconds": "3600", "deadline_cron": "0 9 * * *", "severity": "ERROR"}
    made = make(with_meta(shop, asked, place=place))
    (check,) = build_freshness_checks_from_dbt_assets(dbt_assets=[made])
    (spec,) = check.check_specs
    (theirs,) = dg.build_last_update_freshness_checks(
        assets=["stg_orders"],
        lower_bound_delta=datetime.timedelta(hours=1),
        deadline_cron="0 9 * * *",
        severity=dg.AssetCheckSeverity.ERROR,
    )
    assert spec == next(iter(theirs.check_specs))
    defs = dg.Definitions.merge(definitions(shop, made), dg.Definitions(asset_checks=[check]))
    job = dg.define_asset_job("checks", dg.AssetSelection.checks(spec.key))
    result = (
        dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
        .resolve_job_def("checks")
        .execute_in_process(raise_on_error=False)
    )
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_assets_with_time_partitions_get_a_check_of_the_latest_partition(shop: DbtProject) -> None:
    made = make(with_meta(shop, {"deadline_cron": "0 9 * * *"}), partitions_def=DAILY)
    (theirs,) = dg.build_time_partition_freshness_checks(
        assets=["stg_orders"], deadline_cron="0 9 * * *"
    )
    assert only_check(made) == next(iter(theirs.check_specs))


def test_assets_that_ask_for_none_get_none_and_renamed_ones_theirs(shop: DbtProject) -> None:
    assert build_freshness_checks_from_dbt_assets(dbt_assets=[make(shop)]) == []
    made = make(with_meta(shop, HOUR))
    assert only_check(moved(made)).asset_key == dg.AssetKey(["moved", "stg_orders"])
    others = make(shop, select="customers", name="others")
    assert only_check(make(with_meta(shop, HOUR), exclude="customers"), others)


def test_a_warning_names_what_supersedes_it(shop: DbtProject) -> None:
    with pytest.warns(dg.SupersessionWarning, match="FreshnessPolicy"):
        build_freshness_checks_from_dbt_assets(dbt_assets=[])


@pytest.mark.parametrize(
    ("asked", "partitions_def", "problem"),
    [
        (
            {"deadline_cron": "0 9 * * *"},
            None,
            r"\.lower_bound_delta_seconds of model\.shop\.stg_o",
        ),
        ({"lower_bound_delta_seconds": "soon"}, None, "is 'soon', not a whole number"),
        ({"lower_bound_delta_seconds": 1, "severity": "LOW"}, None, r"\.severity .* is 'LOW'"),
        (HOUR, DAILY, r"\.deadline_cron .* is missing"),
        ("daily", None, "is 'daily', not a mapping"),
    ],
)
def test_invalid_meta_is_refused_with_its_place(
    shop: DbtProject, asked: Any, partitions_def: Any, problem: str
) -> None:
    made = make(with_meta(shop, asked), partitions_def=partitions_def)
    with pytest.raises(dg.DagsterInvariantViolationError, match=problem) as caught:
        build_freshness_checks_from_dbt_assets(dbt_assets=[made])
    assert "models/staging/stg_orders.sql" in str(caught.value)


def test_other_definitions_and_repeated_ones_are_refused(shop: DbtProject) -> None:
    @dg.asset
    def other() -> None: ...

    with pytest.raises(dg.DagsterInvariantViolationError, match="definition of other was not made"):
        build_freshness_checks_from_dbt_assets(dbt_assets=[other])
    made = make(shop, select="stg_orders")
    with pytest.raises(dg.DagsterInvariantViolationError, match="have the assets stg_orders"):
        build_freshness_checks_from_dbt_assets(dbt_assets=[made, made])
