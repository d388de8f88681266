"""What is recorded of earlier runs, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class InputRead:
    """An input as it was when a node was built.

    Args:
        data_version: Its data version.
        event_id: The event that recorded it; 0 if there was none.
    """

    data_version: str
    event_id: int


@dataclass(frozen=True)
class Build:
    """The last build of an asset. Ids are those of events, which only grow.

    Args:
        event_id: Its newest materialization.
        built_id: The materialization of the run that really built it; later ones only repeat it.
        moved_id: The newest materialization with other data than the one before: of a view also one that only
            records new data below the view.
        run_id: The run that built it.
        built_at: When it was built, in seconds since the epoch.
        moved_at: When ``moved_id`` was recorded.
        code_version: Its code version then.
        data_version: Its data version now; empty if it has none.
        has_own_version: Whether its data version came from whoever made it, and not from code and inputs.
        inputs: What it read, by key.
        settings: The digest of the settings that it was built with; ``None`` if none was recorded.
    """

    event_id: int
    built_id: int
    moved_id: int
    run_id: str
    built_at: float
    moved_at: float
    code_version: str | None
    data_version: str = ""
    has_own_version: bool = False
    inputs: Mapping[str, InputRead] = field(default_factory=dict)
    settings: str | None = None


@dataclass(frozen=True)
class CheckResult:
    """The last result of a check.

    Args:
        passed: Whether it passed.
        blocks: Whether it failed in a way that stops what is downstream.
        ended_at: When it was recorded, in seconds since the epoch.
        run_id: The run in which the test really ran; a later one may only repeat its result.
        code_version: The code version of the test then; ``None`` if none was recorded.
        tested_at: When the test really ran; ``None`` if it was when the result was recorded.
    """

    passed: bool
    blocks: bool
    ended_at: float
    run_id: str
    code_version: str | None = None
    tested_at: float | None = None


@dataclass(frozen=True)
class Observation:
    """The last observation of a source.

    Args:
        data_version: Its data version.
        observed_at: When, in seconds since the epoch.
    """

    data_version: str
    observed_at: float


@dataclass(frozen=True)
class KnownFacts:
    """What the instance knows.

    Args:
        builds: The last build of each asset that has one, by key.
        observations: The last observed data version of each source that has one, by key.
        checks: The last result of each check that has one; see ``check_text``.
        unfinished: The run that last attempted to build an asset after its last build, by key, if it neither built it
            nor found it unchanged.
    """

    builds: Mapping[str, Build] = field(default_factory=dict)
    observations: Mapping[str, Observation] = field(default_factory=dict)
    checks: Mapping[str, CheckResult] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
