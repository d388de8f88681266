"""DbtIOManager: dbt relations as arguments of assets, in real runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dbt_component import DbtCliResource, DbtIOManager, DbtProject, dbt_assets
from dbt_component.errors import DagsterDbtManifestNotFoundError, RelationLoadError
from tests.api.io.warehouse import EVENTS, ROWS, Warehouse, load
from tests.dg_project import DgProject, run

DAILY = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")


def assets_of(project: DbtProject, **arguments: Any) -> dg.AssetsDefinition:
    @dbt_assets(manifest=project, **arguments)
    def wh(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()

    return wh


@pytest.mark.server
def test_assets_get_what_dbt_built_in_the_same_run_and_nothing_is_written(
    duck_warehouse: Warehouse,
) -> None:
    given: dict[str, Any] = {}

    @dg.asset(
        ins={
            "lines": dg.AssetIn(
                ["Sales", "orders"],
                input_manager_key="io_manager",
                metadata={"columns": ["name"]},
            )
        }
    )
    def by_key(lines: pl.DataFrame) -> None:
        given["lines"] = lines

    @dg.asset
    def by_argument(shown: pd.DataFrame) -> None:
        given["shown"] = shown

    project = duck_warehouse.project
    defs = dg.Definitions(
        assets=[assets_of(project, io_manager_key="wh"), by_key, by_argument],
        resources={
            "dbt": DbtCliResource(project_dir=str(project.project_dir)),
            "wh": DbtIOManager(),
            "io_manager": DbtIOManager(project=project),
        },
    )
    before = duck_warehouse.database.read_relations()
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert given["lines"].to_dicts() == [{"name": "x"}]
    assert sorted(given["shown"]["id"]) == [2, 3]
    assert duck_warehouse.database.read_relations() == before


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        (pd.DataFrame, pd.DataFrame),
        (pl.DataFrame, pl.DataFrame),
        (pl.LazyFrame, pl.LazyFrame),
        (pa.Table, pa.Table),
        (pd.DataFrame | None, pd.DataFrame),
        (Any, pl.DataFrame),
    ],
)
def test_the_annotation_decides_the_type_and_without_one_the_default(
    annotation: Any, type_: type, duck_warehouse: Warehouse
) -> None:
    manager = DbtIOManager(project=duck_warehouse.project, default_frame="polars")
    assert type(duck_warehouse.load(EVENTS, annotation, manager=manager)) is type_


def test_an_annotation_that_is_no_frame_is_refused_with_the_types_there_are(
    duck_warehouse: Warehouse,
) -> None:
    with pytest.raises(RelationLoadError) as caught:
        duck_warehouse.load(EVENTS, dict)
    for name in ("'dict'", "pandas.DataFrame", "polars.LazyFrame", "pyarrow.Table"):
        assert name in str(caught.value)


def test_relations_come_from_the_manifest_with_alias_schema_identifier_and_quotes(
    warehouse: Warehouse,
) -> None:
    assert warehouse.load(dg.AssetKey(["Sales", "orders"])).to_dict("records") == [
        {"id": 1, "name": "x"}
    ]
    assert warehouse.load(EVENTS).to_dict("list") == {"Event": [3]}


def test_a_renamed_asset_is_found_by_the_unique_id_in_its_metadata(
    duck_warehouse: Warehouse,
) -> None:
    made = assets_of(duck_warehouse.project).with_attributes(
        asset_key_replacements={dg.AssetKey(["Sales", "orders"]): dg.AssetKey("renamed")}
    )
    found = load("renamed", manager=DbtIOManager(), upstream=[made])
    assert found.to_dict("list") == {"id": [1], "name": ["x"]}
    spec = dg.AssetSpec("elsewhere", metadata={"dagster_dbt/unique_id": "source.wh.raw.events"})
    assert len(duck_warehouse.load("elsewhere", upstream=[spec])) == 1


@pytest.mark.server
def test_assets_of_a_component_are_loaded_from_the_project_in_its_state(
    dg_project: DgProject, in_dev: None
) -> None:
    dg_project.write_component(translation={"key_prefix": "shop"})
    (dg_project.defs_folder / "beside.py").write_text(
        "import dagster as dg, pandas as pd\n"
        "from dbt_component import DbtIOManager\n"
        "@dg.asset(ins={'customers': dg.AssetIn(['shop', 'customers'], input_manager_key='wh')})\n"
        "def count(customers: pd.DataFrame) -> dg.MaterializeResult:\n"
        "    return dg.MaterializeResult(metadata={'rows': len(customers)})\n"
        "defs = dg.Definitions(assets=[count], resources={'wh': DbtIOManager()})\n"
    )
    assert not (dg_project.dbt_folder / "target" / "manifest.json").exists()
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.metadata["count"]["rows"] == 3


def test_the_settings_of_the_io_manager_choose_profile_and_target(
    duck_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (duck_warehouse.folder / "profiles.yml").read_text()
    path = duck_warehouse.database.output()["path"]
    (tmp_path / "profiles.yml").write_text(
        text.replace("dev:", "other:").replace(path, "\"{{ env_var('WH_PATH') }}\"")
    )
    monkeypatch.setenv("WH_PATH", path)
    monkeypatch.setenv("WH_TARGET", "other")
    manager = DbtIOManager(
        project_dir=str(duck_warehouse.folder),
        profiles_dir=str(tmp_path),
        target=dg.EnvVar("WH_TARGET"),
    )
    assert len(duck_warehouse.load(EVENTS, manager=manager)) == 1
    monkeypatch.delenv("WH_PATH")
    with pytest.raises(RelationLoadError, match="WH_PATH"):
        duck_warehouse.load(EVENTS, manager=manager)


def test_a_manifest_and_a_folder_are_enough(duck_warehouse: Warehouse) -> None:
    manager = DbtIOManager(
        manifest=duck_warehouse.project.manifest_path, project_dir=str(duck_warehouse.folder)
    )
    assert len(duck_warehouse.load(EVENTS, manager=manager)) == 1
    with pytest.raises(RelationLoadError, match=r"DbtIOManager\(project=…\)"):
        duck_warehouse.load(
            EVENTS, manager=DbtIOManager(manifest=duck_warehouse.project.manifest_path)
        )


def test_a_project_without_a_manifest_is_refused(dg_project: DgProject) -> None:
    manager = DbtIOManager(project_dir=str(dg_project.dbt_folder))
    with pytest.raises(DagsterDbtManifestNotFoundError, match="dbt parse"):
        load("nowhere_else", manager=manager)
    with pytest.raises(RelationLoadError, match="is a str"):
        load("nowhere_else", manager=DbtIOManager(project="shop"))


def test_columns_are_loaded_in_the_order_of_the_list(warehouse: Warehouse) -> None:
    warehouse.create_rows('select 1 as a, 2 as "B c", 3 as "d%s"""')
    found = warehouse.load(columns=['d%s"', "A", "B c"])
    assert found.to_dict("records") == [{'d%s"': 3, "a": 1, "B c": 2}]
    with pytest.raises(RelationLoadError, match="no column 'b'") as caught:
        warehouse.load(columns=["b", "a"])
    assert "Its columns are 'a', 'B c'" in str(caught.value)
    with pytest.raises(RelationLoadError, match="'columns' is 'a'"):
        warehouse.load(columns="a")


def test_an_ephemeral_model_and_an_unknown_node_are_refused(duck_warehouse: Warehouse) -> None:
    spec = dg.AssetSpec("hidden", metadata={"dagster_dbt/unique_id": "model.wh.hidden"})
    with pytest.raises(RelationLoadError, match="is ephemeral"):
        duck_warehouse.load("hidden", upstream=[spec])
    with pytest.raises(RelationLoadError, match="asset 'nothing'") as caught:
        duck_warehouse.load("nothing")
    assert "dagster_dbt/unique_id" in str(caught.value)


def test_an_output_with_a_value_is_refused_and_one_without_is_ignored(
    duck_warehouse: Warehouse,
) -> None:
    @dg.asset
    def writer() -> Any:
        return pd.DataFrame()

    @dg.asset
    def silent() -> Any:
        return None

    resources = {"io_manager": DbtIOManager()}
    with pytest.raises(
        RelationLoadError, match=r"'writer' returns a DataFrame.*only reads"
    ) as caught:
        dg.materialize([writer], resources=resources)
    assert "io_manager_key" in str(caught.value)
    assert dg.materialize([silent], resources=resources).success


def test_an_input_of_an_op_is_refused() -> None:
    @dg.op
    def first() -> None: ...

    @dg.op(ins={"value": dg.In(input_manager_key="wh")})
    def second(value: Any) -> None: ...

    @dg.job(resource_defs={"wh": DbtIOManager()})
    def job() -> None:
        second(first())

    with pytest.raises(RelationLoadError, match="is no asset"):
        job.execute_in_process()


def test_a_check_loads_the_asset_that_it_checks(duck_warehouse: Warehouse) -> None:
    made = assets_of(duck_warehouse.project, io_manager_key="wh")

    @dg.asset_check(asset=dg.AssetKey(["Sales", "orders"]))
    def has_rows(orders: pd.DataFrame) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=len(orders) == 1)

    defs = dg.Definitions(
        assets=[made],
        asset_checks=[has_rows],
        resources={
            "wh": DbtIOManager(),
            "dbt": DbtCliResource(project_dir=str(duck_warehouse.folder)),
        },
    )
    outcome = run(defs, dg.AssetSelection.checks(has_rows))
    assert outcome.checks == {"Sales/orders:has_rows": True}


def test_only_the_partition_of_the_run_is_loaded(warehouse: Warehouse) -> None:
    days = ("2024-01-01", "2024-01-02", "2024-01-03")
    warehouse.create_rows(
        " union all ".join(f"select cast('{day} 00:00:00' as timestamp) as day" for day in days)
    )
    found = warehouse.load(partitions_def=DAILY, partition_key=days[1], partition_expr="day")
    assert found["day"].tolist() == [pd.Timestamp(days[1])]
    tags = {
        "dagster/asset_partition_range_start": days[1],
        "dagster/asset_partition_range_end": days[2],
    }
    found = warehouse.load(partitions_def=DAILY, partition_expr="day", tags=tags)
    assert sorted(found["day"]) == [pd.Timestamp(day) for day in days[1:]]


def test_a_relation_without_a_partition_expression_is_loaded_entirely_with_a_warning(
    duck_warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    duck_warehouse.create_rows("select 1 as a union all select 2")
    found = duck_warehouse.load(ROWS, partitions_def=DAILY, partition_key="2024-01-02")
    assert len(found) == 2
    assert "has a 'partition_expr'" in capsys.readouterr().err


def test_the_partition_expression_may_be_in_the_assets_metadata_or_in_dbt(
    duck_warehouse: Warehouse,
) -> None:
    numbers = dg.StaticPartitionsDefinition(["2", "3"])
    found = duck_warehouse.load("shown", partitions_def=numbers, partition_key="3")
    assert found["id"].tolist() == [3]
    duck_warehouse.create_rows("select 1 as a union all select 2")
    found = duck_warehouse.load(
        ROWS, spec_metadata={"partition_expr": "a"}, partitions_def=numbers, partition_key="2"
    )
    assert found["a"].tolist() == [2]


def test_the_password_is_in_no_message(
    postgres_refusing: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RelationLoadError) as caught:
        postgres_refusing.load(EVENTS)
    shown = f"{caught.value}{caught.value.__cause__}{caught.value!r}{capsys.readouterr()}"
    assert "refused the connection" in shown
    assert "s3cr3t-w0rd" not in shown


@pytest.fixture
def postgres_refusing(duck_warehouse: Warehouse, folder: Path) -> Warehouse:
    """A project whose PostgreSQL does not answer."""

    class Absent(type(duck_warehouse.database)):  # type: ignore[misc]
        def output(self) -> dict[str, Any]:
            return {
                "type": "postgres",
                "host": "127.0.0.1",
                "port": 1,
                "user": "u",
                "password": "s3cr3t-w0rd",
                "dbname": "d",
                "schema": "s",
            }

        def run(self, statements: Any) -> None: ...

    made = Warehouse(folder, Absent(folder / "database"))
    made.dbt("parse")
    return made
