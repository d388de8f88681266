"""Sends dbt's own events: those that dbt would write to standard output as lines of JSON."""

from __future__ import annotations

import json
from typing import Any

from .child_pipe import EventPipe

# Blank lines between messages; dbt leaves them out of its JSON log.
_LAYOUT = frozenset({"Formatting"})
# dbt prints these even with ``--quiet``.
_PRINTED = frozenset({"PrintEvent", "ShowNode", "CompiledNode"})


class RawEvents:
    """Sends the events that pass dbt's own level and filter for standard output.

    Secrets (``DBT_ENV_SECRET_…``) are masked by dbt's own means, as in its log.
    """

    def __init__(self, pipe: EventPipe) -> None:
        from dbt_common.events.functions import env_scrubber
        from dbt_common.events.logger import LoggerConfig, _JsonLogger

        self._pipe = pipe
        self._encoder = _JsonLogger(LoggerConfig(name="dbt_component_raw", scrubber=env_scrubber))

    def send(self, message: Any) -> None:
        if message.info.name not in _LAYOUT and self._is_shown(message):
            self._pipe.emit("raw", event=json.loads(self._encoder.create_line(message)))

    def _is_shown(self, message: Any) -> bool:
        from dbt_common.events.event_manager_client import get_event_manager
        from dbt_common.events.logger import _log_level_map

        level = "error" if message.info.name in _PRINTED else message.info.level
        for logger in get_event_manager().loggers:
            if logger.name == "stdout_log":
                number = next(n for known, n in _log_level_map.items() if known.value == level)
                return bool(logger.filter(message)) and number >= _log_level_map[logger.level]
        return level != "debug"  # before dbt has read its options
