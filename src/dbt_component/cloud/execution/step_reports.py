"""What a step of a followed run reports about its nodes: by the log while it runs, by its results at its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from dbt_component.cloud.client.run_step import CloudRunStep
from dbt_component.dbt_process.events import NodeFinished


@dataclass(frozen=True)
class NodeLogged:
    """The step's log says that a node has ended. The step's results are still to come."""

    finished: NodeFinished


@dataclass(frozen=True)
class StepEnded:
    """A dbt command of the run has ended.

    Attributes:
        step: The step, with its logs.
        nodes: All nodes that it reported, in the order in which they ended.
        has_results: Whether they come from the step's run_results.json; otherwise from its log alone, because there is
            no such file.
    """

    step: CloudRunStep
    nodes: Sequence[NodeFinished]
    has_results: bool


StepReport = NodeLogged | StepEnded
