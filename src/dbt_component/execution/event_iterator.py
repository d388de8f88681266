"""``DbtEventIterator``: the Dagster events of a dbt command, with requests for more metadata."""

import logging
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from dbt_component._dagster import DagsterInvalidPropertyError
from dbt_component.dbt_process.child.child_metadata import (
    ADAPTER_RESPONSE,
    COLUMN_LINEAGE,
    FAILED_ROWS,
    TIMELINE,
)
from dbt_component.errors import DagsterDbtError
from dbt_component.lineage.requirement import has_sqlglot, require_sqlglot

_logger = logging.getLogger("dbt_component")
_EventT = TypeVar("_EventT")
_INSIGHTS = frozenset({"snowflake", "bigquery"})


class Invocation(Protocol):
    """The command whose events are iterated over."""

    @property
    def adapter_type(self) -> str | None:
        """The kind of database; ``None`` if it is unknown."""

    @property
    def runs_step(self) -> bool:
        """Whether it runs exactly the nodes of a step of dbt definitions."""

    def fetch_also(self, kind: str, *, wanted_by: str) -> None:
        """Asks for a kind of metadata about each relation that the command will build."""


class InsightsError(DagsterDbtError, DagsterInvalidPropertyError):
    """Insights are a service of Dagster+ that this package does not contain."""


class DbtEventIterator(Iterator[_EventT], Generic[_EventT]):
    """Iterates over the Dagster events of a dbt command, in the order in which dbt reports them.

    Nothing runs before the first event is asked for. Until then, the methods ask for more metadata, in any order.
    They return this iterator.

    Args:
        events: The events.
        dbt_cli_invocation: The command that they come from.
    """

    def __init__(self, events: Iterator[_EventT], dbt_cli_invocation: Invocation) -> None:
        self._events = events
        self._invocation = dbt_cli_invocation

    def __iter__(self) -> "DbtEventIterator[_EventT]":
        return self

    def __next__(self) -> _EventT:
        return next(self._events)

    def close(self) -> None:
        """Ends the iteration; dbt is stopped if it is running."""
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def fetch_row_counts(self) -> "DbtEventIterator[_EventT]":
        """Adds ``dagster/row_count`` to what is built; views are not counted, as that would run their query.

        dbt's own process counts, in up to four threads and connections of their own. A failure to count is a warning.

        Raises:
            DagsterDbtError: The command has already begun.
        """
        self._invocation.fetch_also("row_count", wanted_by="fetch_row_counts")
        return self

    def fetch_view_row_counts(self) -> "DbtEventIterator[_EventT]":
        """Adds ``dagster/row_count`` to views that are built. Each count runs the query of the view.

        Raises:
            DagsterDbtError: The command has already begun.
        """
        self._invocation.fetch_also("view_row_count", wanted_by="fetch_view_row_counts")
        return self

    def fetch_adapter_responses(self) -> "DbtEventIterator[_EventT]":
        """Adds ``adapter_response`` to what is built and checked: everything that the adapter says about the query.

        Nothing is queried for it. A database that charges for bytes or credits says here how many.

        Raises:
            DagsterDbtError: The command has already begun.
        """
        self._invocation.fetch_also(ADAPTER_RESPONSE, wanted_by="fetch_adapter_responses")
        return self

    def draw_timeline(self) -> "DbtEventIterator[_EventT]":
        """Adds a picture of the run to its log: when each node ran on which thread, and what determined the end.

        The picture is also in the command's ``target_path``, as timeline.svg. It is drawn when all events are read.

        Raises:
            DagsterDbtError: The command has already begun, or is not that of a step of dbt definitions.
        """
        if not self._invocation.runs_step:
            raise DagsterDbtError(
                "`draw_timeline()` is for the steps of dbt definitions, and this command runs outside of them.",
                hint="Pass the `context` of a dbt asset to `cli`.",
            )
        self._invocation.fetch_also(TIMELINE, wanted_by="draw_timeline")
        return self

    def fetch_failed_rows(self) -> "DbtEventIterator[_EventT]":
        """Adds up to five of the rows that fail a test to the result of its check, as a table ``failed_rows``.

        They are data, and Dagster's event log keeps them. dbt itself fetches them, after the test. A failure to fetch
        is a warning.

        Raises:
            DagsterDbtError: The command has already begun.
        """
        self._invocation.fetch_also(FAILED_ROWS, wanted_by="fetch_failed_rows")
        return self

    def fetch_column_metadata(
        self,
        with_column_lineage: bool | None = None,  # noqa: FBT001 - as in dagster-dbt
    ) -> "DbtEventIterator[_EventT]":
        """Adds ``dagster/column_schema`` with the columns and types in the database to what is built.

        Args:
            with_column_lineage: Whether to add ``dagster/column_lineage`` too: the upstream columns that each column
                is computed from. Default: if sqlglot is installed, which the extra ``lineage`` does.

        Raises:
            LineageError: ``with_column_lineage`` is true and sqlglot is not installed.
            DagsterDbtError: The command has already begun.
        """
        if with_column_lineage:
            require_sqlglot("fetch_column_metadata(with_column_lineage=True)")
        self._invocation.fetch_also("column_metadata", wanted_by="fetch_column_metadata")
        if with_column_lineage or (with_column_lineage is None and has_sqlglot()):
            self._invocation.fetch_also(COLUMN_LINEAGE, wanted_by="fetch_column_metadata")
        return self

    def with_insights(
        self,
        skip_config_check: bool = False,  # noqa: FBT001, FBT002 - as in dagster-dbt
        record_observation_usage: bool = True,  # noqa: FBT001, FBT002
    ) -> "DbtEventIterator[_EventT]":
        """Insights are a service of Dagster+ for Snowflake and BigQuery; for other databases a warning says so.

        Args:
            skip_config_check: Has no effect.
            record_observation_usage: Has no effect.

        Raises:
            InsightsError: The database is one that Insights support.
        """
        adapter = self._invocation.adapter_type
        if adapter in _INSIGHTS:
            raise InsightsError(
                f"`with_insights()` on {adapter!r} is a service of Dagster+, which needs the package `dagster-cloud`"
                " and dagster-dbt.",
                hint="Leave `with_insights()` out; `fetch_row_counts()` and `fetch_column_metadata()` need neither.",
            )
        _logger.warning(
            "`with_insights()` is left out: Insights are a service of Dagster+ for Snowflake and BigQuery, and this"
            " database is %s.",
            adapter or "unknown",
        )
        return self
