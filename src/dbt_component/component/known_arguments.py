"""The arguments of an op's runs that are known in advance."""

from collections.abc import Mapping
from typing import Any

from dbt_component.component.op_run import OpRun
from dbt_component.dbt_process.arguments import (
    DbtArguments,
    parse_arguments,
    refuse_step_flags,
)
from dbt_component.dbt_process.run_options import with_run_options, with_vars_below
from dbt_component.errors import CliArgsError
from dbt_component.execution.cli_args import render_cli_args
from dbt_component.execution.deferral import Deferral
from dbt_component.execution.partition_scope import no_partition_scope
from dbt_component.project.project import DbtProject
from dbt_component.translation.template_names import undeclared_names


def known_arguments(run: OpRun, project: DbtProject, deferral: Deferral | None) -> DbtArguments:
    """The arguments of a run without partitions, with the defaults of the launchpad.

    Arguments whose templates need the context of a run are left out.

    Args:
        run: How the runs of the op call dbt.
        project: The project.
        deferral: What they defer to; ``None`` if they do not.
    """
    scope = {**no_partition_scope(), "config": dict(run.run_config or {})}
    argv = _known_argv(run, scope)
    refuse_step_flags(argv)
    vars = {name: value for name, value in run.vars.items() if not undeclared_names(value)}
    if vars:
        argv = with_vars_below(argv, {**project.vars, **vars})
    options = {name: value for name, value in (run.run_config or {}).items() if value is not None}
    argv = with_run_options(argv, {"threads": run.threads, **options})
    arguments = parse_arguments(argv)
    if deferral is None or not arguments.command.can_defer:
        return arguments
    missing = arguments.state_options.missing_for(".", favor_state=deferral.favor_state)
    return parse_arguments([*argv, *missing])


def _known_argv(run: OpRun, scope: Mapping[str, Any]) -> list[str]:
    known: list[str] = []
    for item in run.cli_args:
        try:
            known += render_cli_args([item], scope)
        except CliArgsError:
            if isinstance(item, str) and known and known[-1].startswith("-"):
                known.pop()  # the option that takes the template as its value
    return known or ["build"]
