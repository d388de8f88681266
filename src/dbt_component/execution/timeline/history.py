"""The durations of a project's nodes in earlier runs."""

import statistics
from collections.abc import Mapping
from pathlib import Path

import msgspec
from filelock import FileLock

from dbt_component.project.temporary import replace_file

KEPT_RUNS = 10
KEPT_NODES = 20_000
LONGEST_SECONDS = 366 * 24 * 3600
WAIT_FOR_OTHERS_SECONDS = 2.0
_FORMAT_VERSION = 1

_Milliseconds = dict[str, list[int]]


class _Contents(msgspec.Struct, frozen=True, array_like=True):
    format_version: int
    milliseconds: _Milliseconds


class DurationHistory:
    """The last ten durations of each node, in one file. Losing it costs the comparison, and nothing else.

    What is known is read once, on first use: ``record`` changes the file, but not what this object answers, so
    a run is compared with earlier ones and never with itself.

    Args:
        folder: A folder for this project alone. It is created when something is recorded.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "durations.msgpack"
        self._usual: dict[str, float] | None = None

    def usual(self, unique_id: str) -> float | None:
        """The median duration of a node, in seconds; ``None`` if no run of it is known."""
        return self.usual_seconds().get(unique_id)

    def usual_seconds(self) -> Mapping[str, float]:
        """The median durations of all nodes, in seconds, by unique id."""
        if self._usual is None:
            self._usual = {
                unique_id: statistics.median(durations) / 1000
                for unique_id, durations in self._read().items()
                if durations
            }
        return self._usual

    def record(self, durations: Mapping[str, float]) -> None:
        """Adds one duration, in seconds, to each of these nodes.

        Processes that record at the same time wait for each other. One that waits for too long or can't write
        gives up its durations without an error. Of more than 20,000 nodes, those that ran last are kept.
        """
        self.usual_seconds()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(
                self._path.with_suffix(".lock"), mode=0o600, timeout=WAIT_FOR_OTHERS_SECONDS
            )
            with lock:
                data = msgspec.msgpack.encode(
                    _Contents(_FORMAT_VERSION, _extended(self._read(), durations))
                )
                replace_file(self._path, lambda file: file.write(data))
        except (OSError, NotImplementedError):  # NotImplementedError: no locks on this file system
            return

    def _read(self) -> _Milliseconds:
        try:
            contents = msgspec.msgpack.decode(self._path.read_bytes(), type=_Contents)
        except (OSError, msgspec.DecodeError):
            return {}
        return contents.milliseconds if contents.format_version == _FORMAT_VERSION else {}


def _extended(known: _Milliseconds, durations: Mapping[str, float]) -> _Milliseconds:
    """``known`` with the newest durations last; the nodes that ran last are at the end."""
    for unique_id, seconds in durations.items():
        if 0 <= seconds <= LONGEST_SECONDS:  # neither infinite nor NaN
            earlier = known.pop(unique_id, [])
            known[unique_id] = [*earlier, round(seconds * 1000)][-KEPT_RUNS:]
    excess = len(known) - KEPT_NODES
    if excess > 0:
        for unique_id in list(known)[:excess]:
            del known[unique_id]
    return known
