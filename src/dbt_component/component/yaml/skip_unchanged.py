"""``skip_unchanged:`` of defs.yaml."""

from collections.abc import Mapping
from typing import Any, Literal

from dagster import ResolutionContext
from pydantic import Field

from dbt_component.component.yaml.strict_model import StrictModel
from dbt_component.component.yaml.switch import switch
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.execution.unchanged.skip_policy import SkipPolicy

FIELD = "skip_unchanged"
"""The name of the option in the op's config."""
_HINT = "For other settings write a mapping: `skip_unchanged: {sources: all}`."


class SkipUnchangedModel(StrictModel):
    """What counts as a change."""

    by_default: bool | str = Field(
        default=True,
        description="Whether a run leaves out what is unchanged if its config does not say. Default: yes.",
    )
    unknown_sources: Literal["run", "skip"] = Field(
        default="run",
        description="What becomes of nodes that read a source whose data version is not known, because nothing observed"
        " it: `run`, or `skip` if nothing else changed. Default: run.",
    )
    sources: Literal["any", "all"] = Field(
        default="any",
        description="Whether a node runs if `any` of its sources has new data, or only if `all` of them have."
        " Default: any.",
    )


SkipUnchangedValue = bool | str | SkipUnchangedModel
"""A switch, the template of one, or a mapping."""


def resolve_skip_unchanged(context: ResolutionContext, value: Any) -> SkipPolicy | None:
    """Turns the value of ``skip_unchanged`` into a policy; ``None`` without a value.

    Raises:
        DefinitionError: It is no switch, or a template has no value.
    """
    if value is None or isinstance(value, SkipPolicy):
        return value
    if not isinstance(value, SkipUnchangedModel):
        return skip_policy_of(resolve_template(context, value))
    is_on = resolve_template(context.at_path("by_default"), value.by_default)
    return SkipPolicy(switch(is_on, f"{FIELD}.by_default"), value.unknown_sources, value.sources)


def skip_policy_of(value: Any) -> SkipPolicy | None:
    """The policy of a switch or of a plain mapping; a policy is returned unchanged.

    Raises:
        DefinitionError: It is none of these.
        pydantic.ValidationError: The mapping has an unknown key or value.
    """
    if value is None or isinstance(value, SkipPolicy):
        return value
    if isinstance(value, Mapping):
        model = SkipUnchangedModel(**value)
        is_on = switch(model.by_default, f"{FIELD}.by_default")
        return SkipPolicy(is_on, model.unknown_sources, model.sources)
    return SkipPolicy(switch(value, FIELD, hint=_HINT))
