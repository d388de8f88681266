"""``include_metadata:`` of defs.yaml."""

from typing import Any, Literal

import dagster as dg

from dbt_component.dbt_process.child.child_metadata import SUMMARIES

# "insights" is accepted here so that its error can explain it.
_Kind: Any = Literal[(*SUMMARIES, "insights")]


def metadata_kinds(description: str) -> dg.Resolver:
    """The resolver of a list of kinds of metadata."""
    return dg.Resolver(
        lambda context, value: context.resolve_value(value),
        model_field_type=list[_Kind],
        inject_before_resolve=False,
        description=description,
        examples=[["row_count", "column_metadata"]],
    )
