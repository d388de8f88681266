"""Caches definitions in this process for the next time Dagster builds them from the same inputs.

Dagster reloads a component project on every access, seven times in one ``dg launch``. A project written
in Python is imported only once, because Python caches modules; this module does the same for components.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dbt_component.component.loaded_project import LoadedProject

_MAX_ENTRIES = 32
# Functions with which a template can read other files.
_READS_MORE = ("load_component", "build_defs")


@dataclass(frozen=True)
class LoadInputs:
    """Everything that a component defined in YAML depends on, besides its state."""

    location: str
    project_root: str
    attributes: str
    environment: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls, attributes: BaseModel | None, context: dg.ComponentLoadContext
    ) -> "LoadInputs | None":
        """The inputs; ``None`` if user code is involved, as its result may differ next time."""
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
    """Definitions and the inputs they were built from."""

    inputs: LoadInputs
    state_id: str
    loaded: LoadedProject
    definitions: dg.Definitions


class DefinitionsMemo:
    """The latest definitions of each component, up to ``_MAX_ENTRIES`` components."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptDefinitions] = OrderedDict()

    def find(self, inputs: LoadInputs | None, state_id: str) -> KeptDefinitions | None:
        """The cached definitions for these inputs and this state; ``None`` if there are none."""
        if inputs is None:
            return None
        kept = self._kept.get(inputs.location)
        return (
            kept
            if kept is not None and (kept.inputs, kept.state_id) == (inputs, state_id)
            else None
        )

    def keep(self, kept: KeptDefinitions) -> None:
        """Caches definitions, replacing those of the same component."""
        self._kept.pop(kept.inputs.location, None)
        self._kept[kept.inputs.location] = kept
        while len(self._kept) > _MAX_ENTRIES:
            self._kept.popitem(last=False)


def _has_template_vars(context: dg.ComponentLoadContext) -> bool:
    scope: dict[str, Any] = dict(context.resolution_context.scope)
    return bool(scope.keys() - dg.ResolutionContext.default().scope.keys())
