"""Settings of the op that runs dbt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg


@dataclass(frozen=True)
class OpSettings:
    """Name, tags and limits of the op; ``config_cls`` is a ``dagster.Config`` for the launchpad."""

    name: str
    tags: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None
    pool: str | None = None
    backfill_policy: dg.BackfillPolicy | None = None
    config_cls: type[dg.Config] | None = None
    retry_policy: dg.RetryPolicy | None = None
    required_resource_keys: frozenset[str] = frozenset()

    @property
    def arguments(self) -> dict[str, Any]:
        """These settings, except for the name, as arguments of ``dagster.multi_asset``."""
        config = self.config_cls
        return {
            "op_tags": dict(self.tags),
            "description": self.description,
            "pool": self.pool,
            "backfill_policy": self.backfill_policy,
            "retry_policy": self.retry_policy,
            "required_resource_keys": set(self.required_resource_keys) or None,
            "config_schema": config.to_fields_dict() if config is not None else None,
        }
