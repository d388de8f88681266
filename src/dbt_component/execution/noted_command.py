"""``NotedCommand``: a dbt command of an op's body, whether it runs here or elsewhere."""

from typing import Protocol


class NotedCommand(Protocol):
    """What ``run_body`` asks of each command that the body created."""

    @property
    def dbt_command(self) -> str:
        """The command as text, for messages."""

    @property
    def has_begun(self) -> bool:
        """Whether it was streamed or waited for."""

    @property
    def is_finished(self) -> bool:
        """Whether it ran to its end, successfully or not."""

    @property
    def has_nothing_to_run(self) -> bool:
        """Whether the step selected no node that the command runs."""

    @property
    def expected(self) -> frozenset[str]:
        """Unique ids of the nodes of the step that the command runs."""

    @property
    def reported(self) -> frozenset[str]:
        """Unique ids of the nodes that have reported their end."""

    @property
    def missing(self) -> frozenset[str]:
        """Unique ids of the expected nodes that have not reported their end."""

    def stop(self) -> None:
        """Stops it if it is running."""
