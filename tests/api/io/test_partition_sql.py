"""Conditions on partitions, run by real databases."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dbt_component.api.io.partition_sql import ExpressionKind, bound_condition, literal_condition
from dbt_component.api.io.relation_query import PartitionCondition
from dbt_component.api.io.sql_text import in_dollar_style, in_format_style
from dbt_component.errors import RelationLoadError
from tests.api.io.warehouse import ROWS, Warehouse

HOSTILE = [
    "it's",
    "' or 1=1 --",
    "\\' or true --",
    '"; drop table raw.rows; --',
    "%s $1 ? :x",
    "é/..//",
]
NEW_YORK = dg.DailyPartitionsDefinition("2024-03-01", timezone="America/New_York")


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_selects_its_own_rows_only(key: str, warehouse: Warehouse) -> None:
    texts = [f"select cast({literal(text)} as text) as k" for text in [*HOSTILE, "other"]]
    warehouse.create_rows(" union all ".join(texts))
    found = warehouse.load(
        ROWS,
        partitions_def=dg.StaticPartitionsDefinition(HOSTILE),
        partition_key=key,
        partition_expr="k",
    )
    assert found["k"].tolist() == [key]


def test_keys_are_compared_as_text_with_columns_of_other_types(warehouse: Warehouse) -> None:
    warehouse.create_rows("select 7 as n, true as b union all select 70, false")
    for expression, key in (("n", "7"), ("b", "true"), ("n % 8", "7"), ("n + 0", "7")):
        found = warehouse.load(
            ROWS,
            partitions_def=dg.StaticPartitionsDefinition(["7", "true", "7' or '1'='1"]),
            partition_key=key,
            partition_expr=expression,
        )
        assert found["n"].tolist() == [7], expression


TIMES = {
    "date": ["2024-03-09", "2024-03-10", "2024-03-11"],
    "timestamp": ["2024-03-09 23:59:59.999999", "2024-03-10 00:00:00", "2024-03-11 00:00:00"],
    # The day of the change to summer time: 23 hours, in New York.
    "timestamptz": ["2024-03-10 04:59:59+00", "2024-03-10 05:00:00+00", "2024-03-11 04:00:00+00"],
    "text": ["2024-03-09", "2024-03-10", "2024-03-11"],
}


@pytest.mark.parametrize("type_", list(TIMES))
def test_a_time_window_holds_its_start_and_not_its_end(type_: str, warehouse: Warehouse) -> None:
    rows = [
        f"select {number} as n, cast('{time}' as {type_}) as t"
        for number, time in enumerate(TIMES[type_])
    ]
    warehouse.create_rows(" union all ".join(rows))
    found = warehouse.load(
        ROWS, partitions_def=NEW_YORK, partition_key="2024-03-10", partition_expr="t"
    )
    assert found["n"].tolist() == [1]


def test_two_dimensions_are_both_filtered(warehouse: Warehouse) -> None:
    days, shops = ["2024-01-01", "2024-01-02"], ["a", "b'"]
    warehouse.create_rows(
        " union all ".join(
            f"select date '{day}' as d, cast({literal(shop)} as text) as s"
            for day in days
            for shop in shops
        )
    )
    definition = dg.MultiPartitionsDefinition(
        {
            "day": dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-03"),
            "shop": dg.StaticPartitionsDefinition(shops),
        }
    )
    found = warehouse.load(
        ROWS,
        partitions_def=definition,
        partition_key="2024-01-02|b'",
        partition_expr={"day": "d", "shop": "s"},
    )
    assert [(str(d)[:10], s) for d, s in found.itertuples(index=False)] == [("2024-01-02", "b'")]


def condition(*keys: str, windows: bool = False) -> PartitionCondition:
    zone = ZoneInfo("Europe/Berlin")
    window = (datetime(2024, 1, 1, tzinfo=zone), datetime(2024, 1, 2, tzinfo=zone))
    return PartitionCondition("x", keys, (window,) if windows else None)


def test_literals_are_refused_where_databases_differ_in_escaping() -> None:
    assert literal_condition(((condition("a", "b-ü"),),)) == "(((x) in ('a', 'b-ü')))"
    for key in ("it's", "a\\", "a\nb", "a\x00"):
        with pytest.raises(RelationLoadError, match="can't be written in SQL"):
            literal_condition(((condition("a", key),),))


def test_literals_of_times_have_no_zone() -> None:
    assert literal_condition(((condition("2024-01-01", windows=True),),)) == (
        "((((x) >= '2024-01-01 00:00:00' and (x) < '2024-01-02 00:00:00')))"
    )


def test_no_partition_selects_no_row() -> None:
    assert literal_condition(()) == "1 = 0"


def test_percent_signs_are_doubled_only_beside_values() -> None:
    bound = bound_condition(
        ((PartitionCondition("x % 2", ("1",)),),), lambda _: ExpressionKind.TEXT
    )
    assert in_format_style(bound) == ("((((x %% 2) in (%s))))", ["1"])
    assert in_dollar_style(bound) == ("((((x % 2) in ($1))))", ["1"])
    assert in_format_style(("x % 2",)) == ("x % 2", [])
