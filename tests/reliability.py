"""Writes docs/reliability.md from the tests marked `reliability`: what was tried, and how it ended.

A test says what it tries and what should come of it: `@pytest.mark.reliability(TOPIC, tried="…", outcome="…")`, with one of `TOPICS`.
`pytest --write-reliability PATH` writes the page at the end of a run; give it with the whole suite only.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

TOPICS = (
    "Disabled nodes",
    "Files outside of the project's folder",
    "Resource types and flags",
    "Runs that are cut short",
    "Schedules",
    "Partitions",
    "Edits that files do not show",
    "Output that looks like dbt's",
    "Corrupt states",
    "Times of files",
    "Killed and stopped processes",
    "Errors that pass",
    "Faults amid a run",
    "Cancelled runs",
    "Leftovers",
    "Faults of the dbt platform: requests",
    "Faults of the dbt platform: runs of Dagster",
    "Faults of the dbt platform: what the project holds",
    "Faults of the dbt platform: its sensor",
    "Events without limit",
    "Secrets in variables",
    "Secrets in profiles",
    "Files of other users",
)
HEAD = """# Reliability

What was done to this package on purpose, and what came of it. Each line is a test against real dbt, real databases and real processes;
`make test` writes this page, and a line says *passed* only if its test passed in that run.
"""
Result = Literal["passed", "failed", "skipped"]
_PROPERTY = "reliability"


class Trial(NamedTuple):
    topic: str
    tried: str
    outcome: str


@dataclass
class Report:
    """The trials of one test run, by test function; a function with several cases passes if all of them do."""

    trials: dict[str, Trial] = field(default_factory=dict)
    results: dict[str, list[Result]] = field(default_factory=dict)

    def record(self, report: pytest.TestReport) -> None:
        known = dict(report.user_properties).get(_PROPERTY)
        if known is None or (report.when != "call" and report.passed):
            return
        function = function_of(report.nodeid)
        self.trials[function] = Trial(*map(str, known))  # type: ignore[call-overload]
        self.results.setdefault(function, []).append(report.outcome)

    def render(self) -> str:
        parts = [HEAD]
        for topic in TOPICS:
            rows = [
                f"| {trial.tried} | {trial.outcome} | {self._result(function)} | {_link(function)} |"
                for function, trial in sorted(self.trials.items())
                if trial.topic == topic
            ]
            if rows:
                head = (
                    f"## {topic}\n\n| tried | what happens | result | test |\n|---|---|---|---|\n"
                )
                parts.append(head + "\n".join(rows) + "\n")
        return "\n".join(parts)

    def _result(self, function: str) -> str:
        results = self.results[function]
        worst = next((result for result in ("failed", "skipped") if result in results), "passed")
        return worst if len(results) == 1 else f"{worst}, {len(results)} cases"


def function_of(nodeid: str) -> str:
    """`tests/a/test_b.py::test_c[1]` -> `tests/a/test_b.py::test_c`."""
    return nodeid.split("[", 1)[0]


def _link(function: str) -> str:
    file, name = function.split("::", 1)
    return f"[`{name}`](../{file})"


class ReliabilityPlugin:
    """Collects the trials. Works in one process and with the workers of pytest-xdist, whose reports carry them."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.report = Report()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("reliability")
            if mark is None:
                continue
            trial = Trial(*mark.args, **mark.kwargs)
            if trial.topic not in TOPICS:
                raise pytest.UsageError(
                    f"{item.nodeid}: unknown topic {trial.topic!r}; see TOPICS in tests/reliability.py"
                )
            item.user_properties.append((_PROPERTY, tuple(trial)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.report.record(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_worker = hasattr(session.config, "workerinput")
        if self.path is not None and not is_worker:
            self.path.write_text(self.report.render())
