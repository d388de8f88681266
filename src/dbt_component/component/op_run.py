"""How the runs of one op call dbt."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from jinja2 import TemplateSyntaxError

from dbt_component.errors import CliArgsError, DagsterDbtError
from dbt_component.execution.cli_args import (
    CliArg,
    refuse_impossible,
    refuse_unknown_names,
    render_cli_args,
    templated_vars,
)
from dbt_component.execution.microbatch import event_times
from dbt_component.execution.retry_policy import DbtRetryPolicy
from dbt_component.execution.run_partition import ATTRIBUTES
from dbt_component.execution.run_template import LEFT_OUT, as_json_value, render_value
from dbt_component.translation.template_names import explain_unknown_attribute, undeclared_names


@dataclass(frozen=True)
class OpRun:
    """How the runs of one op call dbt.

    Args:
        cli_args: The dbt command and its arguments, as templates.
        cli_args_key: Their place in defs.yaml.
        vars: Variables, as templates.
        vars_key: Their place in defs.yaml.
        retry: Which failed nodes run again; ``None`` for none.
        run_config: Options that a run may set, with their defaults.
        threads: How many nodes dbt runs at once; ``None`` for the profile's number.
        is_microbatch: Whether the bounds of the run's partitions become dbt's event times.
    """

    cli_args: Sequence[CliArg]
    cli_args_key: str = "cli_args"
    vars: Mapping[str, Any] = field(default_factory=dict)
    vars_key: str = "vars"
    retry: DbtRetryPolicy | None = None
    run_config: Mapping[str, Any] | None = None
    threads: int | None = None
    is_microbatch: bool = False

    @property
    def runtime_vars(self) -> list[str]:
        """Names of the variables whose values only a run knows, or that only this op has."""
        return sorted({*templated_vars(self.cli_args), *self.vars})

    def check(self, *, may_have_other_options: bool) -> None:
        """Rejects what would fail in every run.

        Raises:
            CliArgsError: See ``refuse_impossible``; or a template of a variable is malformed.
        """
        try:
            refuse_impossible(self.cli_args, may_have_other_options=may_have_other_options)
        except DagsterDbtError as error:
            error.key = self._placed(error.key or "cli_args")
            raise
        for name, value in self.vars.items():
            try:
                problem = explain_unknown_attribute(value, {"partition": _PARTITION})
            except TemplateSyntaxError as error:
                raise CliArgsError(
                    f"Malformed template in {value!r}: {(error.message or '').rstrip('.')}.",
                    key=f"{self.vars_key}.{name}",
                ) from None
            if problem is not None:
                raise CliArgsError(
                    f"The variable is {value!r}, but {problem}", key=f"{self.vars_key}.{name}"
                )

    def refuse_unknown_names(self, names: Set[str]) -> None:
        """Rejects templates that use other names than these.

        Raises:
            CliArgsError: There is one. The error names the key.
        """
        refuse_unknown_names(self.cli_args, names, where=self.cli_args_key)
        for name, value in self.vars.items():
            if undeclared_names(value) - names:
                try:
                    refuse_unknown_names([{name: value}], names)
                except CliArgsError as error:
                    error.key = f"{self.vars_key}.{name}"
                    raise

    def command(self, scope: Mapping[str, Any]) -> list[str]:
        """The command line of a run, with the values of its scope.

        Raises:
            CliArgsError: A template fails.
        """
        return render_cli_args(self.cli_args, scope, where=self.cli_args_key)

    def rendered_vars(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of a run; without those that use a partition, if it has none.

        Raises:
            CliArgsError: A template fails.
        """
        rendered = {
            name: render_value(value, scope, f"{self.vars_key}.{name}")
            for name, value in self.vars.items()
        }
        return {n: as_json_value(value) for n, value in rendered.items() if value is not LEFT_OUT}

    def options(self, given: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a run by the names of ``RUN_OPTIONS``: the op's own, and those that the run sets.

        Args:
            given: The config of the op in the run.
            scope: The run's scope.

        Raises:
            CliArgsError: ``microbatch`` is on, and the run's partitions are none of time.
        """
        own = dict(event_times(scope["partition"])) if self.is_microbatch else {}
        own["threads"] = self.threads
        chosen = {name: given.get(name) for name in self.run_config or ()}
        return {**own, **{name: value for name, value in chosen.items() if value is not None}}

    def _placed(self, key: str) -> str:
        return self.cli_args_key + key.removeprefix("cli_args")


_PARTITION = SimpleNamespace(**dict.fromkeys(ATTRIBUTES))
