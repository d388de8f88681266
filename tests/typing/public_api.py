"""Every public name, used as user code does. Checked by mypy and pyright, never executed.

`assert_type` states the types that users see. A line with both `type: ignore` and `pyright: ignore` must be an error to
both: they report an `ignore` that they do not need. To make them agree on a place, such a statement is in one line.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from typing_extensions import assert_type

import dbt_component.errors
from dbt_component import (
    DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
    DBT_DEFAULT_EXCLUDE,
    DBT_DEFAULT_SELECT,
    DBT_DEFAULT_SELECTOR,
    DagsterDbtCliRuntimeError,
    DagsterDbtComponentTranslatorSettings,
    DagsterDbtCoreNotInstalledError,
    DagsterDbtError,
    DagsterDbtManifestNotFoundError,
    DagsterDbtProfilesDirectoryNotFoundError,
    DagsterDbtProjectNotFoundError,
    DagsterDbtProjectPreparer,
    DagsterDbtProjectYmlFileNotFoundError,
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCheckRule,
    DbtCheckRules,
    DbtCliClient,
    DbtCliEventMessage,
    DbtCliInvocation,
    DbtCliOutput,
    DbtCliResource,
    DbtCloudCliInvocation,
    DbtCloudComponent,
    DbtCloudCredentials,
    DbtCloudWorkspace,
    DbtEventIterator,
    DbtIOManager,
    DbtManifestAssetSelection,
    DbtProject,
    DbtProjectArgs,
    DbtProjectComponent,
    DbtProjectPreparer,
    DbtRetryPolicy,
    KeyPrefixDagsterDbtTranslator,
    RemoteGitDbtProjectManager,
    build_dbt_asset_selection,
    build_dbt_asset_specs,
    build_dbt_cloud_polling_sensor,
    build_freshness_checks_from_dbt_assets,
    build_schedule_from_dbt_selection,
    dbt_assets,
    dbt_cli_resource,
    dbt_cloud_assets,
    default_group_from_dbt_resource_props,
    default_metadata_from_dbt_resource_props,
    get_asset_key_for_model,
    get_asset_key_for_source,
    get_asset_keys_by_output_name_for_source,
    get_node,
    get_projects_from_dbt_component,
    get_upstream_unique_ids,
    group_from_dbt_resource_props_fallback_to_directory,
    load_assets_from_dbt_manifest,
    load_assets_from_dbt_project,
    load_dbt_cloud_asset_specs,
    load_dbt_cloud_check_specs,
    using_dagster_dev,
)

# -- a project ---------------------------------------------------------------------------------------

project = DbtProject(project_dir="transform")
also = DbtProject(
    Path("transform"),
    target_path="target",
    profiles_dir="profiles",
    profile="warehouse",
    target="prod",
    packaged_project_dir=Path("deployed"),
    state_path="state",
    preparer=DagsterDbtProjectPreparer(prepare_project_cli_args=["compile"]),
)
assert_type(project.project_dir, Path)
assert_type(project.manifest_path, Path)
assert_type(project.target_path, Path)
assert_type(project.state_path, Path | None)
assert_type(project.has_uninstalled_deps, bool)
project.prepare_if_dev()
assert_type(using_dagster_dev(), bool)
project.target_path = Path()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
DbtProject()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DbtProject(project_dir=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Preparer(DbtProjectPreparer):
    def prepare(self, project: DbtProject) -> None:
        if not project.manifest_path.is_file():
            project.preparer.prepare_if_dev(project)

    def using_dagster_dev(self) -> bool:
        return True


DbtProject("transform", preparer=Preparer())
DbtProject("transform", preparer=Preparer)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DbtProjectPreparer()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]
DagsterDbtProjectPreparer(column_lineage="database")
DagsterDbtProjectPreparer(column_lineage="warehouse")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DagsterDbtProjectPreparer(prepare_project_cli_args=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
using_dagster_dev(project)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# -- assets ------------------------------------------------------------------------------------------


class BuildConfig(dg.Config):
    full_refresh: bool = False


@dbt_assets(
    manifest=project,
    select=DBT_DEFAULT_SELECT,
    exclude=DBT_DEFAULT_EXCLUDE,
    name="everything",
    io_manager_key="io",
    partitions_def=dg.DailyPartitionsDefinition("2024-01-01"),
    dagster_dbt_translator=DagsterDbtTranslator(),
    backfill_policy=dg.BackfillPolicy.single_run(),
    op_tags={"team": "data"},
    required_resource_keys={"api"},
    project=project,
    retry_policy=dg.RetryPolicy(max_retries=1),
    pool="warehouse",
)
def everything(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, config: BuildConfig
) -> Iterator[Any]:
    args = ["build", "--full-refresh"] if config.full_refresh else ["build"]
    yield from dbt.cli(args, context=context).stream().fetch_row_counts().fetch_column_metadata()


class Api(dg.ConfigurableResource[Any]):
    url: str


@dbt_assets(manifest=project.manifest_path, project=project, exclude="tag:large")
def several_commands(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, api: Api
) -> Iterator[dg.Output[Any] | dg.AssetObservation]:
    dbt.cli(["run-operation", "grant"]).wait()
    first, last = context.partition_time_window
    variables = {"first": first.isoformat(), "last": last.isoformat()}
    run = dbt.cli(["run", "--vars", str(variables)], context=context, raise_on_error=False)
    for event in run.stream():
        if isinstance(event, dg.Output):
            yield event
    if not run.is_successful():
        yield dg.AssetObservation(asset_key="orders", metadata={"url": api.url})
    yield from (e for e in dbt.cli(["test"], context=context).stream() if isinstance(e, dg.Output))


@dbt_assets(manifest="target/manifest.json", selector="nightly")
def untyped(context, dbt: DbtCliResource):  # type: ignore[no-untyped-def]
    yield from dbt.cli(["build"], context=context).stream()


assert_type(everything, dg.AssetsDefinition)
assert_type(untyped, dg.AssetsDefinition)
rules = DbtCheckRules(rules=[DbtCheckRule(select="tag:slow", skip=True)], unit_tests="never")
dbt_assets(manifest=project, checks=rules)
DbtCheckRule(skip="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DbtCheckRules(unit_tests="seldom")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
dbt_assets(manifest=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
dbt_assets()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
dbt_assets(project, select="tag:daily")  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
dbt_assets(manifest=project, selection="tag:daily")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
dbt_assets(manifest=project, dagster_dbt_translator=DagsterDbtTranslator)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
dbt_assets(manifest=project)("everything")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

specs = build_dbt_asset_specs(manifest={"nodes": {}}, select="tag:daily")
assert_type(specs, list[dg.AssetSpec])
build_dbt_asset_specs(project)  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
unique_ids = [spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY] for spec in specs]
selection = build_dbt_asset_selection(
    [everything], dbt_select="tag:daily", dbt_selector=DBT_DEFAULT_SELECTOR
)
assert_type(selection, dg.AssetSelection)
build_dbt_asset_selection(everything)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
build_dbt_asset_selection([everything], select="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
upstream_too: dg.AssetSelection = selection.upstream()
by_manifest: dg.AssetSelection = DbtManifestAssetSelection.build(manifest=project, select="a+")
DbtManifestAssetSelection(manifest=project, select=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
schedule = build_schedule_from_dbt_selection(
    [everything],
    job_name="nightly",
    cron_schedule="0 5 * * *",
    tags={"a": "b"},
    config=dg.RunConfig(),
)
assert_type(schedule, dg.ScheduleDefinition)
build_schedule_from_dbt_selection([everything], "a", "@daily", default_status="RUNNING")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
checks = build_freshness_checks_from_dbt_assets(dbt_assets=[everything])
assert_type(checks, Sequence[dg.AssetChecksDefinition])
build_freshness_checks_from_dbt_assets([everything])  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
assert_type(get_asset_key_for_model([everything], "orders"), dg.AssetKey)
assert_type(get_asset_key_for_source([everything], "raw"), dg.AssetKey)
assert_type(get_asset_keys_by_output_name_for_source([everything], "raw"), dict[str, dg.AssetKey])
get_asset_key_for_model(everything, "orders")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
get_asset_key_for_source([everything], 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
get_asset_keys_by_output_name_for_source([everything])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@dg.asset(
    deps=[get_asset_key_for_model([everything], "orders")],
    ins={"users": dg.AssetIn(key=get_asset_key_for_model([everything], "users"))},
)
def report(users: Any) -> None: ...


@dg.multi_asset(
    outs={
        name: dg.AssetOut(key=key)
        for name, key in get_asset_keys_by_output_name_for_source([everything], "raw").items()
    }
)
def raw_tables() -> Iterator[dg.Output[int]]:
    yield dg.Output(1, output_name="source_shop_raw_orders")


@dg.sensor(asset_selection=selection)
def a_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest:
    return dg.RunRequest(asset_selection=[get_asset_key_for_model([everything], "orders")])


# -- a translator ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MySettings(DagsterDbtTranslatorSettings):
    by_team: bool = False


DagsterDbtTranslatorSettings(enable_tests=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DagsterDbtTranslatorSettings().enable_asset_checks = False  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
DagsterDbtTranslator(settings=MySettings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class MyTranslator(DagsterDbtTranslator):
    def __init__(self) -> None:
        super().__init__(settings=MySettings(enable_asset_checks=True, by_team=True))

    def get_resource_props(self, manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
        return {**super().get_resource_props(manifest, unique_id), "description": ""}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return super().get_asset_key(dbt_resource_props).with_prefix("warehouse")

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["description"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return group_from_dbt_resource_props_fallback_to_directory(
            dbt_resource_props
        ) or default_group_from_dbt_resource_props(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        return ["team:data"]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        return {"a": "b"}

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return None

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        return default_metadata_from_dbt_resource_props(dbt_resource_props)

    def get_freshness_policy(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.FreshnessPolicy | None:
        return super().get_freshness_policy(dbt_resource_props)

    def get_auto_materialize_policy(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutoMaterializePolicy | None:
        return super().get_auto_materialize_policy(dbt_resource_props)

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutomationCondition[Any] | None:
        return dg.AutomationCondition.eager()

    def get_partitions_def(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.PartitionsDefinition | None:
        return dg.StaticPartitionsDefinition(["a"])

    def get_partition_mapping(
        self, dbt_resource_props: Mapping[str, Any], dbt_parent_resource_props: Mapping[str, Any]
    ) -> dg.PartitionMapping | None:
        return dg.IdentityPartitionMapping()

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = get_node(manifest, unique_id)
        upstream: Set[str] = get_upstream_unique_ids(manifest, props)
        return spec.merge_attributes(metadata={"upstream": sorted(upstream)})

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        return super().get_asset_check_spec(asset_spec, manifest, unique_id, project)


class WithoutConstructor(DagsterDbtTranslator):
    def __init__(self) -> None: ...

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> str: ...  # type: ignore[override, empty-body]  # pyright: ignore[reportIncompatibleMethodOverride]


assert_type(MyTranslator().settings, DagsterDbtTranslatorSettings)
assert_type(MyTranslator().get_tags({}), Mapping[str, str])
assert_type(default_group_from_dbt_resource_props({}), str | None)
assert_type(group_from_dbt_resource_props_fallback_to_directory({}), str | None)
assert_type(default_metadata_from_dbt_resource_props({}), Mapping[str, Any])
assert_type(get_node({}, "model.shop.orders"), Mapping[str, Any])
assert_type(get_upstream_unique_ids({}, {}), Set[str])
default_group_from_dbt_resource_props()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
default_metadata_from_dbt_resource_props(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
group_from_dbt_resource_props_fallback_to_directory("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
get_node("model.shop.orders")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
get_upstream_unique_ids({}, "model.shop.orders")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# -- commands ----------------------------------------------------------------------------------------

dbt = DbtCliResource(project_dir=project)
DbtCliResource(project_dir="transform", profiles_dir=Path("profiles"), target="prod")
DbtCliResource(project_dir=dg.EnvVar("DBT_PROJECT"), profile=dg.EnvVar("DBT_PROFILE"))
DbtCliResource(project_dir=project, global_config_flags=["--no-use-colors"], state_path="state")
DbtCliResource(project_dir=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class OwnResource(DbtCliResource):
    team: str = "data"


OwnResource(project_dir="transform", team="data")
invocation = dbt.cli(
    ["run"], manifest=project, dagster_dbt_translator=MyTranslator(), raise_on_error=False
)
assert_type(invocation, DbtCliInvocation)
assert_type(invocation.wait(), DbtCliInvocation)
assert_type(invocation.is_successful(), bool)
assert_type(invocation.get_error(), Exception | None)
assert_type(invocation.target_path, Path)
assert_type(invocation.get_artifact("run_results.json"), dict[str, Any])
assert_type(invocation.process.returncode, int | None)
assert_type(invocation.dbt_command, str)
assert_type(invocation.returncode, int | None)
assert_type(dbt.get_defer_args() + dbt.get_state_args(), list[str])
assert_type(dbt.project, DbtProject)
dbt.cli(["build"], contxt=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
dbt.cli([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
invocation.get_artifact()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
invocation.target_path = Path()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
DbtCliEventMessage()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
events = invocation.stream()
events.fetch_row_count()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
for event in events.fetch_row_counts().fetch_column_metadata(with_column_lineage=False):
    if isinstance(event, dg.AssetMaterialization):
        assert_type(event.asset_key, dg.AssetKey)
for message in invocation.stream_raw_events():
    assert_type(message, DbtCliEventMessage)
    assert_type(message.raw_event, dict[str, Any])
    assert_type(message.event_type, str)
    assert_type(message.log_level, str)
    message.to_default_asset_events()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    for made in message.to_default_asset_events(manifest=project):
        print(made)


@dg.op
def an_op(context: dg.OpExecutionContext, dbt: DbtCliResource) -> None:
    dbt.cli(["deps"], context=context).wait()
    retry = DbtRetryPolicy(attempts=2, backoff="linear", on=["connection"])
    dbt.cli(["build"], context=context, retry=retry).wait()


@dg.asset
def an_asset(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> dg.MaterializeResult[Any]:
    done = dbt.cli(["run-operation", "count"], context=context).wait()
    return dg.MaterializeResult(metadata={"results": len(done.get_artifact("run_results.json"))})


@dg.job(resource_defs={"dbt": dbt})
def a_job() -> None:
    an_op()


def iterator_of(command: DbtCliInvocation) -> DbtEventIterator[Any]:
    return command.stream()


DbtRetryPolicy(backoff="cubic")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# -- components --------------------------------------------------------------------------------------


@dataclass
class OwnComponent(DbtProjectComponent):
    team: str = "data"

    @property
    def op_config_schema(self) -> type[dg.Config]:
        return BuildConfig

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(owners=[f"team:{self.team}"])

    def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from super().execute(context, dbt)

    def get_cli_args(self, context: dg.AssetExecutionContext) -> list[str]:
        return [*super().get_cli_args(context), "--fail-fast"]


component = DbtProjectComponent(
    project=DbtProjectArgs("transform", profiles_dir=Path("profiles")),
    translation_settings=DagsterDbtComponentTranslatorSettings(enable_code_references=False),
)
git_component = DbtProjectComponent(project=RemoteGitDbtProjectManager("https://example.com/r.git"))
OwnComponent(project=DbtProject("transform"), select="tag:daily", cli_args=["build"])
DbtProjectComponent()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DbtProjectComponent(project=component.project, select=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DbtProjectArgs()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
RemoteGitDbtProjectManager(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DagsterDbtComponentTranslatorSettings(enable_tests=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
get_projects_from_dbt_component("defs")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(component.get_asset_selection("tag:daily"), dg.AssetSelection)
assert_type(component.asset_key_for_model("orders"), dg.AssetKey)
assert_type(component.dbt_project, DbtProject)
assert_type(get_projects_from_dbt_component(Path()), list[DbtProject])

# -- tables and definitions --------------------------------------------------------------------------

defs = dg.Definitions(
    assets=[everything, several_commands, untyped, report, raw_tables, an_asset],
    asset_checks=checks,
    schedules=[schedule],
    sensors=[a_sensor],
    jobs=[a_job, dg.define_asset_job("some", selection=by_manifest | selection)],
    resources={
        "dbt": dbt,
        "io": DbtIOManager(project=project),
        "frames": DbtIOManager(project_dir="transform", default_frame="polars"),
    },
)
DbtIOManager(default_frame="spark")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# -- from before @dbt_assets -------------------------------------------------------------------------

older = load_assets_from_dbt_project(
    "transform",
    key_prefix=["warehouse"],
    partitions_def=dg.DailyPartitionsDefinition("2024-01-01"),
    partition_key_to_vars_fn=lambda key: {"day": key},
)
assert_type(older, Sequence[dg.AssetsDefinition])
load_assets_from_dbt_manifest(
    manifest=Path("manifest.json"), dagster_dbt_translator=KeyPrefixDagsterDbtTranslator("a")
)
assert_type(load_assets_from_dbt_manifest(project), Sequence[dg.AssetsDefinition])
load_assets_from_dbt_project()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
load_assets_from_dbt_project("transform", node_info_to_group_fn="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
load_assets_from_dbt_manifest(manifest=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
KeyPrefixDagsterDbtTranslator(key_prefix=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(dbt_cli_resource, dg.ResourceDefinition)
dbt_cli_resource.configure({})  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
configured = dbt_cli_resource.configured({"project_dir": "transform"})


def with_client(client: DbtCliClient) -> DbtCliOutput:
    client.run(select=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    output = client.run(select=["orders"], full_refresh=True)
    assert_type(output.return_code, int)
    return output


DbtCliClient()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DbtCliOutput(command="run")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# -- the dbt platform --------------------------------------------------------------------------------

workspace = DbtCloudWorkspace(
    credentials=DbtCloudCredentials(account_id="1", token=dg.EnvVar("DBT_CLOUD_TOKEN")),
    project_id=2,
    environment_id="3",
    adhoc_job_pool_mode="wait",
)
DbtCloudCredentials(account_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DbtCloudWorkspace(project_id=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@dbt_cloud_assets(workspace=workspace, select="tag:daily", group_name="daily")
def on_platform(
    context: dg.AssetExecutionContext, dbt_cloud: DbtCloudWorkspace
) -> Iterator[object]:
    command = dbt_cloud.cli(["build"], context=context)
    assert_type(command, DbtCloudCliInvocation)
    assert_type(command.run_url, str | None)
    yield from command.wait()


DbtCloudCliInvocation()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(on_platform, dg.AssetsDefinition)
dbt_cloud_assets(select="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(load_dbt_cloud_asset_specs(workspace), Sequence[dg.AssetSpec])
load_dbt_cloud_asset_specs(workspace, select=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(load_dbt_cloud_check_specs(workspace), Sequence[dg.AssetCheckSpec])
load_dbt_cloud_check_specs("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(build_dbt_cloud_polling_sensor(workspace=workspace), dg.SensorDefinition)
build_dbt_cloud_polling_sensor(workspace)  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
cloud_component = DbtCloudComponent(workspace=workspace, create_sensor=False)
assert_type(cloud_component.get_asset_selection("tag:daily"), dg.AssetSelection)
DbtCloudComponent()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# -- errors ------------------------------------------------------------------------------------------

try:
    invocation.wait()
except dbt_component.errors.SelectionError as refused:
    assert_type(refused.hint, str | None)
except DagsterDbtCliRuntimeError as error:
    assert_type(error.description, str | None)
except (
    DagsterDbtCoreNotInstalledError,
    DagsterDbtManifestNotFoundError,
    DagsterDbtProfilesDirectoryNotFoundError,
    DagsterDbtProjectNotFoundError,
    DagsterDbtProjectYmlFileNotFoundError,
) as problem:
    print(problem.hint)
except DagsterDbtError as other:
    print(other.message)

DagsterDbtError()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
DagsterDbtCliRuntimeError()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
failure: dg.Failure = dbt_component.errors.DagsterDbtCliRuntimeError("dbt failed")
