"""Definitions of this process, kept for the next time that Dagster builds them from the same inputs.

Dagster loads a component project anew for every look at it, seven times in one ``dg launch``; a project
written in Python is imported once and then cached by Python. This gives components the same.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dbt_component.component.loaded_project import LoadedProject

_MAX_ENTRIES = 32
# What a template can call to read other files than this one.
_READS_MORE = ("load_component", "build_defs")


@dataclass(frozen=True)
class LoadInputs:
    """All that a component made from YAML is made of, besides its state."""

    location: str
    project_root: str
    attributes: str
    environment: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls, attributes: BaseModel | None, context: dg.ComponentLoadContext
    ) -> "LoadInputs | None":
        """The inputs; ``None`` if code of the user's takes part, which may answer otherwise next time."""
        if attributes is None or _has_template_vars(context):
            return None
        text = attributes.model_dump_json()
        if any(name in text for name in _READS_MORE):
            return None
        return cls(
            location=f"{context.path}: {context.component_loc}",
            project_root=str(context.project_root),
            attributes=text,
            environment=frozenset(os.environ.items()),
        )


@dataclass(frozen=True)
class KeptDefinitions:
    """Definitions, and what they were built from."""

    inputs: LoadInputs
    state_id: str
    loaded: LoadedProject
    definitions: dg.Definitions


class DefinitionsMemo:
    """The last definitions of each place, for as many as a large project has components."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptDefinitions] = OrderedDict()

    def find(self, inputs: LoadInputs | None, state_id: str) -> KeptDefinitions | None:
        """What was built from these inputs and this state, if it is still known."""
        if inputs is None:
            return None
        kept = self._kept.get(inputs.location)
        return (
            kept
            if kept is not None and (kept.inputs, kept.state_id) == (inputs, state_id)
            else None
        )

    def keep(self, kept: KeptDefinitions) -> None:
        """Takes the place of what was known of the same place."""
        self._kept.pop(kept.inputs.location, None)
        self._kept[kept.inputs.location] = kept
        while len(self._kept) > _MAX_ENTRIES:
            self._kept.popitem(last=False)


def _has_template_vars(context: dg.ComponentLoadContext) -> bool:
    scope: dict[str, Any] = dict(context.resolution_context.scope)
    return bool(scope.keys() - dg.ResolutionContext.default().scope.keys())
