"""The messages by which databases say that an error will pass, for each adapter, as their documentation lists them.

See: https://www.postgresql.org/docs/current/errcodes-appendix.html,
https://docs.aws.amazon.com/redshift/latest/dg/serial_isolation-serializable-isolation-troubleshooting.html,
https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api,
https://cloud.google.com/bigquery/docs/error-messages, https://docs.databricks.com/en/error-messages/error-classes.html,
https://trino.io/docs/current/develop/client-protocol.html and https://duckdb.org/docs/stable/connect/concurrency.html.
"""

import re
from collections.abc import Mapping

Table = Mapping[str, re.Pattern[str]]
"""Pattern of the messages by the value of an ``ErrorClass``."""


def _table(**parts: tuple[str, ...]) -> Table:
    return {name: re.compile("|".join(texts), re.IGNORECASE) for name, texts in parts.items()}


COMMON = _table(
    connection=(
        "connection refused",
        "connection reset by peer",
        "connection aborted",
        "broken pipe",
        "temporary failure in name resolution",
        "name or service not known",
        "network is unreachable",
        "no route to host",
        "remote end closed connection",
        "unexpected eof while reading",
        "max retries exceeded with url",
        r"\b50[23] (bad gateway|service unavailable)",
        "server disconnected",
    ),
    timeout=("timed out", "timeout expired", "etimedout", r"\b504 gateway time-?out"),
    throttle=("too many requests", r"\b429\b"),
)
"""Messages of the network and of HTTP, whatever the adapter."""

_POSTGRES = {
    "connection": (
        "server closed the connection unexpectedly",
        "terminating connection due to administrator command",
        "terminating connection because of crash of another server process",
        "the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)",
        "could not connect to server",
        "connection to server .* failed",
        "could not (receive data from|send data to) server",
        "could not translate host name",
        "ssl connection has been closed unexpectedly",
        "connection already closed",
        "no connection to the server",
    ),
    "timeout": (
        "canceling statement due to (statement|lock) timeout",
        "terminating connection due to idle-in-transaction timeout",
    ),
    "deadlock": (
        "deadlock detected",
        "could not serialize access",
        "canceling statement due to conflict with recovery",
        "tuple concurrently (updated|deleted)",
        "could not obtain lock on",
    ),
    "throttle": (
        "sorry, too many clients already",
        "remaining connection slots are reserved",
        "too many connections for (role|database)",
    ),
}

OF_ADAPTER: Mapping[str, Table] = {
    "postgres": _table(**_POSTGRES),
    "redshift": _table(
        connection=(*_POSTGRES["connection"], "connection time ?out"),
        timeout=(*_POSTGRES["timeout"], "cancelled by wlm abort action", "query timeout"),
        deadlock=(
            *_POSTGRES["deadlock"],
            "serializable isolation violation",
            "conflict with concurrent transaction",
        ),
        throttle=(*_POSTGRES["throttle"], "connection limit .* exceeded", "too many connections"),
    ),
    "duckdb": _table(
        deadlock=(
            "could not set lock on file",
            "conflicting lock is held",
            "transactioncontext error: .*conflict",
            "transaction conflict",
            "catalog write-write conflict",
        ),
    ),
    "snowflake": _table(
        connection=(
            "could not connect to snowflake backend",
            "failed to connect to db",
            "session no longer exists",
            "authentication token has expired",
            r"\b250001\b",
            r"\b39011[14]\b",
        ),
        timeout=("reached its statement or warehouse timeout", r"\b000630\b"),
        deadlock=(
            "aborted because the number of waiters for this lock exceeds",
            r"\b000625\b",
            "transaction .* was aborted",
        ),
        throttle=("exceeded the maximum number of concurrent", "queued? .* timed out"),
    ),
    "bigquery": _table(
        connection=(
            "backenderror",
            "internalerror",
            "retrying may solve the problem",
            "backend error",
        ),
        timeout=(
            "did not complete within the designated timeout",
            "deadline of .* exceeded",
            "job timed out",
            "execution was cancelled because .* timeout",
        ),
        deadlock=(
            "could not serialize access to table",
            "aborted due to concurrent update",
            "too many concurrent dml statements",
        ),
        throttle=(
            "ratelimitexceeded",
            "exceeded rate limits",
            "quotaexceeded.*concurrent",
            "jobratelimitexceeded",
        ),
    ),
    "databricks": _table(
        connection=(
            "could not establish (a )?connection",
            "temporarily_unavailable",
            "http_connection_error",
        ),
        timeout=("statement_timeout", "operation_timeout", "read operation timed"),
        deadlock=(
            "concurrentappend",
            "concurrentdeleteread",
            "concurrentdeletedelete",
            "concurrenttransaction",
            "concurrentwrite",
            "metadatachanged",
            "protocolchanged",
            "delta_concurrent_",
            "delta_metadata_changed",
        ),
        throttle=("request_limit_exceeded", "rate limit", "resource_exhausted"),
    ),
    "trino": _table(
        connection=(
            "server_starting_up",
            "server_shutting_down",
            "no_nodes_available",
            "remote_task_error",
            "remote_host_gone",
            "page_transport_error",
            "too_many_requests_failed",
        ),
        timeout=("page_transport_timeout", "exceeded_time_limit", "exceeded_queued_time_limit"),
        deadlock=("transaction_conflict", "transaction_already_aborted"),
        throttle=("query_queue_full", "too many queued queries", "cluster_out_of_memory"),
    ),
}
"""Messages of the databases, by the type of the adapter."""
