"""The kinds of errors, by the messages that databases document."""

import pytest

from dbt_component.dbt_process.events import NodeFinished
from dbt_component.execution.error_class import ErrorClass, class_of_message, class_of_node

MESSAGES = [
    (
        "postgres",
        "connection",
        'connection to server at "db", port 5432 failed: Connection refused',
    ),
    ("postgres", "connection", "server closed the connection unexpectedly"),
    ("postgres", "connection", "terminating connection due to administrator command"),
    ("postgres", "connection", "FATAL:  the database system is starting up"),
    ("postgres", "timeout", "canceling statement due to statement timeout"),
    ("postgres", "timeout", "canceling statement due to lock timeout"),
    ("postgres", "deadlock", "deadlock detected\n  DETAIL:  Process 1 waits for ShareLock"),
    ("postgres", "deadlock", "could not serialize access due to concurrent update"),
    ("postgres", "throttle", "FATAL:  sorry, too many clients already"),
    (
        "postgres",
        "throttle",
        "remaining connection slots are reserved for roles with the SUPERUSER",
    ),
    ("postgres", "data", 'relation "nowhere" does not exist'),
    ("postgres", "data", "division by zero"),
    ("redshift", "deadlock", "1023 DETAIL: Serializable isolation violation on table - 100"),
    ("redshift", "timeout", "Query (5) cancelled by WLM abort action of Query Monitoring Rule"),
    (
        "duckdb",
        "deadlock",
        "IO Error: Could not set lock on file: Conflicting lock is held in python",
    ),
    ("duckdb", "deadlock", "TransactionContext Error: Failed to commit: Transaction conflict"),
    ("duckdb", "data", "Conversion Error: Could not convert string 'x' to INT32"),
    (
        "snowflake",
        "connection",
        "250001 (08001): Could not connect to Snowflake backend after 2 attempts",
    ),
    ("snowflake", "connection", "390114 (08001): Authentication token has expired."),
    (
        "snowflake",
        "timeout",
        "000630 (57014): Statement reached its statement or warehouse timeout of 10 second(s)",
    ),
    (
        "snowflake",
        "deadlock",
        "000625 (57014): Statement was aborted because the number of waiters for this lock exceeds the 20 statements limit",
    ),
    (
        "bigquery",
        "throttle",
        "403 Exceeded rate limits: too many table update operations for this table",
    ),
    ("bigquery", "deadlock", "Could not serialize access to table p:d.t due to concurrent update"),
    (
        "bigquery",
        "timeout",
        "Operation did not complete within the designated timeout of 300 seconds",
    ),
    ("bigquery", "connection", "503 backendError: try again"),
    (
        "databricks",
        "deadlock",
        "[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added to the root",
    ),
    ("databricks", "throttle", "REQUEST_LIMIT_EXCEEDED: too many requests"),
    ("databricks", "connection", "TEMPORARILY_UNAVAILABLE: the cluster is restarting"),
    (
        "trino",
        "throttle",
        "TrinoQueryError(type=INSUFFICIENT_RESOURCES, name=QUERY_QUEUE_FULL, message=Too many queued queries)",
    ),
    ("trino", "connection", "TrinoQueryError(type=INTERNAL_ERROR, name=SERVER_STARTING_UP)"),
    (
        "trino",
        "timeout",
        "TrinoQueryError(name=EXCEEDED_TIME_LIMIT, message=Query exceeded the maximum execution time)",
    ),
    (
        "some_adapter",
        "connection",
        "HTTPSConnectionPool(host='x'): Max retries exceeded with url: /",
    ),
    ("some_adapter", "timeout", "read timed out"),
    ("some_adapter", "data", "sorry, too many clients already"),
    (
        "postgres",
        "compile",
        "Compilation Error in model a (models/a.sql)\n  'x' is undefined; connection refused",
    ),
]


@pytest.mark.parametrize(("adapter", "expected", "message"), MESSAGES)
def test_messages_of_databases(adapter: str, expected: str, message: str) -> None:
    if expected not in ("compile",):
        message = f"Database Error in model a (models/a.sql)\n  {message}\n  compiled code at target/a.sql"
    assert class_of_message(message, adapter=adapter) == expected


def test_a_test_that_ran_and_did_not_pass_is_no_error_of_the_database() -> None:
    def class_of(status: str, message: str | None) -> ErrorClass | None:
        return class_of_node(NodeFinished("test.a.b", status, message=message), adapter="postgres")

    assert class_of("fail", "Got 2 results, configured to fail if != 0") is ErrorClass.TEST
    assert class_of("error", "deadlock detected") is ErrorClass.DEADLOCK
    assert class_of("error", None) is ErrorClass.DATA
    for status in ("success", "pass", "warn", "skipped", "no-op"):
        assert class_of(status, "deadlock detected") is None
