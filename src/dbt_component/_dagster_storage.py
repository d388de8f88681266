"""The only place that imports names of Dagster's event log outside its public API.

With SQLAlchemy it takes half a second to import, so only what reads the event log in a run or on the command line imports it, where it does.
"""

from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecordStatus,
)
from dagster._core.storage.event_log.base import AssetEventSummaryRecord, EventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.sqlalchemy_compat import db_fetch_mappings, db_select, db_subquery
from dagster._serdes import deserialize_value
from sqlalchemy import func as sql_function

__all__ = [
    "COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES",
    "AssetCheckExecutionRecordStatus",
    "AssetCheckExecutionsTable",
    "AssetEventSummaryRecord",
    "AssetKeyTable",
    "EventLogStorage",
    "SqlEventLogStorage",
    "SqlEventLogStorageTable",
    "db_fetch_mappings",
    "db_select",
    "db_subquery",
    "deserialize_value",
    "sql_function",
]
