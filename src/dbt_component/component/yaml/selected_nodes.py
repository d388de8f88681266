"""``select``, ``exclude`` and ``selector`` of a mapping in defs.yaml."""

from typing import Annotated

import dagster as dg

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


class SelectedNodes(StrictResolvable):
    """Base of the mappings that are about a part of the project's nodes."""

    select: Annotated[
        str,
        dg.Resolver.default(
            description="The nodes, in dbt's selection syntax, within the component's own selection. A selection of"
            " models selects their tests too.",
            examples=["+tag:daily", "marts,config.materialized:incremental"],
        ),
    ] = DEFAULT_SELECT
    exclude: Annotated[
        str,
        dg.Resolver.default(description="The nodes to leave out, in dbt's selection syntax."),
    ] = ""
    selector: Annotated[
        str,
        dg.Resolver.default(
            description="A selector of the project's selectors.yml, instead of select and exclude."
        ),
    ] = ""

    @property
    def criteria(self) -> SelectionCriteria:
        """The selection in dbt's syntax.

        Raises:
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        return SelectionCriteria(select=self.select, exclude=self.exclude, selector=self.selector)
