"""The observed effects of a run, in the same terms for both sides."""

import re
from dataclasses import dataclass, field
from pathlib import Path

_VOLATILE = (
    (re.compile(r"__dbt_tmp\d+"), "__dbt_tmp"),
    (re.compile(r"__dbt_tmp_\d+"), "__dbt_tmp"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"in \d+\.\d+s"), "in <seconds>"),
    (re.compile(r"\d\d:\d\d:\d\d(\.\d+)?"), "<clock>"),
)


@dataclass(frozen=True)
class NodeEnd:
    """The end of one node, as reported."""

    status: str
    failures: int | None
    message: str


@dataclass(frozen=True)
class Step:
    """One event of one node: ``start`` or ``end``."""

    kind: str
    unique_id: str


@dataclass
class Observation:
    """Everything that is compared about one run.

    ``steps`` are in the order of dbt's events. ``ends`` come from events, ``results`` (unique id -> status)
    from dbt's final result. ``files`` maps paths under the target folder to normalised text; ``relations``
    maps names of relations to a description of their content.
    """

    success: bool
    error: str | None
    selected: frozenset[str] | None
    steps: list[Step]
    ends: dict[str, NodeEnd]
    results: dict[str, str]
    end_counts: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    relations: dict[str, list[str]] = field(default_factory=dict)
    output: str = ""


UNIT_TESTS_FILE = "unit_tests.yml"
"""The file of generated projects that contains only unit tests."""


def read_sql_files(target: Path) -> dict[str, str]:
    """Reads compiled and executed SQL under a target folder: path -> normalised text.

    Leaves out the fixtures of unit tests: dbt writes those of equal name in one YAML file to the same path,
    and the last test wins. Each test's own SQL contains its fixtures.
    """
    files: dict[str, str] = {}
    for name in ("compiled", "run"):
        for path in sorted((target / name).rglob("*")):
            if path.is_file() and path.parent.name != UNIT_TESTS_FILE:
                relative = path.relative_to(target).as_posix()
                files[relative] = normalise(path.read_text(), target)
    return files


def normalise(text: str, target: Path) -> str:
    """Replaces the parts of ``text`` that differ between two equal runs: paths and times."""
    text = text.replace(str(target.resolve()), "<target>").replace(str(target), "<target>")
    # The number of parent directories in a relative path to the target depends on the target's location.
    text = re.sub(r"(\.\./)*\S*<target>", "<target>", text)
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text.strip()
