"""``defer:`` of defs.yaml."""

from collections.abc import Mapping
from typing import Any

from dagster import ResolutionContext
from pydantic import Field

from dbt_component.component.yaml.strict_model import StrictModel
from dbt_component.component.yaml.switch import switch
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.execution.deferral import Deferral

_HINT = "To name the folder of a manifest.json, write `defer: {state_path: …}`."


class DeferModel(StrictModel):
    """The manifest to defer to."""

    state_path: str | None = Field(
        default=None,
        description="Folder of the manifest.json to defer to, relative to the project. Default:"
        " `project.state_path`.",
        examples=["../production"],
    )
    favor_state: bool | str | None = Field(
        default=None,
        description="Whether models that a run does not select are read from there even if they exist in the"
        " target's own schema. Default: no.",
    )


DeferValue = bool | str | DeferModel
"""A switch, the template of one, or a mapping."""


def resolve_defer(context: ResolutionContext, value: Any) -> Deferral | None:
    """Turns the value of ``defer`` into a deferral; ``None`` if it is off.

    Raises:
        DefinitionError: It is no switch, or a template has no value.
    """
    if value is None or isinstance(value, Deferral):
        return value
    if not isinstance(value, DeferModel):
        return deferral_of(resolve_template(context, value, allow_empty=True))
    path = resolve_template(context.at_path("state_path"), value.state_path)
    favors = resolve_template(context.at_path("favor_state"), value.favor_state)
    return Deferral(
        state_path=None if path is None else str(path),
        favor_state=favors is not None and switch(favors, "defer.favor_state"),
    )


def deferral_of(value: Any) -> Deferral | None:
    """The deferral of a switch or of a plain mapping; a deferral is returned unchanged.

    Raises:
        DefinitionError: It is none of these.
        pydantic.ValidationError: The mapping has an unknown key.
    """
    if value is None or isinstance(value, Deferral):
        return value
    if isinstance(value, Mapping):
        model = DeferModel(**value)
        favors = model.favor_state is not None and switch(model.favor_state, "defer.favor_state")
        return Deferral(model.state_path, favors)
    return Deferral() if switch(value, "defer", hint=_HINT) else None
