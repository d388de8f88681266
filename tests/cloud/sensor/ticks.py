"""The sensor as Dagster's daemon runs it: tick after tick, each with the cursor of the one before."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.sensor.observed_project import ObservedProject
from dbt_component.cloud.sensor.poll import PollLimits
from dbt_component.cloud.sensor.sensor import build_run_sensor
from tests.dbt_platform import StandInPlatform

Names = list[str]


@dataclass
class Ticks:
    """The staging environment of a platform, observed by one sensor."""

    platform: StandInPlatform
    project: ObservedProject
    instance: dg.DagsterInstance
    limits: PollLimits = field(default_factory=lambda: PollLimits(retry_delay_seconds=0))
    budget_seconds: float = 30
    timeout_seconds: float = 5
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.client = DbtCloudClient(
            self.platform.account_id,
            token=self.platform.token,
            access_url=self.platform.access_url,
            timeout_seconds=self.timeout_seconds,
            retry_delay_seconds=0.01,
        )
        self.message: str | None = None

    def evaluate(self) -> Any:
        """A tick whose events and cursor are lost, as if the daemon had ended before it stored them."""
        sensor = build_run_sensor(
            client=lambda: self.client,
            account_id=self.platform.account_id,
            project_id=self.platform.project_id,
            environment_id=self.platform.staging_environment_id,
            project=lambda: self.project,
            limits=self.limits,
            budget_seconds=self.budget_seconds,
        )
        return sensor.evaluate_tick(dg.build_sensor_context(self.instance, cursor=self.cursor))

    def tick(self) -> list[Any]:
        """The events of a tick, which are stored with its cursor."""
        found = self.evaluate()
        self.store(found.asset_events)
        self.cursor, self.message = found.cursor, found.skip_message
        return list(found.asset_events)

    def store(self, events: Any) -> None:
        for event in events:
            self.instance.report_runless_asset_event(event)

    def all(self, most: int = 50) -> list[Any]:
        """The events of ticks until one has none and does not say that the next one goes on."""
        found: list[Any] = []
        for _ in range(most):
            events = self.tick()
            found += events
            if not events and "goes on" not in (self.message or ""):
                return found
        raise AssertionError(f"there was something new in each of {most} ticks: {self.message}")


def names(events: list[Any]) -> Names:
    """Asset and check names, in order."""
    return [name_of(event) for event in events]


def name_of(event: Any) -> str:
    key: dg.AssetKey = event.asset_key
    if isinstance(event, dg.AssetCheckEvaluation):
        return f"{key.to_user_string()}:{event.check_name}"
    return key.to_user_string()


def urls(events: list[Any]) -> Counter[str]:
    """How many events each run has."""
    return Counter(event.metadata["run_url"].value for event in events)
