"""``CommandEnd``: how a dbt command ended, whether it ran here or elsewhere."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CommandEnd:
    """The end of a command, apart from its nodes.

    Args:
        command: The command as text, for messages.
        place: Where its artifacts and log are, as the last line of the error.
        error: dbt's own failure; ``None`` if there was none.
        error_without_failures: What failed if no node did: the command was not successful.
        is_stopped: Whether it was ended from outside, such as by a person; then nodes are missing because of that.
        log_path: The file that holds messages that are too long for the error.
    """

    command: str
    place: str
    error: str | None = None
    error_without_failures: str | None = None
    is_stopped: bool = False
    log_path: Path | None = None
