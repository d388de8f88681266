"""The arguments of a component's runs that are known in advance."""

from dbt_component.component.attributes import DbtProjectAttributes
from dbt_component.dbt_process.arguments import (
    DbtArguments,
    parse_arguments,
    refuse_step_flags,
)


def known_arguments(component: DbtProjectAttributes) -> DbtArguments:
    """The arguments of a run that are known in advance: those without templates."""
    plain: list[str] = []
    for arg in component.cli_args:
        if isinstance(arg, str) and "{{" not in arg:
            plain.append(arg)
        elif isinstance(arg, str) and plain and plain[-1].startswith("-"):
            plain.pop()  # the option that takes the template as its value
    refuse_step_flags(plain)
    arguments = parse_arguments(plain or ["build"])
    if component.defer is None or not arguments.command.can_defer:
        return arguments
    options = arguments.state_options.missing_for(".", favor_state=component.defer.favor_state)
    return parse_arguments([*(plain or ["build"]), *options])
