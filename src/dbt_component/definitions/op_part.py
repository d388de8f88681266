"""A part of a project that runs in ops with the same settings."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from dbt_component.definitions.op_settings import OpSettings

RunFunction = Callable[..., Iterator[Any]]
"""The body of an op. As in any op, its parameters name the context, a config and resources."""


@dataclass(frozen=True)
class OpPart:
    """A part of a project that runs in ops with the same settings: one for each partitions definition of its assets.

    Args:
        settings: The settings of its ops; the name is that of the op without partitions, or of the only one.
        run: The body of its ops.
        asset_ids: Unique ids of its models, seeds and snapshots; ``None`` for all that no other part has.
        metadata: Metadata to fetch for each relation after it is built.
    """

    settings: OpSettings
    run: RunFunction
    asset_ids: Set[str] | None = None
    metadata: frozenset[str] = frozenset()
