"""Relations of a real PostgreSQL, with exact values, through each driver."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dbt_component.api.io import postgres_driver
from dbt_component.api.io.postgres_driver import DRIVERS, connection_string
from dbt_component.errors import RelationLoadError
from tests.api.io import test_partition_sql
from tests.api.io.warehouse import Warehouse

pytestmark = pytest.mark.server
UTC = timezone.utc


@pytest.fixture(params=DRIVERS)
def warehouse(
    request: pytest.FixtureRequest, postgres_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """The project on PostgreSQL, with one of the drivers only."""
    monkeypatch.setattr(postgres_driver, "DRIVERS", (request.param,))
    yield postgres_warehouse
    postgres_warehouse.write_output({})


# (SQL, the Arrow type, the value)
TYPES: dict[str, tuple[str, pa.DataType, Any]] = {
    "small": ("32767::smallint", pa.int16(), 32767),
    "large": ("9007199254740993::bigint", pa.int64(), 9007199254740993),
    "real": ("0.5::real", pa.float32(), 0.5),
    "double": ("0.1::float8", pa.float64(), 0.1),
    "flag": ("true", pa.bool_(), True),
    "money": (
        "12345678901234567.89::numeric(19,2)",
        pa.decimal128(19, 2),
        Decimal("12345678901234567.89"),
    ),
    "rounded": ("1200::numeric(4,-2)", pa.decimal128(6, 0), Decimal("1200")),
    "free": ("-0.000123::numeric", pa.decimal128(38, 6), Decimal("-0.000123")),
    "words": ("'é ''\"\\ \n,'::text", pa.string(), "é '\"\\ \n,"),
    "empty": ("''::varchar(3)", pa.string(), ""),
    "padded": ("'a'::char(3)", pa.string(), "a"),
    "bytes": ("'\\x00ff'::bytea", pa.binary(), b"\x00\xff"),
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
    "short_time": (
        "'2024-01-02 03:04:05.4'::timestamp(1)",
        pa.timestamp("us"),
        datetime(2024, 1, 2, 3, 4, 5, 400000),
    ),
    "endless": ("'infinity'::timestamptz", pa.timestamp("us", "UTC"), None),
    "document": ("'{\"a\": [1, null]}'::jsonb", pa.string(), '{"a": [1, null]}'),
    "as_written": ("'{\"b\":  1}'::json", pa.string(), '{"b":  1}'),
    "id": (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        pa.string(),
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    "span": ("interval '1 month 2 days'", pa.string(), "1 mon 2 days"),
    "numbers": ("array[1, null, 3]", pa.list_(pa.int32()), [1, None, 3]),
    "texts": ("array['a,b', null]::varchar[]", pa.list_(pa.string()), ["a,b", None]),
    "numerics": ("array[1.50]", pa.string(), "{1.50}"),
    "address": ("'10.0.0.1/8'::inet", pa.string(), "10.0.0.1/8"),
    "mood": ("'glad'::mood", pa.string(), "glad"),
    "positive": ("5::positive", pa.int32(), 5),
}


def create_types(warehouse: Warehouse) -> None:
    columns = ", ".join(f"{sql} as {name}" for name, (sql, _, _) in TYPES.items())
    warehouse.create_rows(
        f"select {columns}",
        "drop type if exists mood",
        "create type mood as enum ('glad')",
        "drop domain if exists positive",
        "create domain positive as integer check (value > 0)",
    )
    warehouse.database.run(["insert into raw.rows (small) values (null)"])


def test_every_type_arrives_exactly(warehouse: Warehouse) -> None:
    create_types(warehouse)
    table = warehouse.load(annotation=pa.Table)
    assert {field.name: field.type for field in table.schema} == {
        name: type_ for name, (_, type_, _) in TYPES.items()
    }
    rows = sorted(table.to_pylist(), key=lambda row: row["small"] is None)
    assert rows[0] == {name: value for name, (_, _, value) in TYPES.items()}
    assert rows[1] == dict.fromkeys(TYPES)


def test_pandas_has_exact_values_too(warehouse: Warehouse) -> None:
    create_types(warehouse)
    frame = warehouse.load(annotation=pd.DataFrame).sort_values("small", ignore_index=True)
    first = frame.iloc[0]
    assert first["large"] == 9007199254740993 and str(frame["large"].dtype) == "Int64"
    assert first["money"] == Decimal("12345678901234567.89")
    assert first["instant"] == pd.Timestamp("2024-01-01 21:34:05", tz="UTC")
    assert first["day"] == date(2024, 2, 29)
    assert json.loads(first["document"]) == {"a": [1, None]}
    assert frame.iloc[1].isna().all()


def test_numbers_that_no_decimal_holds_are_text(warehouse: Warehouse) -> None:
    wide = "1" * 30 + "." + "2" * 30
    warehouse.create_rows(
        f"select 'NaN'::numeric as n, {wide}::numeric as w union all select 1.5, 1"
    )
    table = warehouse.load(annotation=pa.Table)
    assert sorted(table["n"].to_pylist()) == ["1.5", "NaN"]
    assert sorted(table["w"].to_pylist()) == ["1", wide]


def test_an_empty_relation_has_the_same_types(warehouse: Warehouse) -> None:
    create_types(warehouse)
    warehouse.database.run(["delete from raw.rows"])
    table = warehouse.load(annotation=pa.Table)
    assert table.num_rows == 0
    expected = {name: type_ for name, (_, type_, _) in TYPES.items()}
    expected["free"] = pa.decimal128(38, 0)
    assert {field.name: field.type for field in table.schema} == expected


def test_many_rows_arrive_once_each(warehouse: Warehouse) -> None:
    warehouse.create_rows(
        "select g as n, case when g % 3 = 0 then g::text end as t from generate_series(1, 45000) g"
    )
    table = warehouse.load(annotation=pa.Table)
    assert sorted(table["n"].to_pylist()) == list(range(1, 45001))
    assert table["t"].null_count == 30000


@pytest.mark.parametrize("key", test_partition_sql.HOSTILE)
def test_each_driver_binds_hostile_keys(key: str, warehouse: Warehouse) -> None:
    test_partition_sql.test_a_hostile_key_selects_its_own_rows_only(key, warehouse)


@pytest.mark.parametrize("type_", list(test_partition_sql.TIMES))
def test_each_driver_binds_times(type_: str, warehouse: Warehouse) -> None:
    test_partition_sql.test_a_time_window_holds_its_start_and_not_its_end(type_, warehouse)


def test_a_relation_that_writes_can_not(warehouse: Warehouse) -> None:
    warehouse.database.run(["create table if not exists raw.log (n int)"])
    warehouse.database.run(
        [
            "drop table if exists raw.rows",
            "create or replace function raw.note() returns int language sql as"
            " 'insert into raw.log values (1) returning n'",
            "create view raw.rows as select raw.note() as n",
        ]
    )
    try:
        with pytest.raises(RelationLoadError, match="read-only transaction"):
            warehouse.load()
    finally:
        warehouse.database.run(["drop view raw.rows"])


def test_the_role_and_search_path_of_the_profile_apply(warehouse: Warehouse) -> None:
    warehouse.create_rows("select 1 as n")
    warehouse.database.run(
        [
            "drop view if exists raw.who",
            "drop role if exists wh_reader",
            "create role wh_reader",
            "grant usage on schema raw to wh_reader",
            "drop table raw.rows",
            "create view raw.rows as select current_user::text as role, current_setting('search_path') as path",
            "grant select on raw.rows to wh_reader",
        ]
    )
    warehouse.write_output({"role": "wh_reader", "search_path": "raw, public"})
    try:
        assert warehouse.load().to_dict("records") == [{"role": "wh_reader", "path": "raw, public"}]
    finally:
        warehouse.database.run(
            ["drop view raw.rows", "drop owned by wh_reader", "drop role wh_reader"]
        )


def test_a_missing_relation_is_named_by_the_database(warehouse: Warehouse) -> None:
    warehouse.database.run(["drop table if exists raw.rows"])
    with pytest.raises(
        RelationLoadError, match=r'refused the query(.|\n)*raw.rows" does not exist'
    ):
        warehouse.load()


def test_values_of_a_connection_string_are_escaped() -> None:
    assert connection_string({"password": "a'b\\c d", "host": "h"}) == (
        r"password='a\'b\\c d' host='h'"
    )
