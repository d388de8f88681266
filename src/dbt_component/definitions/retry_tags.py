"""Tags of runs that decide what Dagster executes again after a failure."""

from collections.abc import Mapping

from dbt_component._dagster import RETRY_STRATEGY_TAG, ReexecutionStrategy


def with_retry_strategy(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags of a run, with the strategy that executes only assets and checks that failed or were skipped.

    Dagster's own default executes the entire step again, which for dbt is all that was selected. A strategy in
    ``tags`` stays.
    """
    return {RETRY_STRATEGY_TAG: ReexecutionStrategy.FROM_ASSET_FAILURE.value, **(tags or {})}
