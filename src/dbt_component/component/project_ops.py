"""The ops of a component: those of ``ops``, and the default op for what they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbt_component.component.op_run import OpRun
from dbt_component.component.yaml.op import Op
from dbt_component.component.yaml.project_op import ProjectOp
from dbt_component.component.yaml.retry import Retry
from dbt_component.definitions.op_rules import OpRules
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.execution.cli_args import CliArg


@dataclass(frozen=True)
class OpOfProject:
    """One op.

    Args:
        fields: Its settings in defs.yaml.
        rules: What it says about its nodes.
        run: How its runs call dbt.
        metadata: The kinds of metadata that it fetches.
    """

    fields: Op | ProjectOp
    rules: OpRules
    run: OpRun
    metadata: frozenset[str]


@dataclass(frozen=True)
class Defaults:
    """What an op takes from its component unless it has its own."""

    cli_args: Sequence[CliArg]
    retry: Retry | None
    run_config: Mapping[str, Any] | None
    include_metadata: Sequence[str]


def ops_of(op: Op | None, ops: Sequence[ProjectOp], defaults: Defaults) -> list[OpOfProject]:
    """The ops of a component; the last is the default op.

    Args:
        op: ``op`` of defs.yaml.
        ops: ``ops`` of defs.yaml.
        defaults: What they take from the component.

    Raises:
        DagsterDbtError: A value is not valid, or two ops have one name; the key names it.
    """
    found: list[OpOfProject] = []
    names: set[str] = {op.name} if op is not None and op.name else set()
    for position, each in enumerate(ops):
        key = f"ops[{position}]"
        if each.name in names:
            raise DefinitionError(
                f"There are two ops with the name {each.name!r}.", key=f"{key}.name"
            )
        names.add(each.name)
        found.append(_own_op(each, key, defaults))
    default = op or Op()
    run = _run(default, "op", defaults, retry_key="retry")
    found.append(
        OpOfProject(default, default.rules("op"), run, frozenset(defaults.include_metadata))
    )
    return found


def _own_op(op: ProjectOp, key: str, defaults: Defaults) -> OpOfProject:
    own = Defaults(
        cli_args=defaults.cli_args if op.cli_args is None else op.cli_args,
        retry=op.retry or defaults.retry,
        run_config=defaults.run_config if op.run_config is None else op.run_config,
        include_metadata=(
            defaults.include_metadata if op.include_metadata is None else op.include_metadata
        ),
    )
    run = _run(
        op,
        key,
        own,
        cli_args_key="cli_args" if op.cli_args is None else f"{key}.cli_args",
        retry_key="retry" if op.retry is None else f"{key}.retry",
    )
    return OpOfProject(op, op.op_rules(key), run, frozenset(own.include_metadata))


def _run(
    fields: Op | ProjectOp,
    key: str,
    own: Defaults,
    *,
    retry_key: str,
    cli_args_key: str = "cli_args",
) -> OpRun:
    try:
        retry = None if own.retry is None else own.retry.policy()
    except DagsterDbtError as error:
        error.key = retry_key + (error.key or "").removeprefix("retry")
        raise
    return OpRun(
        cli_args=own.cli_args,
        cli_args_key=cli_args_key,
        vars=fields.vars,
        vars_key=f"{key}.vars",
        retry=retry,
        run_config=own.run_config,
        threads=fields.threads,
        is_microbatch=fields.microbatch,
    )
