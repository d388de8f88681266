"""What the sensor remembers from one tick to the next."""

from collections.abc import Mapping

import msgspec

from dbt_component.errors import DbtCloudError

VERSION = 1
LOOK_BACK_SECONDS = 60.0
"""Runs that finished so long before the first tick are reported."""
LOOK_BACK_AFTER_LOSS_SECONDS = 3_600.0
"""Runs that finished so long before a cursor was found to be unreadable are looked at again."""
OVERLAP_SECONDS = 600.0
"""A run that the platform lists with a time of finishing so long ago is still found."""
MAX_HANDLED = 500
MAX_POSTPONED = 100


class Postponed(msgspec.Struct, frozen=True):
    """A run whose results could not be read yet. Times are in seconds since 1970.

    Attributes:
        attempts: How often it was tried.
        not_before: When to try again.
    """

    run_id: int
    finished_at: float
    attempts: int
    not_before: float


class SensorCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are done, and which are not. Times are in seconds since 1970, as the platform has them.

    Attributes:
        floor: Runs that finished earlier are done.
        handled: Runs that finished since, and are done or postponed, with the times at which they finished.
        postponed: Runs to try again.
        partial: Of runs with more events than fit into one tick: the nodes that were reported, by the index of
            their step, as a bit for each node in the order of the artifact, in hexadecimal.
    """

    version: int = VERSION
    floor: float
    handled: tuple[tuple[int, float], ...] = ()
    postponed: tuple[Postponed, ...] = ()
    partial: Mapping[int, Mapping[int, str]] = {}

    @property
    def handled_ids(self) -> frozenset[int]:
        return frozenset(run_id for run_id, _ in self.handled)

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()

    def reported_of(self, run_id: int) -> dict[int, int]:
        """The bits of the nodes of a run that were reported, by the index of their step."""
        return {step: int(bits, 16) for step, bits in self.partial.get(run_id, {}).items()}

    def with_handled(self, run_id: int, finished_at: float) -> "SensorCursor":
        """The run is done."""
        return self._with(
            run_id,
            finished_at,
            postponed=tuple(item for item in self.postponed if item.run_id != run_id),
            partial={other: steps for other, steps in self.partial.items() if other != run_id},
        )

    def with_postponed(self, postponed: Postponed, reported: Mapping[int, int]) -> "SensorCursor":
        """The run is to be tried again; some of its nodes may have been reported."""
        others = (item for item in self.postponed if item.run_id != postponed.run_id)
        return self._with(
            postponed.run_id,
            postponed.finished_at,
            postponed=(*others, postponed),
            partial=self._with_reported(postponed.run_id, reported),
        )

    def with_reported(self, run_id: int, reported: Mapping[int, int]) -> "SensorCursor":
        """More nodes of a run were reported, but not all."""
        return msgspec.structs.replace(self, partial=self._with_reported(run_id, reported))

    def surplus(self) -> tuple[Postponed, ...]:
        """The postponed runs that are too many to be remembered, oldest first."""
        return self.postponed[: max(0, len(self.postponed) - MAX_POSTPONED)]

    def _with_reported(
        self, run_id: int, reported: Mapping[int, int]
    ) -> Mapping[int, Mapping[int, str]]:
        steps = {step: f"{bits:x}" for step, bits in reported.items() if bits}
        others = {other: known for other, known in self.partial.items() if other != run_id}
        return {**others, run_id: steps} if steps else others

    def _with(
        self,
        run_id: int,
        finished_at: float,
        *,
        postponed: tuple[Postponed, ...],
        partial: Mapping[int, Mapping[int, str]],
    ) -> "SensorCursor":
        """With the run among those that are handled, of which only the newest are remembered."""
        others = (item for item in self.handled if item[0] != run_id)
        handled = sorted([*others, (run_id, finished_at)], key=lambda item: (item[1], item[0]))
        floor = max(self.floor, handled[-1][1] - OVERLAP_SECONDS)
        if len(handled) > MAX_HANDLED:
            # Times have microseconds: nothing lies between.
            floor = max(floor, handled[-MAX_HANDLED - 1][1] + 1e-6)
        return msgspec.structs.replace(
            self,
            floor=floor,
            handled=tuple(item for item in handled if item[1] >= floor),
            postponed=postponed,
            partial=partial,
        )


def first_cursor(now: float, *, look_back_seconds: float = LOOK_BACK_SECONDS) -> SensorCursor:
    """The cursor of a sensor that starts."""
    return SensorCursor(floor=now - look_back_seconds)


def decode_cursor(text: str) -> SensorCursor:
    """Reads a cursor.

    Raises:
        DbtCloudError: It is none, or was written by another version.
    """
    try:
        cursor = msgspec.json.decode(text, type=SensorCursor)
        _check_bits(cursor)
    except (msgspec.DecodeError, ValueError) as error:
        raise DbtCloudError(f"The cursor of the sensor can't be read: {error}.") from None
    if cursor.version != VERSION:
        raise DbtCloudError(
            f"The cursor of the sensor is of version {cursor.version}; this release reads {VERSION}."
        )
    return cursor


def _check_bits(cursor: SensorCursor) -> None:
    for run_id in cursor.partial:
        cursor.reported_of(run_id)
