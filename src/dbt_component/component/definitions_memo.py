"""Caches definitions in this process for the next time Dagster builds them from the same inputs.

Dagster reloads a component project on every access, seven times in one ``dg launch``. A project written
in Python is imported only once, because Python caches modules; this module does the same for components.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dbt_component.component.loaded import Loaded
from dbt_component.project.collector import built_for_good
from dbt_component.project.state import StateFile

_MAX_ENTRIES = 32
# Functions with which a template can read other files.
_READS_MORE = ("load_component", "build_defs")


@dataclass(frozen=True)
class LoadInputs:
    """All inputs of a component defined in YAML, except for its state."""

    location: str
    project_root: str
    attributes: str
    environment: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls, attributes: BaseModel | None, context: dg.ComponentLoadContext
    ) -> "LoadInputs | None":
        """The inputs; ``None`` if user code is involved, because its result may differ next time."""
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
class BuiltDefinitions:
    """Definitions, and the loaded state that they were built from."""

    loaded: Loaded
    definitions: dg.Definitions


class DefinitionsMemo:
    """The last definitions of each component, for up to ``_MAX_ENTRIES`` components."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[LoadInputs, BuiltDefinitions]] = OrderedDict()

    def find_or_build(
        self,
        inputs: LoadInputs | None,
        state: StateFile,
        build: Callable[[StateFile], BuiltDefinitions],
    ) -> BuiltDefinitions:
        """Returns the cached definitions for these inputs and this state, or builds and caches them.

        Args:
            inputs: The inputs of the definitions; with ``None`` they are built but not cached.
            state: The open state; closed if it is not needed.
            build: Builds the definitions.
        """
        if inputs is None:
            return build(state)
        known_inputs, known = self._kept.get(inputs.location, (None, None))
        state_id = state.header.state_id
        if known is not None and (known_inputs, known.loaded.state_id) == (inputs, state_id):
            state.close()
            return known
        with built_for_good(len(state.index.nodes) + len(state.index.tests)):
            built = build(state)
            self._kept.pop(inputs.location, None)
            self._kept[inputs.location] = (inputs, built)
            while len(self._kept) > _MAX_ENTRIES:
                self._kept.popitem(last=False)
        return built


def _has_template_vars(context: dg.ComponentLoadContext) -> bool:
    scope: dict[str, Any] = dict(context.resolution_context.scope)
    return bool(scope.keys() - dg.ResolutionContext.default().scope.keys())
