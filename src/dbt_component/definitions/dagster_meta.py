"""Values of ``meta.dagster`` in dbt, with errors that name the node."""

from collections.abc import Callable
from typing import Any, TypeVar

from dbt_component.errors import DefinitionError
from dbt_component.manifest.node import Node

T = TypeVar("T")


def parse_meta(node: Node, key: str, parse: Callable[[Any], T]) -> T:
    """Parses the value of a key; ``parse`` gets ``None`` if there is none.

    Raises:
        DefinitionError: The value is invalid; the message names the key, the node and its file.
    """
    try:
        return parse(node.dagster_meta.get(key))
    except DefinitionError as error:
        raise DefinitionError(
            f"meta.dagster.{key} of {node.unique_id or node.name}: {error.message}",
            where=node.original_file_path or None,
            hint=error.hint,
        ) from None
