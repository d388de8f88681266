"""The column lineage of a whole project, as a state holds it."""

from typing import Literal

import msgspec

from dbt_component.lineage.column_lineage import ColumnLineage

ColumnSource = Literal["documentation", "database"]
"""Where the columns of what has no query of its own are read. The database is asked besides the documentation."""


class NodeLineage(msgspec.Struct, frozen=True):
    """The lineage of one node; without it, ``problem`` is the reason.

    ``inputs`` is a digest of what the SQL and the lineage follow from, as far as it is known before dbt renders
    the SQL; ``query`` is a digest of the SQL and of the columns of all tables.
    """

    inputs: str
    query: str = ""
    lineage: ColumnLineage | None = None
    problem: str | None = None


class ProjectLineage(msgspec.Struct, frozen=True):
    """The lineage of a project's models and snapshots, by unique id."""

    nodes: dict[str, NodeLineage] = {}
    columns_from: ColumnSource = "documentation"

    @property
    def problems(self) -> dict[str, str]:
        """The reason for each node without lineage, by unique id."""
        return {i: node.problem for i, node in self.nodes.items() if node.problem is not None}
