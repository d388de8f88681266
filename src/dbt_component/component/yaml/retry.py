"""``retry:`` of defs.yaml."""

from typing import Annotated, Literal

import dagster as dg

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.execution.error_class import TRANSIENT
from dbt_component.execution.retry_policy import DbtRetryPolicy


class Retry(StrictResolvable):
    """Which failed nodes run again in the same step, how often and when."""

    attempts: Annotated[
        int,
        dg.Resolver.default(
            description="How often a node runs at most, the first time included. Default: 3."
        ),
    ] = 3
    delay_seconds: Annotated[
        float, dg.Resolver.default(description="Time before the second attempt. Default: 5.")
    ] = 5.0
    backoff: Annotated[
        Literal["constant", "linear", "exponential"],
        dg.Resolver.default(
            description="How that time grows from one attempt to the next: `constant`, `linear` or `exponential`,"
            " which doubles it. Default: exponential.",
        ),
    ] = "exponential"
    jitter: Annotated[
        Literal["none", "full", "plus_minus"],
        dg.Resolver.default(
            description="A random part of that time: `none`, `full` (up to all of it less) or `plus_minus` (up to all"
            " of it more or less). Default: none.",
        ),
    ] = "none"
    on: Annotated[
        list[str],
        dg.Resolver.default(
            description="Kinds of errors: `connection`, `timeout`, `deadlock`, `throttle`, which are the default,"
            " `crash` (of dbt), `compile`, `data` (any other error of the database) and `test` (a test that ran and"
            " did not pass).",
            examples=[["connection", "deadlock"]],
        ),
    ] = [error_class.value for error_class in TRANSIENT]  # noqa: RUF012 - a pydantic model copies it

    def policy(self) -> DbtRetryPolicy:
        """The policy.

        Raises:
            DefinitionError: A value is out of range.
        """
        return DbtRetryPolicy(
            attempts=self.attempts,
            delay_seconds=self.delay_seconds,
            backoff=self.backoff,
            jitter=self.jitter,
            on=self.on,
        )
