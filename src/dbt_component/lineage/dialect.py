"""The SQL dialect of a dbt adapter, as sqlglot names it."""

from functools import cache
from typing import Any

_DIALECTS = {
    "alloydb": "postgres",
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "databricks_sql": "databricks",
    "dremio": "dremio",
    "doris": "doris",
    "duckdb": "duckdb",
    "exasol": "exasol",
    "fabric": "fabric",
    "fabricspark": "spark",
    "glue": "spark",
    "greenplum": "postgres",
    "hive": "hive",
    "impala": "hive",
    "materialize": "materialize",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "risingwave": "risingwave",
    "singlestore": "singlestore",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "starrocks": "starrocks",
    "synapse": "tsql",
    "teradata": "teradata",
    "trino": "trino",
}


def find_dialect(adapter_type: str) -> Any:
    """The dialect of an adapter, in which names differ by more than case; sqlglot's own for an unknown adapter.

    Args:
        adapter_type: dbt's name of the adapter, for example ``postgres``.
    """
    from sqlglot import Dialect

    name = _DIALECTS.get(adapter_type, "")
    return Dialect.get_or_raise(f"{name}, normalization_strategy=case_insensitive")


@cache
def sqlglot_version() -> str:
    """The version of sqlglot, on which what it understands depends."""
    from importlib.metadata import version

    return version("sqlglot")
