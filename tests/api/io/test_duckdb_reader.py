"""Relations of real DuckDB files, with exact values."""

import subprocess
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa
import pytest

from dbt_component import DbtIOManager
from dbt_component.errors import RelationLoadError
from tests.api.io.warehouse import EVENTS, Warehouse
from tests.equivalence.databases import DuckDatabase

UTC = timezone.utc

TYPES: dict[str, tuple[str, pa.DataType, Any]] = {
    "tiny": ("1::utinyint", pa.uint8(), 1),
    "large": ("9007199254740993", pa.int64(), 9007199254740993),
    "huge": ("9223372036854775808::hugeint", pa.decimal128(38, 0), Decimal(9223372036854775808)),
    "money": (
        "12345678901234567.89::decimal(19,2)",
        pa.decimal128(19, 2),
        Decimal("12345678901234567.89"),
    ),
    "flag": ("true", pa.bool_(), True),
    "words": ("'é ''\"'", pa.string(), "é '\""),
    "bytes": ("'\\x00\\xFF'::blob", pa.binary(), b"\x00\xff"),
    "day": ("date '2024-02-29'", pa.date32(), date(2024, 2, 29)),
    "clock": ("time '23:59:59.000001'", pa.time64("us"), time(23, 59, 59, 1)),
    "local": (
        "timestamp '2024-01-02 03:04:05.678901'",
        pa.timestamp("us"),
        datetime(2024, 1, 2, 3, 4, 5, 678901),
    ),
    "instant": (
        "timestamptz '2024-01-02 03:04:05+05:30'",
        pa.timestamp("us", "UTC"),
        datetime(2024, 1, 1, 21, 34, 5, tzinfo=UTC),
    ),
    "endless": ("'infinity'::timestamp", pa.timestamp("us"), None),
    "document": ("'{\"a\":  1}'::json", pa.string(), '{"a":  1}'),
    "id": (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        pa.string(),
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    "span": ("interval '1 month 2 days'", pa.string(), "1 month 2 days"),
    "numbers": ("[1, null, 3]", pa.list_(pa.int32()), [1, None, 3]),
    "struct": ("{'a': 1}", pa.struct([("a", pa.int32())]), {"a": 1}),
}


def test_every_type_arrives_exactly(duck_warehouse: Warehouse) -> None:
    columns = ", ".join(f"{sql} as {name}" for name, (sql, _, _) in TYPES.items())
    duck_warehouse.create_rows(f"select {columns}")
    duck_warehouse.database.run(["insert into raw.rows (tiny) values (null)"])
    duck_warehouse.write_output({"settings": {"TimeZone": "Asia/Tokyo"}})
    try:
        table = duck_warehouse.load(annotation=pa.Table)
    finally:
        duck_warehouse.write_output({})
    assert {f.name: f.type for f in table.schema} == {n: t for n, (_, t, _) in TYPES.items()}
    rows = sorted(table.to_pylist(), key=lambda row: row["tiny"] is None)
    assert rows[0] == {name: value for name, (_, _, value) in TYPES.items()}
    assert rows[1] == dict.fromkeys(TYPES)


HOLD = (
    "import duckdb, sys\n"
    "connection = duckdb.connect(sys.argv[1])\n"
    "print('open', flush=True)\n"
    "sys.stdin.read()\n"
)


def test_a_file_that_another_process_writes_is_an_error_with_a_remedy(
    duck_warehouse: Warehouse,
) -> None:
    path = duck_warehouse.database.output()["path"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        try:
            with pytest.raises(RelationLoadError, match="Another process has") as caught:
                duck_warehouse.load(EVENTS)
        finally:
            holder.stdin.close()
    assert "one writer" in str(caught.value) and path in str(caught.value)
    assert len(duck_warehouse.load(EVENTS)) == 1


def test_a_file_that_this_process_has_open_for_writing_is_an_error_with_a_remedy(
    duck_warehouse: Warehouse,
) -> None:
    with (
        duckdb.connect(duck_warehouse.database.output()["path"]),
        pytest.raises(RelationLoadError, match="This process has") as caught,
    ):
        duck_warehouse.load(EVENTS)
    assert "Close that connection" in str(caught.value)


@pytest.fixture
def own(folder: Path) -> Warehouse:
    """A project of the test's own, parsed but not built."""
    return Warehouse(folder, DuckDatabase(folder / "database"))


def test_databases_in_memory_and_missing_files_are_errors_with_a_remedy(own: Warehouse) -> None:
    own.write_output({"path": ":memory:"})
    own.dbt("parse")
    with pytest.raises(RelationLoadError, match="in memory"):
        own.load(EVENTS)
    own.write_output({"path": "later.duckdb"})
    own.dbt("parse")
    with pytest.raises(RelationLoadError, match=r"does not exist(.|\n)*later.duckdb"):
        own.load(EVENTS)
    assert not (own.folder / "later.duckdb").exists()


def test_paths_relative_to_dbts_folder_and_attached_databases_are_found(own: Warehouse) -> None:
    with duckdb.connect(str(own.folder / "main.duckdb")) as connection:
        connection.execute("create schema raw")
        connection.execute("create view raw.rows as select 1 as n")
    with duckdb.connect(str(own.folder / "side.duckdb")) as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.\"Raw Events\" as select 'side' as place")
    (own.folder / "lines.csv").write_text("a,b\n1,x\n")
    own.write_output({"path": "main.duckdb", "attach": [{"path": "side.duckdb", "alias": "side"}]})
    schema = own.folder / "models" / "schema.yml"
    schema.write_text(
        schema.read_text().replace("schema: raw\n", "schema: raw\n    database: side\n")
        + "  - name: files\n    tables:\n      - name: lines\n"
        "        config: {meta: {external_location: \"read_csv('lines.csv')\"}}\n"
        "        meta: {external_location: \"read_csv('lines.csv')\"}\n"
    )
    own.dbt("parse")
    assert own.load(EVENTS).to_dict("list") == {"place": ["side"]}
    assert own.load(dg.AssetKey(["files", "lines"])).to_dict("list") == {"a": [1], "b": ["x"]}
    own.write_output(
        {
            "path": ":memory:",
            "database": "memory",
            "attach": [{"path": "side.duckdb", "alias": "side"}],
        }
    )
    assert own.load(EVENTS, manager=DbtIOManager(project=own.project)).shape == (1, 1)


def test_a_column_of_the_wrong_kind_is_an_error_of_the_database(duck_warehouse: Warehouse) -> None:
    duck_warehouse.create_rows("select 1 as n")
    with pytest.raises(RelationLoadError, match=r"DuckDB refused the query(.|\n)*no_such"):
        duck_warehouse.load(
            partitions_def=dg.StaticPartitionsDefinition(["a"]),
            partition_key="a",
            partition_expr="no_such",
        )
