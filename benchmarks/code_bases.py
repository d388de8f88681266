"""Compares a code base that uses dagster-dbt with itself after its imports were changed to dbt-component.

    python -m benchmarks.code_bases FOLDER --module jaffle_dagster.definitions --run

Copies the folder twice, replaces `dagster_dbt` in one copy, loads the module in both environments and prints how
definitions differ and, with `--run`, what a run of all dbt assets recorded.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import Environment, own_environment, peer_environment
from benchmarks.processes import run_timed
from benchmarks.projects import OURS, PEER

_PROBE = Path(__file__).with_name("probes") / "observe_code_base.py"
_CHANGED_SUFFIXES = (".py", ".yaml", ".yml", ".toml", ".cfg")
_LEFT_OUT = shutil.ignore_patterns(".git", "target", "*.duckdb", "*.db", ".venv", "__pycache__")
# What differs on purpose: docs/moving-from-dagster-dbt.md gives the reasons.
_EXPECTED_METADATA = {
    "dagster_dbt/dagster_dbt_translator",
    "dagster_dbt/manifest",
    "dagster_dbt/project",
}
# dagster-dbt's descriptions of seeds.
_EMPTY_SQL = "\n\n#### Raw SQL:\n```sql\n\n```"


@dataclass(frozen=True)
class CodeBase:
    """A copy of a code base for one side.

    Args:
        folder: The copy.
        module: The module with ``defs``.
        import_from: The folder in it that modules are imported from.
        environment: The environment of the side.
    """

    folder: Path
    module: str
    import_from: str
    environment: Environment

    def change_imports(self) -> int:
        """Replaces dagster-dbt's package by ours in code and YAML; returns the number of changed files."""
        changed = 0
        for path in self.folder.rglob("*"):
            if path.is_file() and path.suffix in _CHANGED_SUFFIXES:
                before = path.read_text(errors="surrogateescape")
                # All names are in the package itself.
                after = re.sub(r"\bdagster_dbt[\w.]*(?= import\b)", "dbt_component", before)
                after = re.sub(r"\bdagster_dbt\b(?!/)", "dbt_component", after)
                if after != before:
                    path.write_text(after, errors="surrogateescape")
                    changed += 1
        return changed

    def parse(self, dbt_folder: Path) -> None:
        """Makes the manifest of a dbt project in the copy, for code that expects one."""
        folder = self.folder / dbt_folder
        argv = [self.environment.command("dbt"), "parse", "--profiles-dir", str(folder)]
        run_timed(argv, env=self.environment.variables(), cwd=folder)

    def observe(self, *, is_run: bool) -> dict[str, Any]:
        """What the probe prints.

        Raises:
            BenchmarkError: The definitions don't load.
        """
        home = self.folder / ".dagster_home"
        home.mkdir()
        code = self.folder / self.import_from
        variables = {
            "DAGSTER_HOME": str(home),
            "DAGSTER_IS_DEV_CLI": "1",
            "DBT_COMPONENT_CACHE_DIR": str(self.folder / ".cache"),
            "PYTHONPATH": os.pathsep.join([str(code), str(self.folder)]),
        }
        argv = [str(self.environment.python), str(_PROBE), self.module]
        timing = run_timed(
            [*argv, *(["--run"] if is_run else [])],
            env=self.environment.variables(variables),
            cwd=self.folder,
        )
        observed: dict[str, Any] = json.loads(timing.stdout.strip().splitlines()[-1])
        return observed


def differences(ours: Mapping[str, Any], peer: Mapping[str, Any]) -> Iterator[str]:
    """One line for each difference that is not expected."""
    for kind in peer:
        if not isinstance(peer[kind], Mapping):
            if ours[kind] != peer[kind]:
                yield f"{kind}: {OURS} {ours[kind]!r}, {PEER} {peer[kind]!r}"
            continue
        for key in sorted(ours[kind].keys() | peer[kind].keys()):
            if key not in ours[kind] or key not in peer[kind]:
                yield f"{kind} {key}: only {OURS if key in ours[kind] else PEER}"
            else:
                yield from _differences_of(f"{kind} {key}", ours[kind][key], peer[kind][key])


def _differences_of(where: str, ours: Any, peer: Any) -> Iterator[str]:
    if isinstance(peer, Mapping):
        for name, value in peer.items():
            yield from _differences_of(f"{where} {name}", ours[name], value)
        return
    if where.startswith("assets ") and where.endswith(" metadata"):
        peer = [name for name in peer if name not in _EXPECTED_METADATA]
        ours = [name for name in ours if not name.startswith("dbt_component/")]
    if where.startswith("assets ") and where.endswith(" description"):
        peer = (peer or "").replace(_EMPTY_SQL, "") or None
    if where.startswith("materializations "):
        ours, peer = _lacking(ours, peer), []
    if ours != peer:
        yield f"{where}: {OURS} {ours!r}, {PEER} {peer!r}"


def _lacking(ours: Sequence[str], peer: Sequence[str]) -> list[str]:
    """Metadata of a materialization that only the peer records; ours may have more."""
    return sorted(set(peer) - set(ours))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares and prints; returns 0 if nothing differs that should not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.code_bases", description=__doc__)
    parser.add_argument("folder", type=Path, help="the code base")
    parser.add_argument("--module", required=True, help="module with `defs`")
    parser.add_argument("--import-from", default=".", help="folder in it to import the module from")
    parser.add_argument("--parse", type=Path, help="folder of a dbt project in it to parse first")
    parser.add_argument("--run", action="store_true", help="also run all dbt assets on both sides")
    parser.add_argument("--python", type=Path, help="interpreter with this package")
    parser.add_argument("--peer-python", type=Path, help="interpreter with dagster-dbt")
    given = parser.parse_args(arguments)
    sides = {OURS: own_environment(given.python), PEER: peer_environment(given.peer_python)}
    observed: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="code-base-") as folder:
        for side, environment in sides.items():
            copy = Path(folder) / side / given.folder.resolve().name
            shutil.copytree(given.folder, copy, ignore=_LEFT_OUT)
            base = CodeBase(copy, given.module, given.import_from, environment)
            if side == OURS:
                _say(f"Files with changed imports: {base.change_imports()}")
            if given.parse is not None:
                base.parse(given.parse)
            observed[side] = base.observe(is_run=given.run)
    for kind, found in observed[PEER].items():
        counts = [len(v) if isinstance(v, Mapping) else v for v in (observed[OURS][kind], found)]
        _say(f"{kind}: {counts[0]} and {counts[1]}")
    lines = list(differences(observed[OURS], observed[PEER]))
    _say("\n".join(lines) or "No differences.")
    return 1 if lines else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
