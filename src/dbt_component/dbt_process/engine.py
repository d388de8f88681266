"""Which dbt runs: found once, from installed metadata, without starting it."""

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

import msgspec

from dbt_component.errors import EngineError

_INSTALL_HINT = "Install dbt-core and an adapter, for example `pip install dbt-core dbt-postgres`."


class Engine(msgspec.Struct, frozen=True):
    """A Python dbt: the interpreter that has it, and its versions.

    ``versions`` maps distribution names (``dbt-core``, ``dbt-adapters``, ``dbt-<adapter>``) to
    versions. It is part of the state's fingerprint.
    """

    python: str
    versions: dict[str, str]

    @property
    def dbt_version(self) -> str:
        return self.versions["dbt-core"]


def find_engine(executable: str | None = None) -> Engine:
    """Finds the dbt to use. Starts no process.

    Args:
        executable: Path or name of a ``dbt`` script of another environment; ``None`` for the dbt of
            the environment this runs in.

    Raises:
        EngineError: There is no dbt, or ``executable`` is not a Python dbt.
    """
    if executable is None:
        return Engine(python=sys.executable, versions=_installed_versions(None))
    found = shutil.which(executable)
    if found is None:
        raise EngineError(f"dbt executable {executable!r} was not found.", hint=_INSTALL_HINT)
    python = _interpreter_of(Path(found))
    site_packages = sorted(Path(python).parent.parent.glob("lib/python*/site-packages"))
    versions = _installed_versions([str(path) for path in site_packages])
    return Engine(python=python, versions=versions)


def _interpreter_of(script: Path) -> str:
    with script.open("rb") as file:
        first_line = file.readline(4096)
    interpreter = first_line[2:].decode(errors="replace").strip()
    if first_line.startswith(b"#!") and "python" in interpreter and os.path.exists(interpreter):
        return interpreter
    sibling = script.parent / "python"
    if first_line.startswith(b"#!") and sibling.exists():
        return str(sibling)
    raise EngineError(
        f"dbt executable {str(script)!r} is not a Python dbt-core script.",
        hint="Only dbt-core 1.8 to 1.x can be run; the Rust engine (dbt 2) is not supported.",
    )


def _installed_versions(search_path: list[str] | None) -> dict[str, str]:
    versions: dict[str, str] = {}
    found = (
        metadata.distributions()
        if search_path is None
        else metadata.distributions(path=search_path)
    )
    for distribution in found:
        # The folder name is enough, and reading each package's metadata is not cheap.
        location = getattr(distribution, "_path", None)
        folder = Path(location).name if location is not None else ""
        if folder and not folder.lower().startswith("dbt"):
            continue
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name.startswith("dbt-") and name != "dbt-component":
            versions[name] = distribution.version
    if "dbt-core" not in versions:
        raise EngineError("dbt-core is not installed.", hint=_INSTALL_HINT)
    major, minor = (int(part) for part in versions["dbt-core"].split(".")[:2])
    if (major, minor) < (1, 8) or major > 1:
        raise EngineError(
            f"dbt-core {versions['dbt-core']} is not supported.", hint="Use dbt-core 1.8 to 1.x."
        )
    return dict(sorted(versions.items()))
