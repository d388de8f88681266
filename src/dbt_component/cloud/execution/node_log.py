"""Reads the ends of nodes from dbt's debug log while it grows, before the results of the command are there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dbt_component.dbt_process.child.child_pipe import TERMINAL_CODE
from dbt_component.dbt_process.events import NodeFinished

_HEADER = re.compile(r"^=+ [\d:.]+ \| ([0-9a-f-]{36}) =+$")
_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \[\w+ *\] \[(.{10,}?)\]: (.*)$")
_BEGAN = re.compile(r"^Began running node (\S+)$")
_FINISHED = re.compile(r"^Finished running node (\S+)$")
_START = re.compile(r"^(\d+) of \d+ START ")
_RESULT = re.compile(
    r"^(?P<number>\d+) of \d+ (?P<text>[A-Z].*) \[(?P<status>.*?)(?: in (?P<seconds>\d+\.\d+)s)?\]$"
)
_ERROR = re.compile(r"^\w+ Error in \w+ \S+ \(.*\)$")
_COUNT = re.compile(r"^(?:WARN|FAIL) (\d+)$")
_ROWS = re.compile(r"^[A-Z]+(?: [A-Z]+)*(?: \d+)? (\d+)$")
_LAST_LINE = re.compile(r"^(?:\x1b\[0m)?\d\d:\d\d:\d\d\.\d+ ", re.MULTILINE)
_TAIL_CHARACTERS = 20_000


@dataclass
class _Running:
    """The node that a thread runs, as far as the log tells."""

    unique_id: str
    number: str | None = None
    result: NodeFinished | None = None
    error: list[str] = field(default_factory=list)
    is_doubtful: bool = False


class NodeLog:
    """The log of one dbt command, read again and again while it grows.

    A node's end counts only if the same thread has logged its beginning, one result, and its end, so a log whose front
    is cut off, or that lacks lines, tells of fewer nodes but of none wrongly. Models in batches are left out: their
    results take shape elsewhere. Text that a model prints can look like dbt's own lines, so what the log tells must be
    confirmed by the results of the command.
    """

    def __init__(self) -> None:
        self.invocation_id: str | None = None
        """The id of the command; ``None`` while its first line has not been seen."""
        self.has_gap = False
        """Whether lines were missed between the last two readings, or before the first."""
        self._tail = ""
        self._running: dict[str, _Running] = {}
        self._reported: set[str] = set()
        self._error: list[str] | None = None

    def read(self, text: str, *, is_whole: bool = False) -> list[NodeFinished]:
        """The nodes that have ended since the last reading, in the order of the log. An unfinished line waits.

        Costs as much as finding the new part, and reading that; after a gap, the whole log is read again.

        Args:
            text: The log so far, or its end.
            is_whole: Whether it is the log from its first line on, which closes a gap: nodes in it that no reading has
                told of come now.
        """
        complete = text[: text.rfind("\n") + 1]
        if is_whole and self.has_gap:
            self._forget_place()
            self.has_gap = False
            new = complete
        else:
            new = self._new_part(complete)
        self._tail = _tail_of(complete) or self._tail
        return list(self._read_lines(new))

    def _new_part(self, complete: str) -> str:
        if self._tail:
            position = complete.rfind(self._tail)
            self.has_gap = bool(complete) and position < 0
            if position >= 0:
                return complete[position + len(self._tail) :]
        else:
            start = complete.lstrip()
            self.has_gap = bool(start) and _HEADER.match(start.partition("\n")[0]) is None
        if self.has_gap:
            self._forget_place()
        return complete

    def _forget_place(self) -> None:
        self._running.clear()
        self._error = None

    def _read_lines(self, text: str) -> Iterator[NodeFinished]:
        for raw in text.splitlines():
            line = TERMINAL_CODE.sub("", raw)
            header = _HEADER.match(line)
            if header is not None:
                self.invocation_id = header[1]
                continue
            found = _LINE.match(line)
            if found is None:
                if self._error is not None:
                    self._error.append(line)
                continue
            self._error = None
            finished = self._read_message(found[1].strip(), found[2])
            if finished is not None:
                yield finished

    def _read_message(self, thread: str, message: str) -> NodeFinished | None:
        began = _BEGAN.match(message)
        if began is not None:
            self._running[thread] = _Running(began[1])
            return None
        running = self._running.get(thread)
        if running is None:
            return None
        ended = _FINISHED.match(message)
        if ended is not None:
            del self._running[thread]
            is_certain = ended[1] == running.unique_id and not running.is_doubtful
            if running.result is None or not is_certain or running.unique_id in self._reported:
                return None
            self._reported.add(running.unique_id)
            return running.result
        start = _START.match(message)
        if start is not None:
            running.is_doubtful = running.is_doubtful or running.number is not None
            running.number = start[1]
        elif _ERROR.match(message):
            self._error = running.error = [message]
        else:
            self._read_result(running, thread, message)
        return None

    def _read_result(self, running: _Running, thread: str, message: str) -> None:
        found = _RESULT.match(message)
        if message.startswith("Batch "):
            running.is_doubtful = True
        if found is None:
            return
        status = _status_of(found["text"])
        is_other = running.number not in (None, found["number"]) or running.result is not None
        if status is None or is_other or " microbatch " in found["text"]:
            running.is_doubtful = True
            return
        running.result = self._finished(running, thread, status, found)

    def _finished(
        self, running: _Running, thread: str, status: str, found: re.Match[str]
    ) -> NodeFinished:
        resource_type = running.unique_id.partition(".")[0]
        count = _COUNT.match(found["status"])
        is_built = status == "success"
        rows = _ROWS.match(found["status"]) if is_built else None
        error = "\n".join(running.error).strip() if status == "error" else ""
        return NodeFinished(
            unique_id=running.unique_id,
            status=status,
            resource_type=resource_type,
            message=found["status"] if is_built else error or None,
            execution_time_seconds=float(found["seconds"] or 0),
            thread=thread if thread.endswith(")") else f"{thread.rstrip(' (')} (worker)",
            failures=int(count[1])
            if count and resource_type == "test"
            else _no_rows(resource_type, status),
            adapter_response={} if rows is None else {"rows_affected": int(rows[1])},
            invocation_id=self.invocation_id,
        )


def _tail_of(text: str) -> str:
    """The last entry of a log, which its time makes unique."""
    end = text[-_TAIL_CHARACTERS:]
    starts = [found.start() for found in _LAST_LINE.finditer(end)]
    return end[starts[-1] :] if starts else end


def _no_rows(resource_type: str, status: str) -> int | None:
    return 0 if resource_type == "test" and status == "pass" else None


def _status_of(text: str) -> str | None:
    """The status by the first words of a result line; ``None`` if they are not known."""
    if text.startswith(("OK created ", "OK loaded ", "OK snapshotted ")):
        return "success"
    word = text.partition(" ")[0]
    return {
        "PASS": "pass",
        "WARN": "warn",
        "FAIL": "fail",
        "ERROR": "error",
        "SKIP": "skipped",
        "NO-OP": "no-op",
    }.get(word)
