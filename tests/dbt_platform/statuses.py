"""Statuses of runs and of their steps."""

from enum import IntEnum


class RunStatus(IntEnum):
    QUEUED = 1
    STARTING = 2
    RUNNING = 3
    SUCCESS = 10
    ERROR = 20
    CANCELLED = 30

    @property
    def humanized(self) -> str:
        return self.name.capitalize()

    @property
    def is_complete(self) -> bool:
        return self >= RunStatus.SUCCESS
