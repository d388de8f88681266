"""What kind of error a node or dbt itself failed with, by the message of the database."""

from enum import Enum

from dbt_component.dbt_process.child.child_statuses import FAILED_STATUSES
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.execution.error_messages import COMMON, OF_ADAPTER


class ErrorClass(str, Enum):
    """A kind of error. The first four pass by themselves, as a rule."""

    CONNECTION = "connection"
    """The database could not be reached, or ended the connection."""
    TIMEOUT = "timeout"
    """The database gave up after a time limit, of its own or of the session."""
    DEADLOCK = "deadlock"
    """The database chose the transaction as the victim of a conflict with another one."""
    THROTTLE = "throttle"
    """The database accepts no more connections, queries or requests at the moment."""
    CRASH = "crash"
    """dbt's process ended without a result, for example because it was killed."""
    COMPILE = "compile"
    """dbt could not render or parse the node's code."""
    DATA = "data"
    """Any other error of the database or the adapter."""
    TEST = "test"
    """A test that ran and did not pass."""


TRANSIENT = (
    ErrorClass.CONNECTION,
    ErrorClass.TIMEOUT,
    ErrorClass.DEADLOCK,
    ErrorClass.THROTTLE,
)
_COMPILE_ERRORS = ("Compilation Error", "Parsing Error", "Env var required", "Contract Error")


def class_of_node(finished: NodeFinished, *, adapter: str) -> ErrorClass | None:
    """The kind of error that a node failed with; ``None`` for one that did not fail.

    Args:
        finished: dbt's report.
        adapter: Type of the project's adapter, such as ``postgres``.
    """
    if finished.status not in FAILED_STATUSES:
        return None
    if finished.status == "fail":
        return ErrorClass.TEST
    return class_of_message(finished.message or "", adapter=adapter)


def class_of_message(message: str, *, adapter: str) -> ErrorClass:
    """The kind of error that a message is about.

    Args:
        message: dbt's message, which contains that of the database.
        adapter: Type of the adapter. The messages of others are not looked for.
    """
    if message.lstrip().startswith(_COMPILE_ERRORS):
        return ErrorClass.COMPILE
    # A message about a deadlock may also say that the connection ended, and so on: the most special comes first.
    for error_class in (
        ErrorClass.DEADLOCK,
        ErrorClass.THROTTLE,
        ErrorClass.TIMEOUT,
        ErrorClass.CONNECTION,
    ):
        for table in (OF_ADAPTER.get(adapter, {}), COMMON):
            pattern = table.get(error_class.value)
            if pattern is not None and pattern.search(message):
                return error_class
    return ErrorClass.DATA
