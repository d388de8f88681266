"""What a run needs to know of the definitions that it runs."""

from dataclasses import dataclass

from dbt_component.definitions.node_map import NodeMap
from dbt_component.project.prepared import PreparedProject


@dataclass(frozen=True)
class RunBinding:
    """Ties a dbt resource to definitions and to the project that they were built from.

    ``metadata`` names what to fetch of each relation after it is built.
    """

    prepared: PreparedProject
    node_map: NodeMap
    metadata: frozenset[str] = frozenset()
