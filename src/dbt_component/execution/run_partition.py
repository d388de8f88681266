"""``partition`` of templates: the partitions of a run, with their bounds in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timezone
from functools import cached_property
from typing import Any

import dagster as dg

from dbt_component.errors import CliArgsError

ATTRIBUTES = ("key", "keys", "first_key", "last_key", "start", "end", "dimensions")
"""What templates may ask a ``RunPartition`` for."""


class PartitionTime(datetime):
    """A bound of a partition, in the time zone of its partitions definition.

    Its text is a date (``2024-01-31``) if each partition begins and ends at midnight, else a date, a time and the
    offset from UTC (``2024-01-31 05:00:00+00:00``). Databases read both.
    """

    is_date = False

    @classmethod
    def of(cls, moment: datetime, *, is_date: bool) -> "PartitionTime":
        """A bound at that moment."""
        made = cls.combine(moment.date(), moment.timetz())
        made.is_date = is_date
        return made

    def __str__(self) -> str:
        return self.date().isoformat() if self.is_date else super().__str__()

    def for_dbt(self) -> str:
        """This moment as dbt's ``--event-time-start`` and ``--event-time-end`` take it: in UTC, without an offset."""
        return f"{self.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class RunPartition:
    """The partitions that a run is of: one, or a range of them that follow each other.

    Args:
        keys: Their keys, in order; at least one.
        definition: The partitions definition.
    """

    keys: Sequence[str]
    definition: dg.PartitionsDefinition

    @property
    def key(self) -> str:
        """The only key.

        Raises:
            CliArgsError: There are several.
        """
        if len(self.keys) == 1:
            return self.keys[0]
        raise CliArgsError(
            f"`partition.key` has no single value: the run covers {self.keys[0]!r} to {self.keys[-1]!r}.",
            hint="Use `partition.start` and `partition.end`, or `partition.keys`, or set `backfill_policy:"
            " {type: multi_run}`.",
        )

    @property
    def first_key(self) -> str:
        """The first key."""
        return self.keys[0]

    @property
    def last_key(self) -> str:
        """The last key."""
        return self.keys[-1]

    @property
    def start(self) -> PartitionTime:
        """Where the first partition begins.

        Raises:
            CliArgsError: The partitions are none of time.
        """
        return self._bound("start", self._windows[0].start)

    @property
    def end(self) -> PartitionTime:
        """Where the last partition ends; the next one begins there.

        Raises:
            CliArgsError: The partitions are none of time.
        """
        return self._bound("end", self._windows[1].end)

    @cached_property
    def dimensions(self) -> Mapping[str, "RunPartition"]:
        """The partitions of each dimension, by its name; empty if there is one dimension only."""
        if not isinstance(self.definition, dg.MultiPartitionsDefinition):
            return {}
        keys = [self.definition.get_partition_key_from_str(str(key)) for key in self.keys]
        found: dict[str, RunPartition] = {}
        for dimension in self.definition.partitions_defs:
            own = dict.fromkeys(key.keys_by_dimension[dimension.name] for key in keys)
            found[dimension.name] = RunPartition(list(own), dimension.partitions_def)
        return found

    @cached_property
    def _windows(self) -> tuple[dg.TimeWindow, dg.TimeWindow]:
        """The windows of the first and the last key."""
        times = self._times
        definition = times.definition
        assert isinstance(definition, dg.TimeWindowPartitionsDefinition)
        first, last = times.keys[0], times.keys[-1]
        return (
            definition.time_window_for_partition_key(first),
            definition.time_window_for_partition_key(last),
        )

    @property
    def _times(self) -> "RunPartition":
        if isinstance(self.definition, dg.TimeWindowPartitionsDefinition):
            return self
        for part in self.dimensions.values():
            if isinstance(part.definition, dg.TimeWindowPartitionsDefinition):
                return RunPartition(sorted(part.keys, key=part.position), part.definition)
        raise CliArgsError(
            f"`partition.start` and `partition.end` have no value: {self.definition} are not partitions of time.",
            hint="Use `partition.key` or `partition.keys`.",
        )

    def position(self, key: str) -> Any:
        """What keys of time are sorted by."""
        assert isinstance(self.definition, dg.TimeWindowPartitionsDefinition)
        return self.definition.start_time_for_partition_key(key)

    def _bound(self, name: str, moment: datetime) -> PartitionTime:
        first = self._windows[0]
        is_date = first.start.time() == time() and first.end.time() == time()
        return PartitionTime.of(moment, is_date=is_date)

    def __str__(self) -> str:
        return self.keys[0] if len(self.keys) == 1 else f"{self.keys[0]} to {self.keys[-1]}"
