"""``ops:`` of defs.yaml."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import dagster as dg

from dbt_component.component.yaml.metadata_kinds import metadata_kinds
from dbt_component.component.yaml.op_fields import OpFields
from dbt_component.component.yaml.retry import Retry
from dbt_component.component.yaml.run_config import RunConfigModel, resolve_run_config
from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.definitions.op_rules import OpRules
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.execution.cli_args import CliArg


class ProjectOp(SelectedNodes, OpFields):
    """One of several ops of a project: the nodes that it runs, and how."""

    name: Annotated[
        str,
        dg.Resolver.default(
            description="Name of the op: letters, digits and underscores, unique in the code location.",
            examples=["daily_events"],
        ),
    ]
    cli_args: Annotated[
        list[CliArg] | None,
        dg.Resolver(
            lambda context, value: value,
            model_field_type=list[str | dict[str, Any]],
            inject_before_resolve=False,
            description="The dbt command and its arguments. Default: `cli_args` of the component.",
            examples=[["build", "--full-refresh"]],
        ),
    ] = None
    retry: Annotated[
        Retry | None,
        dg.Resolver.default(
            description="Runs failed nodes again. Default: `retry` of the component."
        ),
    ] = None
    run_config: Annotated[
        Mapping[str, Any] | None,
        dg.Resolver(
            resolve_run_config,
            model_field_type=RunConfigModel,
            description="Options of dbt that each run may set in the launchpad. Default: `run_config` of the component.",
            examples=[{"full_refresh": False}],
        ),
    ] = None
    include_metadata: Annotated[
        list[str] | None,
        metadata_kinds(
            "Metadata of what the op builds. Default: `include_metadata` of the component."
        ),
    ] = None

    def op_rules(self, key: str) -> OpRules:
        """What this op says about its nodes.

        Args:
            key: The place of the op in defs.yaml.

        Raises:
            DefinitionError: A value is not valid; the key names it.
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        if not re.fullmatch(r"[A-Za-z0-9_]+", self.name):
            raise DefinitionError(
                f"{self.name!r} can't be the name of an op.",
                key=f"{key}.name",
                hint="Use letters, digits and underscores.",
            )
        try:
            criteria = self.criteria
        except DagsterDbtError as error:
            error.key = f"{key}.{error.key}"
            error.subject = f"Op {self.name!r}"
            raise
        return self.rules(key, name=self.name, criteria=criteria)
