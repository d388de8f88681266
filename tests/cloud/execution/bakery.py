"""The project bakery as dbt assets whose step runs on the stand-in platform."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component import dbt_assets
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.execution.followed_run import Patience
from dbt_component.cloud.execution.invocation import DbtCloudCliInvocation, invoke_on_platform
from dbt_component.cloud.execution.poll_pace import PollPace
from tests.dbt_platform.platform import StandInPlatform
from tests.dbt_platform.run import Run

OnEvent = Callable[[DbtCloudCliInvocation, Any], None]
PACE = PollPace(0.1, 0.3)
PATIENCE = Patience(without_answer=5, without_run=2, without_results=3, without_nodes=1)


@dataclass
class Step:
    """What a step of Dagster reported, and the command that it ran."""

    result: dg.ExecuteInProcessResult
    commands: list[DbtCloudCliInvocation]
    instance: dg.DagsterInstance

    @property
    def command(self) -> DbtCloudCliInvocation:
        return self.commands[-1]

    @property
    def built(self) -> dict[str, dict[str, Any]]:
        """Metadata of each materialization, by the name of its asset."""
        found = {}
        for event in self.result.get_asset_materialization_events():
            materialization = event.step_materialization_data.materialization
            name = materialization.asset_key.path[-1]
            assert name not in found, "an asset is materialized once"
            found[name] = {key: value.value for key, value in materialization.metadata.items()}
        return found

    @property
    def order(self) -> list[str]:
        """Names of the assets in the order of their materializations."""
        events = self.result.get_asset_materialization_events()
        return [e.step_materialization_data.materialization.asset_key.path[-1] for e in events]

    @property
    def checked(self) -> dict[str, dg.AssetCheckEvaluation]:
        found = {}
        for evaluation in self.result.get_asset_check_evaluations():
            assert evaluation.check_name not in found, "a check is evaluated once"
            found[evaluation.check_name] = evaluation
        return found

    @property
    def not_built(self) -> dict[str, dg.AssetObservation]:
        return {
            (o := event.asset_observation_data.asset_observation).asset_key.path[-1]: o
            for event in self.result.get_asset_observation_events()
        }

    @property
    def error(self) -> str:
        """The message of the step's error; empty if it succeeded."""
        for event in self.result.all_events:
            if event.is_step_failure:
                return str(event.step_failure_data.error_display_string)
        return ""

    @property
    def log(self) -> str:
        return "\n".join(e.user_message for e in self.instance.all_logs(self.result.run_id))


@dataclass
class Bakery:
    """Runs the project's assets on the platform."""

    platform: StandInPlatform
    client: DbtCloudClient
    job_id: int
    manifest_path: Path
    seen: list[DbtCloudCliInvocation] = field(default_factory=list)

    def assets(
        self,
        *args: str,
        on_event: OnEvent = lambda *_: None,
        retry_policy: dg.RetryPolicy | None = None,
        **settings: Any,
    ) -> dg.AssetsDefinition:
        settings = {"pace": PACE, "patience": PATIENCE, **settings}

        @dbt_assets(manifest=self.manifest_path, name="bakery", retry_policy=retry_policy)
        def bakery(context: dg.AssetExecutionContext) -> Iterator[Any]:
            invocation = self.invoke(*args, context=context, **settings)
            for event in invocation.stream():
                on_event(invocation, event)
                yield event

        return bakery

    def invoke(self, *args: str, **settings: Any) -> DbtCloudCliInvocation:
        settings = {"pace": PACE, "patience": PATIENCE, **settings}
        invocation = invoke_on_platform(
            args, **{"client": self.client, "pick_job": lambda *_: self.job_id, **settings}
        )
        self.seen.append(invocation)
        return invocation

    def materialize(
        self,
        *args: str,
        selection: Any = None,
        instance: dg.DagsterInstance | None = None,
        **settings: Any,
    ) -> Step:
        instance = instance or dg.DagsterInstance.ephemeral()
        before = len(self.seen)
        result = dg.materialize(
            [self.assets(*(args or ("build",)), **settings)],
            selection=selection,
            raise_on_error=False,
            instance=instance,
        )
        return Step(result, self.seen[before:], instance)

    def last_run(self) -> Run:
        """The last run that this step started, as the platform knows it."""
        run = self.seen[-1].run
        assert run is not None, "a run was started"
        return self.platform.run(run.id)

    def runs(self) -> Sequence[int]:
        """Ids of all runs of the job."""
        listed = self.client.runs(
            project_id=self.platform.project_id,
            environment_id=self.platform.environment_id,
            job_id=self.job_id,
        )
        return [run.id for run in listed]
