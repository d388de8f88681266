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
