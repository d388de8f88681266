"""Decides in a running step what it leaves out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from dbt_component._dagster import outputs_of_other_steps
from dbt_component.dbt_process.arguments import DbtArguments
from dbt_component.dbt_process.engine import Engine
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.execution.event_tags import SETTINGS
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.unchanged.build_settings import (
    forcing_option,
    settings_digest,
)
from dbt_component.execution.unchanged.known_facts import Observation
from dbt_component.execution.unchanged.left_out import LeftOut
from dbt_component.execution.unchanged.project_graph import ProjectGraph
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_decision import StepDecision
from dbt_component.project.project import DbtProject


class StepSkipping:
    """What a step leaves out because nothing changed, and what it records for later runs.

    Args:
        policy: What counts as a change.
        bound: What belongs to the op.
        settings: The digest of the settings of the run.
        forced: Why everything runs, if it does.
    """

    def __init__(
        self, policy: SkipPolicy, bound: BoundOp, *, settings: str, forced: str | None
    ) -> None:
        self._policy = policy
        self._bound = bound
        self._settings = settings
        self._forced = forced
        self._left_out: LeftOut | None = None

    @classmethod
    def of(
        cls,
        policy: SkipPolicy | None,
        bound: BoundOp,
        project: DbtProject,
        engine: Engine,
        arguments: DbtArguments,
    ) -> "StepSkipping | None":
        """What one command of a step leaves out; ``None`` without a policy, or if the command builds nothing."""
        if policy is None or not arguments.command.builds or arguments.command.name == "clone":
            return None
        differences = bound.prepared.differences(
            project,
            engine,
            vars=arguments.vars,
            profile=arguments.profile,
            target=arguments.target,
        )
        settings = settings_digest(arguments, project, differences)
        forced = why_forced(policy, arguments, differences)
        return cls(policy, bound, settings=settings, forced=forced)

    @property
    def recorded_tags(self) -> Mapping[str, str]:
        """The tags of each materialization of the step."""
        return {SETTINGS: self._settings}

    def find_left_out(
        self,
        context: dg.OpExecutionContext,
        events: StepEvents,
        expected: frozenset[str],
        measured: Mapping[str, str] | None = None,
    ) -> frozenset[str]:
        """Unique ids of what the step leaves out. A summary goes to the log.

        Args:
            context: The context of the step.
            events: Its assets and checks.
            expected: Unique ids of the nodes and tests that the command would run.
            measured: The data version of each source that the step has measured, by asset key. They need not be in
                the event log yet.
        """
        # What reads the event log takes half a second to import where nothing has read it yet.
        from dbt_component.execution.unchanged.instance_facts import read_facts

        if self._forced is not None:
            context.log.info(f"Nothing is left out as unchanged: {self._forced}.")
            return frozenset()
        index = self._bound.prepared.manifest.index
        graph = _project_graph(context, self._bound).of(
            {
                unique_id: context.assets_def.specs_by_key[selected[1]]
                for unique_id in expected
                if (selected := events.output_of(unique_id)) is not None
            },
            [unique_id for unique_id in expected if unique_id in index.test_by_id],
        )
        try:
            facts = read_facts(context.instance, graph, run_id=context.run_id)
        except Exception as error:  # noqa: BLE001 - each storage raises its own
            context.log.warning(
                "Nothing is left out as unchanged, because the event log can't be read: %s", error
            )
            return frozenset()
        if measured:
            now = time.time()
            observed = {key: Observation(version, now) for key, version in measured.items()}
            facts = replace(facts, observations={**facts.observations, **observed})
        decision = StepDecision.of(graph, facts, self._policy, settings_of=lambda _: self._settings)
        context.log.info(f"Since their last builds: {decision.summary()}")
        self._left_out = LeftOut(decision, events, outputs_of_other_steps(context))
        return self._left_out.ids

    @property
    def leaves_out_anything(self) -> bool:
        """Whether ``find_left_out`` found anything."""
        return self._left_out is not None and bool(self._left_out.ids)

    def render(self) -> Iterator[DagsterEvent]:
        """The events about what was left out."""
        if self._left_out is not None:
            yield from self._left_out.render()


def why_forced(policy: SkipPolicy, arguments: DbtArguments, differences: list[str]) -> str | None:
    """Why all nodes run; ``None`` if it depends on each of them."""
    if not policy.is_on:
        return "`skip_unchanged` is off for this run"
    if option := forcing_option(arguments):
        return f"`{option}` is set"
    if differences:
        shown = "; ".join(differences[:3]) + (" …" if len(differences) > 3 else "")
        return f"the project is not as it was prepared ({shown})"
    return None


def _project_graph(context: dg.OpExecutionContext, bound: BoundOp) -> ProjectGraph:
    """The project with the keys that assets have in the running job, where a user may have changed them."""
    assets_def: Any = context.assets_def
    own = {
        bound.nodes.asset_ids[output]: key
        for output, key in assets_def.node_keys_by_output_name.items()
        if output in bound.nodes.asset_ids
    }
    checks = {
        bound.nodes.check_ids[output]: spec.key
        for output, spec in assets_def.node_check_specs_by_output_name.items()
        if output in bound.nodes.check_ids
    }
    return ProjectGraph(
        bound.prepared.manifest,
        {**bound.keys.key_of, **own},
        {**bound.keys.check_key_of, **checks},
    )
