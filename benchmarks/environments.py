"""The Python environments of the compared sides."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.processes import run_timed

TOP = Path(__file__).resolve().parents[1]
PEER_VENV = TOP / ".peer-venv"
PEER_REQUIREMENTS = (
    "dagster-dbt==0.29.27",
    "dagster-dg-cli==1.13.27",
    "dbt-core<1.12",
    "dbt-duckdb",
)
_DISTRIBUTIONS = ("dbt-component", "dagster-dbt", "dagster", "dbt-core", "dbt-duckdb", "duckdb")
# These change how Python, Dagster or dbt start, so measured processes do not inherit them.
_DROPPED_VARIABLES = (
    "DAGSTER_IS_DEV_CLI",
    "DBT_PROFILES_DIR",
    "DBT_PROJECT_DIR",
    "DBT_TARGET_PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
)
_DESCRIBE = """
import importlib.metadata, json, platform, sys, sysconfig
versions = {"python": platform.python_version()}
folders = [sysconfig.get_path("purelib")]
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
if "dbt-component" in versions:
    import dbt_component
    folders.append(dbt_component.__path__[0])
print(json.dumps({"versions": versions, "folders": folders}))
"""


@dataclass(frozen=True)
class Environment:
    """A Python environment, named by its interpreter."""

    python: Path

    @property
    def bin(self) -> Path:
        return self.python.parent

    def command(self, name: str) -> str:
        """The path of a console script."""
        return str(self.bin / name)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Distribution -> version, for the installed ones of ``_DISTRIBUTIONS``, and ``python``."""
        found: dict[str, str] = self._description["versions"]
        return found

    @cached_property
    def _description(self) -> dict[str, dict[str, str]]:
        argv = [str(self.python), "-c", _DESCRIBE, *_DISTRIBUTIONS]
        loaded: dict[str, dict[str, str]] = json.loads(
            run_timed(argv, env=self.variables(), cwd=TOP).stdout
        )
        return loaded

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Environment variables for a process in this environment, as if it were activated."""
        inherited = {k: v for k, v in os.environ.items() if k not in _DROPPED_VARIABLES}
        return {
            **inherited,
            "PATH": f"{self.bin}{os.pathsep}{os.environ.get('PATH', '')}",
            "VIRTUAL_ENV": str(self.bin.parent),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
            **(more or {}),
        }

    def compile_bytecode(self) -> None:
        """Compiles all installed packages; otherwise imports can take twice as long in each process."""
        argv = [str(self.python), "-m", "compileall", "-q", *self._description["folders"]]
        # Some packages ship files for other Python versions, which do not compile; this is not an error.
        subprocess.run(argv, env=self.variables(), stdout=subprocess.DEVNULL, check=False)


def own_environment(python: Path | None) -> Environment:
    """The environment with this package; ``None`` for the current one."""
    # Not resolved: a virtual environment's interpreter is a link that must not be followed.
    return Environment(Path(os.path.abspath(python or sys.executable)))


def peer_environment(python: Path | None) -> Environment:
    """The environment with dagster-dbt; ``None`` for ``.peer-venv``, which is created if necessary."""
    if python is not None:
        return Environment(Path(os.path.abspath(python)))
    environment = Environment(PEER_VENV / "bin" / "python")
    stamp = PEER_VENV / ".installed"
    wanted = "\n".join(PEER_REQUIREMENTS)
    if stamp.is_file() and stamp.read_text() == wanted:
        return environment
    venv.create(PEER_VENV, with_pip=True, clear=True)
    constraints = TOP / "constraints.txt"
    argv = [str(environment.python), "-m", "pip", "install", "--quiet"]
    if constraints.is_file():
        argv += ["--constraint", str(constraints)]
    run_timed([*argv, *PEER_REQUIREMENTS], env=environment.variables(), cwd=TOP)
    stamp.write_text(wanted)
    return environment
