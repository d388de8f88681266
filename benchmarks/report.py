"""Writes the results as JSON and as Markdown."""

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.projects import (
    DBT,
    EMPTY,
    FLOOR,
    FLOOR_COMPONENT,
    OURS,
    PEER,
    PEER_PYTHON,
    PYTHON,
)
from benchmarks.results import Result

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
_SIDES = (OURS, FLOOR, FLOOR_COMPONENT, EMPTY, DBT, PEER, PYTHON, PEER_PYTHON)
_RATIOS = {
    "load": [(OURS, FLOOR_COMPONENT), (PEER, OURS)],
    "refresh": [(OURS, EMPTY), (PEER, OURS)],
    "step": [(OURS, DBT), (PEER, OURS)],
    "launch": [(OURS, FLOOR), (PEER, OURS)],
    "python": [(PYTHON, OURS), (PEER_PYTHON, PYTHON)],
    "build": [(OURS, DBT), (PEER, OURS)],
}
_TITLES = {
    "load": "Loading definitions, without `import dagster`",
    "refresh": "`dg utils refresh-defs-state`",
    "step": "A step",
    "launch": "`dg launch --assets …` from the shell",
    "python": "`@dbt_assets` over a prepared project",
    "build": "A full build",
}


@dataclass(frozen=True)
class Report:
    """One run of the benchmarks. ``versions`` maps side -> distribution -> version."""

    date: str
    machine: Machine
    versions: Mapping[str, Mapping[str, str]]
    repeat: int
    materialized: str
    results: Sequence[Result]

    def write_json(self, folder: Path) -> Path:
        """Writes all samples; the file is named after the time of the run."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.date.replace(':', '-')}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return path

    def markdown(self) -> str:
        """Tables of medians, with the smallest and largest sample if there are several."""
        lines = [
            f"{self.date[:10]}, {self.machine.describe()}."
            f" Median of {self.repeat}"
            + (", minimum and maximum in brackets" if self.repeat > 1 else "")
            + f". All models are {self.materialized}s, each with two tests.",
            "",
        ]
        for side, versions in self.versions.items():
            listed = ", ".join(f"{name} {version}" for name, version in versions.items())
            lines.append(f"- {side}: {listed}")
        for case in dict.fromkeys(result.case for result in self.results):
            members = [result for result in self.results if result.case == case]
            lines += ["", f"### {_TITLES[case]}", "", *_table(case, members)]
        return "\n".join(lines) + "\n"


def now() -> str:
    """The current time in UTC, in ISO 8601, with a precision of one second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_report(path: Path) -> Report:
    """Reads a file written by ``Report.write_json``."""
    raw = json.loads(path.read_text())
    raw["machine"] = Machine(**raw["machine"])
    raw["results"] = [Result(**result) for result in raw["results"]]
    return Report(**raw)


def write_into(path: Path, markdown: str) -> None:
    """Replaces the text between the marks in a document.

    Raises:
        ValueError: The document lacks the marks.
    """
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks {BEGIN} and {END}.")
    path.write_text(f"{before}{begin}\n{markdown}{end}{after}")


def _table(case: str, results: Sequence[Result]) -> list[str]:
    present = {result.side for result in results}
    sides = [side for side in _SIDES if side in present]
    ratios = [pair for pair in _RATIOS[case] if present.issuperset(pair)]
    heads = ["project", "models", "what", *sides, *(f"{a} / {b}" for a, b in ratios)]
    lines = [_row(heads), _row(["---", "--:", "---", *["--:"] * (len(heads) - 3)])]
    found = {(r.shape, r.models, r.metric, r.side): r for r in results}
    for shape, models, metric in dict.fromkeys((r.shape, r.models, r.metric) for r in results):
        by_side = {side: found.get((shape, models, metric, side)) for side in sides}
        cells = [_cell(by_side[side]) for side in sides]
        shown = [_ratio(by_side.get(above), by_side.get(below)) for above, below in ratios]
        lines.append(_row([shape, str(models), metric, *cells, *shown]))
    return lines


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(result: Result | None) -> str:
    if result is None:
        return ""
    text = f"{_number(result.median)} {result.unit}"
    if len(result.samples) > 1:
        text += f" ({_number(min(result.samples))} to {_number(max(result.samples))})"
    return text


def _number(value: float) -> str:
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _ratio(above: Result | None, below: Result | None) -> str:
    if above is None or below is None or below.median == 0:
        return ""
    return f"{above.median / below.median:.2f}"
