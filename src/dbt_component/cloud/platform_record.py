"""What a state says of the dbt platform: the run that its manifest comes from, and the jobs of the environment."""

import msgspec

from dbt_component.project.state import StateFile

PART = "platform.json"


class KnownJob(msgspec.Struct, frozen=True):
    """A job by its id. As text it is its name with the id."""

    id: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class PlatformRecord(msgspec.Struct, frozen=True):
    """The run of a manifest, and the jobs at that time, in the order of their ids."""

    run_id: int
    run_url: str
    commit: str
    jobs: list[KnownJob]

    def encode(self) -> bytes:
        return msgspec.json.encode(self)


def read_record(state: StateFile) -> PlatformRecord | None:
    """The record in a state; ``None`` if there is none that this release can read."""
    data = state.read_further(PART)
    try:
        return None if data is None else msgspec.json.decode(data, type=PlatformRecord)
    except msgspec.DecodeError:
        return None
