"""Which dbt runs: a Python dbt, known from installed metadata without starting it, or another command."""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import msgspec

from dbt_component.errors import EngineError

VERSION_TIMEOUT_SECONDS = 120
_EXEC_MARK = "'''exec' "
_EXECUTED = re.compile(r"^'''exec' [\"']?(/[^\"'$ ]+)")
_INSTALL_HINT = "Install dbt-core and an adapter, for example `pip install dbt-core dbt-postgres`."


class Engine(msgspec.Struct, frozen=True):
    """A dbt: the interpreter that has it, or the command that starts it, and its versions.

    ``versions`` maps distribution names (``dbt-core``, ``dbt-adapters``, ``dbt-<adapter>``) to
    versions. It is part of the state's fingerprint. ``command`` is the path of a dbt that is no Python
    script (a wrapper, a binary), which can only be driven by its command line;
    ``python`` is then the interpreter that drives it.
    """

    python: str
    versions: dict[str, str]
    command: str | None = None


def find_engine(executable: str | None = None) -> Engine:
    """Finds the dbt to use. Starts no process, unless ``executable`` is no Python script.

    Args:
        executable: Path or name of a ``dbt`` of another environment; ``None`` for the dbt of the
            environment this runs in. What is no Python script is asked for its version, once a process.

    Raises:
        EngineError: There is no dbt, it is too old, or ``executable`` does not tell a version as dbt does.
    """
    if executable is None:
        return Engine(python=sys.executable, versions=_installed_versions(None))
    found = shutil.which(executable)
    if found is None:
        raise EngineError(f"dbt executable {executable!r} was not found.", hint=_INSTALL_HINT)
    python = _interpreter_of(Path(found))
    if python is None:
        command = os.path.abspath(found)
        return Engine(python=sys.executable, versions=_told_versions(command), command=command)
    site_packages = sorted(Path(python).parent.parent.glob("lib/python*/site-packages"))
    versions = _installed_versions([str(path) for path in site_packages])
    return Engine(python=python, versions=versions)


def _interpreter_of(script: Path) -> str | None:
    """The Python that a console script runs in; ``None`` if the file is no such script."""
    with script.open("rb") as file:
        first, second = (file.readline(4096).decode(errors="replace") for _ in range(2))
    words = first[2:].split() if first.startswith("#!") else []
    if not words:
        return None
    is_env = os.path.basename(words[0]) == "env" and "python" in words[-1]
    if "python" in os.path.basename(words[0]):
        found = words[0]
    elif is_env or second.startswith(_EXEC_MARK):
        # Installers write so what may be moved, or has a path too long for the first line.
        found = next(iter(_EXECUTED.findall(second)), "")
        sibling = script.resolve().parent / "python"
        if not os.path.exists(found):
            found = str(sibling) if sibling.exists() else shutil.which(words[-1]) or ""
    else:
        return None
    return found if os.path.exists(found) else None


def _told_versions(command: str) -> dict[str, str]:
    """What ``dbt --version`` tells, asked once as long as the file is the same."""
    return _ask_versions(command, os.stat(command).st_mtime_ns)


@functools.cache
def _ask_versions(command: str, _modified: int) -> dict[str, str]:
    try:
        process = subprocess.Popen(
            [command, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(
            f"`{command} --version` failed: {error}.",
            hint="`dbt_executable` must be a dbt that can be started.",
        ) from error
    with process:
        try:
            output, _ = process.communicate(timeout=VERSION_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise EngineError(
                f"`{command} --version` gave no answer in {VERSION_TIMEOUT_SECONDS} s.",
                hint="`dbt_executable` must be a dbt that can be started.",
            ) from error
    text = output.decode(errors="replace")
    versions = _read_versions(text)
    if process.returncode != 0 or not versions:
        raise EngineError(
            f"`{command} --version` tells no dbt version (exit code {process.returncode}):"
            f" {text.strip()[-500:]!r}.",
            hint="`dbt_executable` must be a dbt.",
        )
    _require_supported(versions.get("dbt-core"))
    return dict(sorted(versions.items()))


def _read_versions(text: str) -> dict[str, str]:
    """Reads dbt 1's lists of core and plugins, or the one line of other dbts. Newest releases, which dbt
    looks up and lists too, are left out.
    """
    core = re.search(r"^\s*-?\s*installed:\s*(\d\S*)", text, re.MULTILINE)
    if core is not None:
        _, _, plugins = text.partition("Plugins:")
        adapters = re.findall(r"^\s*-\s*(\w+):\s*(\d\S*)", plugins, re.MULTILINE)
        return {"dbt-core": core[1], **{f"dbt-{name}": version for name, version in adapters}}
    one_line = re.search(r"^(dbt[\w-]*)[ =:]+v?(\d+\.\d\S*)", text, re.MULTILINE)
    return {} if one_line is None else {one_line[1]: one_line[2]}


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
    _require_supported(versions["dbt-core"])
    if int(versions["dbt-core"].partition(".")[0]) > 1:
        raise EngineError(
            f"dbt-core {versions['dbt-core']} can't be run inside Python.",
            hint="Use dbt-core 1.8 to 1.x, or set `dbt_executable` to a dbt to drive by command line.",
        )
    return dict(sorted(versions.items()))


def _require_supported(core_version: str | None) -> None:
    if core_version is None:
        return
    major, minor = (int(part) for part in core_version.split(".")[:2])
    if (major, minor) < (1, 8):
        raise EngineError(
            f"dbt-core {core_version} is not supported.", hint="Use dbt-core 1.8 or newer."
        )
