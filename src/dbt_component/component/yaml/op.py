"""``op:`` of defs.yaml."""

from typing import Annotated

import dagster as dg

from dbt_component.component.yaml.op_fields import OpFields


class Op(OpFields):
    """Settings of the op that runs dbt for all nodes that no other op has."""

    name: Annotated[
        str | None,
        dg.Resolver.default(
            description="Name of the op. Default: the dbt project's name, with a suffix from the state's key"
            " unless that is the project's name."
        ),
    ] = None
