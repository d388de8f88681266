"""What a run did, in the same terms for both sides."""

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
    """One node's reported end."""

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
    """All that is compared of one run.

    ``steps`` are in the order of dbt's events. ``ends`` are those of events, ``results`` those of dbt's
    final result. ``files`` maps paths under the target folder to normalised text; ``relations`` maps
    names of relations to a description of their content.
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
"""Where generated projects have their unit tests, and nothing else."""


def read_sql_files(target: Path) -> dict[str, str]:
    """Texts of compiled and executed SQL under a target folder, normalised.

    Without the fixtures of unit tests: dbt gives those of equal name in one YAML file the same path, and
    the test that comes last wins. Each test's own SQL holds its fixtures.
    """
    files: dict[str, str] = {}
    for name in ("compiled", "run"):
        for path in sorted((target / name).rglob("*")):
            if path.is_file() and path.parent.name != UNIT_TESTS_FILE:
                relative = path.relative_to(target).as_posix()
                files[relative] = normalise(path.read_text(), target)
    return files


def normalise(text: str, target: Path) -> str:
    """``text`` without what differs between two equal runs: paths and times."""
    text = text.replace(str(target.resolve()), "<target>").replace(str(target), "<target>")
    # The number of directories above the project in a relative path to the target is a matter of
    # where the target lies.
    text = re.sub(r"(\.\./)*\S*<target>", "<target>", text)
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text.strip()
