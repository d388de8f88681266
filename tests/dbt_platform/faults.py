"""Faults: what goes wrong with the next requests that match."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

Kind = Literal[
    # Instead of doing what the request asks for:
    "status",  # answers with `status` and `headers`
    "drop",  # closes the connection
    "deleted_run",  # answers 404 for the paths of the run `run_id`
    # After doing it:
    "drop_after",  # closes the connection without an answer
    "truncate",  # sends half of the body under the Content-Length of all of it, then closes
    "html_page",  # answers 200 with a page of HTML
    "broken_json",  # answers 200 with half of the JSON
    "empty",  # answers 200 with `data: null`
    # While doing it:
    "slow",  # waits for `seconds` first
    "repeated_row",  # a page after the first starts one row early, as if a row had been inserted before it
    "missing_row",  # a page after the first starts one row late, as if a row before it had been deleted
    "hide_artifact",  # the artifact named `artifact` is neither listed nor found
    "hide_logs",  # steps have empty logs
]
_PAGES = ("repeated_row", "missing_row")


@dataclass(frozen=True)
class Fault:
    """A fault for requests of ``method`` (``*`` is any) whose path contains a match of ``path_pattern``.

    It passes over the first ``after`` such requests, then strikes ``times`` times; ``None`` is without end.
    """

    method: str
    path_pattern: str
    kind: Kind
    times: int | None = 1
    after: int = 0
    seconds: float = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    run_id: int | None = None
    artifact: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"No such fault: {self.kind!r}; one of {', '.join(get_args(Kind))}.")
        if self.kind == "hide_artifact" and not self.artifact:
            raise ValueError("A hide_artifact fault needs the name of the artifact.")
        if self.kind == "deleted_run" and not self.run_id:
            raise ValueError("A deleted_run fault needs a run_id.")
        re.compile(self.path_pattern)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Fault":
        """Raises ``ValueError`` if a field is missing, unknown or wrong."""
        names = {item.name for item in fields(cls)}
        missing = {"method", "path_pattern", "kind"} - content.keys()
        if unknown := content.keys() - names or missing:
            raise ValueError(f"Missing or unknown fields of a fault: {sorted(unknown)}.")
        return cls(**content)

    def matches(self, method: str, path: str, *, offset: int) -> bool:
        return (
            self.method in ("*", method)
            and re.search(self.path_pattern, path) is not None
            and (self.kind not in _PAGES or offset > 0)
            and (self.run_id is None or f"/runs/{self.run_id}/" in f"{path.rstrip('/')}/")
        )


class FaultPlan:
    """Faults in the order in which they are tried; the first that is due strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[tuple[Fault, list[None]]] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._seen += [(fault, []) for fault in faults]

    def clear(self) -> None:
        with self._lock:
            self._seen = []

    def take(self, method: str, path: str, *, offset: int) -> Fault | None:
        """The fault that strikes this request, which counts for all faults that it matches up to there."""
        with self._lock:
            for fault, seen in self._seen:
                if not fault.matches(method, path, offset=offset):
                    continue
                seen.append(None)
                strikes = len(seen) - fault.after
                if strikes > 0 and (fault.times is None or strikes <= fault.times):
                    return fault
        return None
