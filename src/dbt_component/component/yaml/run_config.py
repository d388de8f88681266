"""``run_config:`` of defs.yaml: options of dbt that each run may set in the launchpad."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster import ResolutionContext
from pydantic import Field, create_model

from dbt_component.component.yaml.skip_unchanged import FIELD
from dbt_component.component.yaml.strict_model import StrictModel
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.dbt_process.run_options import RUN_OPTIONS
from dbt_component.errors import DefinitionError

_TYPES: dict[type, Any] = {bool: bool, int: int, str: str, dict: dict[str, Any]}

RunConfigModel: type[StrictModel] = create_model(
    "RunConfigModel",
    __base__=StrictModel,
    __doc__="Options of dbt with their defaults; `null` shows an option without one.",
    **{
        name: (
            _TYPES[option.type] | str | None if option.type is not str else str | None,
            Field(default=None, description=f"{option.meaning} dbt's option {option.flag}."),
        )
        for name, option in RUN_OPTIONS.items()
    },  # type: ignore[call-overload]
)


def resolve_run_config(context: ResolutionContext, value: Any) -> Mapping[str, Any] | None:
    """The options that runs may set, with their defaults; ``None`` if there are none.

    Raises:
        DefinitionError: A default is of another type.
    """
    if value is None or isinstance(value, Mapping):
        return value
    return {
        name: _checked(name, resolve_template(context.at_path(name), getattr(value, name)))
        for name in RUN_OPTIONS
        if name in value.model_fields_set
    }


def config_class(
    options: Mapping[str, Any],
    base: type[dg.Config] | None = None,
    *,
    skips_unchanged: bool | None = None,
) -> type[dg.Config]:
    """The class of the op's config: these options, beside the fields of ``base``.

    Args:
        options: The options of dbt with their defaults.
        base: Another class of config.
        skips_unchanged: The default of ``skip_unchanged``; ``None`` without that option.

    Raises:
        DefinitionError: ``base`` has a field of the same name.
    """
    if skips_unchanged is not None and base is not None and FIELD in base.model_fields:
        raise DefinitionError(
            f"The component has `{FIELD}`, and `op_config_schema` has a field of that name.",
            key=FIELD,
            hint="Rename the field.",
        )
    both = sorted(options.keys() & (base.model_fields if base is not None else {}))
    if both:
        raise DefinitionError(
            f"`run_config` and `op_config_schema` both have {', '.join(map(repr, both))}.",
            key=f"run_config.{both[0]}",
            hint="Remove it from one of them.",
        )
    fields: dict[str, Any] = {
        name: (
            _TYPES[RUN_OPTIONS[name].type] | None,
            Field(default=default, description=RUN_OPTIONS[name].meaning),
        )
        for name, default in options.items()
    }
    if skips_unchanged is not None:
        meaning = "Whether nodes and tests are left out if nothing changed since they ran."
        fields[FIELD] = (bool, Field(default=skips_unchanged, description=meaning))
    made: type[dg.Config] = create_model("DbtRunConfig", __base__=base or dg.Config, **fields)
    return made


def _checked(name: str, value: Any) -> Any:
    wanted = RUN_OPTIONS[name].type
    if value is None or (
        isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    ):
        return value
    raise DefinitionError(
        f"The default of `{name}` is {value!r}, which is no {_WORDS[wanted]}.",
        key=f"run_config.{name}",
        hint="`null` shows the option without a default.",
    )


_WORDS = {bool: "true or false", int: "number", str: "text", dict: "mapping"}
