"""The Python functions for the dbt platform: definitions, specs, and one manifest in all processes of a code location."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.repository_definition import RepositoryLoadData

from dbt_component import (
    DagsterDbtTranslator,
    DbtCloudWorkspace,
    dbt_cloud_assets,
    load_dbt_cloud_asset_specs,
    load_dbt_cloud_check_specs,
)
from dbt_component.cloud.platform_record import read_record
from dbt_component.errors import DefinitionError
from dbt_component.project.state_project import StateProject
from tests.cloud.conftest import workspace_of
from tests.dbt_platform.platform import StandInPlatform
from tests.dbt_platform.run import Run

pytestmark = pytest.mark.server


def run_of(workspace: DbtCloudWorkspace) -> int:
    prepared = workspace.prepared
    assert isinstance(prepared, StateProject)
    record = read_record(prepared.state)
    assert record is not None
    return record.run_id


def triggers(platform: StandInPlatform) -> int:
    return sum(
        r.method == "POST" and r.path.rstrip("/").endswith("/run") for r in platform.requests
    )


def test_a_function_runs_the_selected_assets_and_checks_on_the_platform(
    dbt_platform: StandInPlatform, workspace: DbtCloudWorkspace, parsed: Run
) -> None:
    @dbt_cloud_assets(
        workspace=workspace,
        select="raw_products stg_products",
        exclude="test_name:relationships",  # dbt would select it with one of its two parents
        group_name="bread",
    )
    def bakery(context: dg.AssetExecutionContext, dbt_cloud: DbtCloudWorkspace) -> Iterator[object]:
        yield from dbt_cloud.cli(["build"], context=context).wait()

    before = triggers(dbt_platform)
    result = dg.materialize([bakery], resources={"dbt_cloud": workspace_of(dbt_platform)})
    assert result.success
    assert triggers(dbt_platform) == before + 1
    found = [
        e.asset_key.to_user_string()
        for e in result.get_asset_materialization_events()
        if e.asset_key
    ]
    assert found == ["raw_products", "stg_products"]
    checks = {c.check_name: c.passed for c in result.get_asset_check_evaluations()}
    assert checks == {
        "unique_stg_products_product_id": True,
        "not_null_stg_products_product_id": True,
    }
    spec = bakery.specs_by_key[dg.AssetKey("stg_products")]
    assert spec.group_name == "bread"
    assert "dbtcloud" in spec.kinds


def test_specs_are_those_of_the_selection_and_need_no_op(
    workspace: DbtCloudWorkspace, parsed: Run
) -> None:
    specs = load_dbt_cloud_asset_specs(workspace, select="staging", exclude="stg_orders")
    assert [spec.key.to_user_string() for spec in specs] == ["stg_products"]
    checks = load_dbt_cloud_check_specs(workspace, select="stg_products")
    assert {check.asset_key.to_user_string() for check in checks} == {"stg_products"}
    everything = workspace.load_specs()
    assert everything == [*workspace.load_asset_specs(), *workspace.load_check_specs()]
    assert len(workspace.load_asset_specs()) == 8


def test_what_can_not_become_one_op_is_refused(workspace: DbtCloudWorkspace, parsed: Run) -> None:
    with pytest.raises(DefinitionError, match="`@dbt_cloud_assets` 'nothing' selects no model"):

        @dbt_cloud_assets(workspace=workspace, select="tag:unknown")
        def nothing() -> None: ...

    class InGroups(DagsterDbtTranslator):
        def get_group_name(self, dbt_resource_props: object) -> str:
            return "own"

    with pytest.raises(dg.DagsterInvariantViolationError, match="`group_name` is 'bread'"):
        dbt_cloud_assets(workspace=workspace, group_name="bread", dagster_dbt_translator=InGroups())


def test_partitions_of_time_windows_make_a_backfill_one_run(
    workspace: DbtCloudWorkspace, parsed: Run
) -> None:
    @dbt_cloud_assets(
        workspace=workspace,
        select="raw_products",
        partitions_def=dg.DailyPartitionsDefinition("2024-01-01"),
    )
    def daily() -> None: ...

    assert daily.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.reliability(
    "Faults of the dbt platform: requests",
    tried="a new run ends on the platform between the load of a code location and the start of its run worker",
    outcome="the worker sees the manifest of the run that was loaded, also without the cache, and starts no job",
)
def test_all_processes_of_a_code_location_see_the_same_run(
    dbt_platform: StandInPlatform,
    workspace: DbtCloudWorkspace,
    parsed: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    loading = DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION)
    with DefinitionsLoadContext.scoped(loading):
        loaded = run_of(workspace)
    told = dict(loading.get_pending_reconstruction_metadata())
    assert [json.loads(value) for value in told.values()] == [loaded]
    dbt_platform.repository.commit({"models/staging/stg_new.sql": "select 1 as one"})
    try:
        job = dbt_platform.create_job("Newer", ["dbt parse"])
        newer = dbt_platform.wait_for(dbt_platform.trigger(job.id).id).id
    finally:
        dbt_platform.repository.commit({"models/staging/stg_new.sql": None})
    before = triggers(dbt_platform)
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    worker = DefinitionsLoadContext(
        load_type=DefinitionsLoadType.RECONSTRUCTION,
        repository_load_data=RepositoryLoadData(reconstruction_metadata=told),
    )
    with DefinitionsLoadContext.scoped(worker):
        elsewhere = workspace_of(dbt_platform)
        assert run_of(elsewhere) == loaded
        assert "model.bakery.stg_new" not in elsewhere.prepared.manifest.index.node_by_id
    with DefinitionsLoadContext.scoped(
        DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION)
    ):
        assert run_of(workspace_of(dbt_platform)) == newer
    assert triggers(dbt_platform) == before
    dbt_platform.delete_job(job.id)
