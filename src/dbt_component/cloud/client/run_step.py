"""A step of a run on the dbt platform."""

import re
import shlex

import msgspec

from dbt_component.cloud.client.fields import Fields
from dbt_component.cloud.client.run_status import RunStatus

_DBT_STEP = re.compile(r"^Invoke dbt\b[^`]*`(.*)`\s*$", re.DOTALL)


class CloudRunStep(msgspec.Struct, frozen=True):
    """A step: cloning the repository, preparing the profile, or one dbt command.

    Attributes:
        index: Its place in the run, from 1. Artifacts are fetched by it.
        name: For a dbt command ``Invoke dbt with `dbt build ...` ``.
        logs: The console's text, with ANSI colours.
        debug_logs: dbt's debug log; empty unless it was asked for.
    """

    id: int
    index: int
    name: str
    status: RunStatus
    logs: str = ""
    debug_logs: str = ""

    @property
    def is_finished(self) -> bool:
        return self.status.is_finished

    @property
    def command(self) -> list[str] | None:
        """The arguments after ``dbt``; ``None`` for a step that does not run dbt."""
        match = _DBT_STEP.match(self.name)
        if match is None:
            return None
        try:
            tokens = shlex.split(match[1])
        except ValueError:  # unbalanced quotes, which dbt itself may have refused
            tokens = match[1].split()
        return tokens[1:] if tokens[:1] == ["dbt"] else tokens


def read_run_step(fields: Fields) -> CloudRunStep:
    """Reads a step from an answer."""
    return CloudRunStep(
        id=fields.integer("id"),
        index=fields.integer("index"),
        name=fields.text("name"),
        status=RunStatus(fields.integer("status", default=RunStatus.QUEUED)),
        logs=fields.text("logs"),
        debug_logs=fields.text("debug_logs", "truncated_debug_logs"),
    )
