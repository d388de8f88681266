"""The status of a run on the dbt platform, or of one of its steps."""

from enum import IntEnum


class RunStatus(IntEnum):
    """The platform's numbers. A number that it adds one day becomes a member of its own, which is not finished."""

    QUEUED = 1
    STARTING = 2
    RUNNING = 3
    SUCCESS = 10
    ERROR = 20
    CANCELLED = 30

    @property
    def is_finished(self) -> bool:
        """Whether the status is final."""
        return self in (RunStatus.SUCCESS, RunStatus.ERROR, RunStatus.CANCELLED)

    def __str__(self) -> str:
        """The status as the platform shows it, such as ``Success``."""
        return self.name.capitalize() if self.name else f"Unknown status {self.value}"

    @classmethod
    def _missing_(cls, value: object) -> "RunStatus | None":
        if not isinstance(value, int):
            return None
        status = int.__new__(cls, value)
        status._name_ = ""
        status._value_ = value
        return status
