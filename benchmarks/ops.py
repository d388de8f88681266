"""What it costs to load definitions of a project with many ops instead of one: ``python -m benchmarks.ops``.

Both load the same generated dbt project, in turn, each time in a fresh process in production mode.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.dg_project import write_dg_project
from benchmarks.generate import ProjectPlan, write_project

_PROBE = Path(__file__).parent / "probes" / "load_definitions.py"
_DEFS = """\
type: dbt_component.DbtProjectComponent
attributes:
  project: "{{ context.project_root }}/transform"
"""
_BLOCK = 100  # names that share all but their last two digits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--ops", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--work-dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work_dir) as name:
        folder = Path(name)
        env = {
            **os.environ,
            "DBT_COMPONENT_CACHE_DIR": str(folder / "cache"),
            "DAGSTER_HOME": str(folder),
        }
        roots = {"one_op": _DEFS, "many_ops": _DEFS + "".join(_ops(options.models, options.ops))}
        for project, defs in roots.items():
            _prepare(folder / project, project, defs, models=options.models, env=env)
        seconds: dict[str, list[float]] = {project: [] for project in roots}
        for _ in range(options.repeat):
            for project in roots:
                seconds[project].append(_load(folder / project, project, env))
    for project, found in seconds.items():
        low, high = min(found), max(found)
        sys.stdout.write(
            f"{project}: {statistics.median(found):.2f} s (median), {low:.2f} to {high:.2f} s\n"
        )
    ratio = statistics.median(seconds["many_ops"]) / statistics.median(seconds["one_op"])
    sys.stdout.write(f"{options.ops} ops / one op: {ratio:.3f}\n")


def _ops(models: int, ops: int) -> Iterator[str]:
    """``ops:`` with the models divided in their order, so that no two ops depend on each other."""
    blocks = [f"m_{start // _BLOCK:03}*" for start in range(0, models, _BLOCK)]
    yield "  ops:\n"
    for number in range(ops):
        own = blocks[number * len(blocks) // ops : (number + 1) * len(blocks) // ops]
        yield f'    - {{name: op_{number}, select: "{" ".join(own)}"}}\n'


def _prepare(root: Path, name: str, defs: str, *, models: int, env: dict[str, str]) -> None:
    plan = ProjectPlan(models, "deep", "table")
    write_project(root / "transform", plan, database=root / "ops.duckdb")
    write_dg_project(root, name, defs)
    subprocess.run(["dg", "utils", "refresh-defs-state"], cwd=root, env=_env(root, env), check=True)


def _load(root: Path, name: str, env: dict[str, str]) -> float:
    result = subprocess.run(
        [sys.executable, str(_PROBE), f"{name}.definitions"],
        cwd=root,
        env=_env(root, env),
        check=True,
        capture_output=True,
        text=True,
    )
    seconds: float = json.loads(result.stdout.splitlines()[-1])["load_seconds"]
    return seconds


def _env(root: Path, env: dict[str, str]) -> dict[str, str]:
    return {**env, "PYTHONPATH": os.pathsep.join([str(root / "src"), env.get("PYTHONPATH", "")])}


if __name__ == "__main__":
    main()
