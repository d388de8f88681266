"""The lineage of single queries, each against origins that were found by reading it."""

import pytest

from dbt_component.lineage.column_lineage import ColumnLineage
from dbt_component.lineage.dialect import find_dialect
from dbt_component.lineage.queried_table import QueriedTable
from dbt_component.lineage.query import UntraceableError, trace_query

ORDERS = ("id", "customer_id", "amount", "status")
CUSTOMERS = ("id", "name", "email")


def trace(
    sql: str,
    *,
    adapter: str = "postgres",
    own: tuple[str, ...] = (),
    orders: tuple[str, ...] = ORDERS,
    customers: tuple[str, ...] = CUSTOMERS,
) -> ColumnLineage:
    quote = "`" if adapter in ("bigquery", "databricks") else '"'
    sql = sql.format(
        orders=f"{quote}db{quote}.{quote}s{quote}.{quote}orders{quote}",
        customers=f"{quote}db{quote}.{quote}s{quote}.{quote}customers{quote}",
        this=f"{quote}db{quote}.{quote}s{quote}.{quote}this{quote}",
    )
    return trace_query(
        sql,
        dialect=find_dialect(adapter),
        tables=[
            QueriedTable("o", (f"{quote}db{quote}.{quote}s{quote}.{quote}orders{quote}",), orders),
            QueriedTable(
                "c", (f"{quote}db{quote}.{quote}s{quote}.{quote}customers{quote}",), customers
            ),
        ],
        own=QueriedTable("this", (f"{quote}db{quote}.{quote}s{quote}.{quote}this{quote}",), own),
    )


def shown(lineage: ColumnLineage) -> dict[str, str]:
    return {
        column: " ".join(f"{parent.unique_id}.{parent.column}" for parent in parents)
        for column, parents in lineage.columns.items()
    }


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "select id, amount * 2 as twice, 1 as one from {orders}",
            {"id": "o.id", "twice": "o.amount", "one": ""},
        ),
        (
            "select o.*, c.name from {orders} o join {customers} c on o.customer_id = c.id",
            {
                "id": "o.id",
                "customer_id": "o.customer_id",
                "amount": "o.amount",
                "status": "o.status",
                "name": "c.name",
            },
        ),
        (
            "with a as (select * from {orders}), b as (select * from a where amount > 0)"
            " select b.id, upper(status) as state from b",
            {"id": "o.id", "state": "o.status"},
        ),
        (
            "select id from {orders} union all select id from {customers}",
            {"id": "c.id o.id"},
        ),
        (
            "select id, row_number() over (partition by customer_id order by amount) as n from {orders}",
            {"id": "o.id", "n": "o.amount o.customer_id"},
        ),
        (
            "select sum(amount) over w as total from {orders} window w as (partition by customer_id)",
            {"total": "o.amount o.customer_id"},
        ),
        (
            "select (select max(name) from {customers} c where c.id = o.customer_id) as name, count(*) as n"
            " from {orders} o group by o.customer_id",
            {"name": "c.name", "n": ""},
        ),
        (
            "with recursive chain as (select id, customer_id as up from {orders} union all"
            " select chain.id, o.customer_id from chain join {orders} o on o.id = chain.up)"
            " select * from chain",
            {"id": "o.id", "up": "o.customer_id"},
        ),
        (
            "select id::citext as a, name::vector(3) as b, email::my.enum_type as c,"
            " name::geometry(Point, 4326) as d from {customers}",
            {"a": "c.id", "b": "c.name", "c": "c.email", "d": "c.name"},
        ),
        (
            "select x.both, u.part from {customers} c, lateral (select c.name || c.email as both) x,"
            " unnest(string_to_array(c.email, '@')) as u(part)",
            {"both": "c.email c.name", "part": "c.email"},
        ),
        (
            "select case when amount > 3 then c.name else c.email end as text, coalesce(o.status, 'x') as s"
            " from {orders} o join {customers} c on true where o.id > 0 order by o.customer_id",
            {"text": "c.email c.name o.amount", "s": "o.status"},
        ),
        (
            "with __dbt__cte__small as (select id as small_id, amount from {orders}),"
            " x as (select * from __dbt__cte__small) select * from x;",
            {"small_id": "o.id", "amount": "o.amount"},
        ),
        (
            "select id, amount from (select * from {orders} where false limit 0) _dbt_limit_subq_orders",
            {"id": "o.id", "amount": "o.amount"},
        ),
        ("select s.orders.id, db.s.orders.amount from db.s.orders", {"id": "o.id", "amount": "o.amount"}),
        ("(select id from {orders})", {"id": "o.id"}),
        ("select other.a, o.id from elsewhere.other cross join {orders} o", {"a": "", "id": "o.id"}),
    ],
)  # fmt: skip
def test_columns_of_postgres(sql: str, expected: dict[str, str]) -> None:
    lineage = trace(sql)
    assert shown(lineage) == expected
    assert lineage.is_complete and lineage.unknown == ()


@pytest.mark.parametrize(
    ("adapter", "sql", "expected"),
    [
        ("duckdb", "select * exclude (id, name) from {customers}", {"email": "c.email"}),
        (
            "duckdb",
            "select * replace (lower(name) as email) from {customers}",
            {"id": "c.id", "name": "c.name", "email": "c.name"},
        ),
        (
            "duckdb",
            "select * from (select customer_id, status, amount from {orders})"
            " pivot (sum(amount) for status in ('new', 'old'))",
            {"customer_id": "o.customer_id", "new": "o.amount", "old": "o.amount"},
        ),
        ("duckdb", "from {orders} select id", {"id": "o.id"}),
        (
            "duckdb",
            "select max(id) over w as top from {orders} window w as (partition by status)",
            {"top": "o.id o.status"},
        ),
        ("snowflake", 'select ID, "Amount" as A from DB.S.ORDERS', {"id": "o.id", "a": "o.amount"}),
        (
            "snowflake",
            "select f.value:x::string as v, o.id from {orders} o, lateral flatten(input => o.status) f",
            {"v": "o.status", "id": "o.id"},
        ),
        (
            "bigquery",
            "select id, part from {orders}, unnest(split(status)) as part"
            " qualify row_number() over (partition by id) = 1",
            {"id": "o.id", "part": "o.status"},
        ),
        (
            "databricks",
            "select id, explode(split(status, ',')) as part from {orders}",
            {"id": "o.id", "part": "o.status"},
        ),
        ("redshift", "select top 3 id, nvl(status, '') as s from {orders}", {"id": "o.id", "s": "o.status"}),
        ("an_unknown_adapter", "select id from {orders}", {"id": "o.id"}),
    ],
)  # fmt: skip
def test_columns_of_other_databases(adapter: str, sql: str, expected: dict[str, str]) -> None:
    assert shown(trace(sql, adapter=adapter)) == expected


def test_names_are_spelled_as_in_the_database() -> None:
    lineage = trace(
        "select id, STATUS as state from {orders}",
        orders=("Id", "Status"),
        own=("ID", "State"),
    )
    assert shown(lineage) == {"ID": "o.Id", "State": "o.Status"}


def test_the_relation_itself_is_no_origin() -> None:
    lineage = trace(
        "select id, amount from {orders} union all select id, amount from {this}",
        own=("id", "amount"),
    )
    assert shown(lineage) == {"id": "o.id", "amount": "o.amount"}


@pytest.mark.parametrize(
    "sql",
    [
        "select * from {orders}",
        "with a as (select * from {orders}), b as (select * from a where x > 1) select * from b",
        "with a as (select * from {orders}) select id, x from a",
        "with a as (select *, 1 as one from {orders}) select a.id, a.x from a",
    ],
)
def test_a_star_over_unknown_columns_stands_for_one_table(sql: str) -> None:
    lineage = trace(sql, orders=(), own=("id", "x"))
    assert shown(lineage) == {"id": "o.id", "x": "o.x"}


def test_stars_in_a_union_are_followed_by_name() -> None:
    sql = "with both as (select * from {orders} union all select * from {customers}) select id, x from both"
    lineage = trace(sql, orders=(), customers=())
    assert shown(lineage) == {"id": "c.id o.id", "x": "c.x o.x"}


def test_a_column_that_may_be_of_two_tables_is_unknown_rather_than_wrong() -> None:
    sql = "select amount, c.name from {orders} o join {customers} c on true"
    assert shown(trace(sql, orders=())) == {"amount": "o.amount", "name": "c.name"}
    lineage = trace(sql, orders=(), customers=())
    assert shown(lineage) == {"name": "c.name"}
    assert lineage.unknown == ("amount",)
    both = trace("select * from {orders}, {customers}", orders=(), customers=(), own=("id", "x"))
    assert (both.columns, both.unknown, both.is_complete) == ({}, ("id", "x"), False)
    renamed = trace(
        "select * rename (id as key) from {orders}", adapter="snowflake", orders=(), own=("key",)
    )
    assert renamed.columns == {} and renamed.unknown == ("key",)


def test_columns_named_by_the_database_are_matched_with_the_built_ones() -> None:
    sql = "select max(id), customer_id, coalesce(min(status), '') from {orders} group by 2"
    lineage = trace(sql, own=("max", "customer_id", "coalesce"))
    assert shown(lineage) == {"max": "o.id", "customer_id": "o.customer_id", "coalesce": "o.status"}
    assert shown(trace(sql)) == {"customer_id": "o.customer_id"}


def test_relations_that_are_calls_or_queries_are_tables_too() -> None:
    files = "read_csv('orders/*.csv', delim = '|')"
    lineage = trace_query(
        f"select id, total from {files} as f",
        dialect=find_dialect("duckdb"),
        tables=[QueriedTable("files", (files,))],
        own=QueriedTable("this", ()),
    )
    assert shown(lineage) == {"id": "files.id", "total": "files.total"}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select id from", "Expected table name"),
        ("select 1 as a; select 2 as b", "The SQL is not one query, but SELECT, SELECT"),
        ("create table x as select 1 as a", "The SQL is not one query, but CREATE"),
        ("-- nothing", "The SQL is not one query, but nothing"),
        ("select " + "(" * 5_000 + "1" + ")" * 5_000 + " as a", "nested too deeply"),
    ],
)
def test_what_is_no_query_has_a_reason(sql: str, reason: str) -> None:
    with pytest.raises(UntraceableError, match=reason):
        trace(sql)
