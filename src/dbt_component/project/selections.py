"""Selections that are known: from the state, or resolved by dbt on the spot and remembered."""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from dbt_component.project.cache import cache_folder
from dbt_component.project.prepare import resolve_selections
from dbt_component.project.project import DbtProject
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")


class ResolvedSelections:
    """Answers selections over one state.

    Everything is answered from the index, what defs.yaml uses from the state, and anything else by dbt
    in a child process (seconds, logged), after which the answer is kept on this machine's cache.
    """

    def __init__(self, state: StateFile, open_project: Callable[[], DbtProject]) -> None:
        self._state = state
        self._open_project = open_project
        self._answers: dict[str, frozenset[str]] = {}

    def ids(self, criteria: SelectionCriteria) -> frozenset[str]:
        """Unique ids that dbt selects, tests (indirectly selected too) and sources included.

        Raises:
            SelectionError: dbt does not accept the selection.
        """
        if criteria.is_everything:
            index = self._state.index
            return frozenset(index.node_by_id) | frozenset(index.test_by_id)
        key = criteria.cache_key
        if key not in self._answers:
            stored = self._state.selections.get(key)
            self._answers[key] = frozenset(stored if stored is not None else self._ask(criteria))
        return self._answers[key]

    def _ask(self, criteria: SelectionCriteria) -> list[str]:
        identity = f"{self._state.header.input_digest}\0{criteria.cache_key}"
        name = hashlib.sha256(identity.encode()).hexdigest()[:32]
        path = cache_folder("selections") / f"{name}.json"
        try:
            return list(json.loads(path.read_text()))
        except (OSError, ValueError):
            pass
        _logger.warning(
            "The state does not hold the selection %s; asking dbt (run `dg utils"
            " refresh-defs-state` to keep the answer in the state).",
            criteria,
        )
        answer = resolve_selections(self._state, self._open_project(), [criteria])
        ids = answer[criteria.cache_key]
        _write_atomically(path, json.dumps(ids))
        return ids


def _write_atomically(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)
