"""``column_lineage:`` of defs.yaml."""

from typing import Annotated, Literal

import dagster as dg

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.lineage.project_lineage import ColumnSource


class ColumnLineage(StrictResolvable):
    """How the lineage of columns is traced before the first run."""

    columns_from: Annotated[
        Literal["documentation", "database"],
        dg.Resolver.default(
            description="Where the columns of sources and seeds are read when the state is refreshed: from what the"
            " project documents, or also from the database, through dbt's adapter.",
        ),
    ] = "documentation"

    @property
    def source(self) -> ColumnSource:
        return self.columns_from
