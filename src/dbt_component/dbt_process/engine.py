"""Finds the dbt to run and its versions: a Python dbt from installed metadata, or another command."""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import msgspec

from dbt_component.errors import DagsterDbtCoreNotInstalledError, EngineError

VERSION_TIMEOUT_SECONDS = 120
NEWEST_TESTED = (1, 11)
"""Major and minor version of dbt-core; pyproject.toml requires one that is not newer."""
_EXEC_MARK = "'''exec' "
_EXECUTED = re.compile(r"^'''exec' [\"']?(/[^\"'$ ]+)")
_INSTALL_HINT = (
    "Install dbt-core and an adapter, for example `pip install 'dbt-core<1.12' dbt-postgres`."
)


class Engine(msgspec.Struct, frozen=True):
    """A dbt installation: its interpreter or command, and its versions.

    ``versions`` maps distribution names (``dbt-core``, ``dbt-adapters``, ``dbt-<adapter>``) to
    versions. It is part of the state's fingerprint. ``command`` is the path of a dbt that is not a
    Python script (a wrapper, a binary) and can only be driven through its command line;
    ``python`` is then the interpreter that drives it.
    """

    python: str
    versions: dict[str, str]
    command: str | None = None

    @property
    def core_version(self) -> tuple[int, int] | None:
        """Major and minor version of dbt-core; ``None`` if the dbt printed none."""
        version = self.versions.get("dbt-core")
        return None if version is None else _major_minor(version)

    @property
    def is_untested(self) -> bool:
        """Whether dbt-core is newer than the versions that this package is tested with."""
        core = self.versions.get("dbt-core")
        return core is not None and _major_minor(core) > NEWEST_TESTED


def find_engine(executable: str | None = None) -> Engine:
    """Finds the dbt to use.

    Starts no process unless ``executable`` is not a Python script: then ``--version`` is run, once per
    process.

    Args:
        executable: Path or name of a ``dbt`` in another environment; ``None`` for the dbt of the
            current environment.

    Raises:
        EngineError: There is no dbt, it is too old, or ``executable`` does not print a dbt version.
    """
    if executable is None:
        return Engine(python=sys.executable, versions=_installed_versions(None))
    found = shutil.which(executable)
    if found is None:
        raise EngineError(
            f"dbt executable {executable!r} was not found.",
            key="project.dbt_executable",
            hint="Give the path of a `dbt` that exists, or remove the key to use the dbt of this"
            " environment.",
        )
    python = _interpreter_of(Path(found))
    if python is None:
        command = os.path.abspath(found)
        return Engine(python=sys.executable, versions=_told_versions(command), command=command)
    site_packages = sorted(Path(python).parent.parent.glob("lib/python*/site-packages"))
    versions = _installed_versions([str(path) for path in site_packages])
    return Engine(python=python, versions=versions)


def _interpreter_of(script: Path) -> str | None:
    """The interpreter of a console script; ``None`` if the file is not a Python console script."""
    with script.open("rb") as file:
        first, second = (file.readline(4096).decode(errors="replace") for _ in range(2))
    words = first[2:].split() if first.startswith("#!") else []
    if not words:
        return None
    is_env = os.path.basename(words[0]) == "env" and "python" in words[-1]
    if "python" in os.path.basename(words[0]):
        found = words[0]
    elif is_env or second.startswith(_EXEC_MARK):
        # Installers write this form if the environment may move, or its path is too long for a shebang.
        found = next(iter(_EXECUTED.findall(second)), "")
        sibling = script.resolve().parent / "python"
        if not os.path.exists(found):
            found = str(sibling) if sibling.exists() else shutil.which(words[-1]) or ""
    else:
        return None
    return found if os.path.exists(found) else None


def _told_versions(command: str) -> dict[str, str]:
    """The versions that ``dbt --version`` prints; run again only if the file changes."""
    return _ask_versions(command, os.stat(command).st_mtime_ns)


@functools.cache
def _ask_versions(command: str, _modified: int) -> dict[str, str]:
    # Not a pipe: what the command leaves running would hold it.
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                [command, "--version"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(
                f"`{command} --version` failed: {error}.",
                hint="`dbt_executable` must be a dbt that starts.",
            ) from error
        with process:
            try:
                process.wait(timeout=VERSION_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired as error:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise EngineError(
                    f"`{command} --version` did not finish within {VERSION_TIMEOUT_SECONDS} s.",
                    hint="`dbt_executable` must be a dbt that starts.",
                ) from error
        output.seek(0)
        text = output.read().decode(errors="replace")
    versions = _read_versions(text)
    if process.returncode != 0 or not versions:
        raise EngineError(
            f"`{command} --version` printed no dbt version (exit code {process.returncode}):"
            f" {text.strip()[-500:]!r}.",
            hint="`dbt_executable` must be a dbt.",
        )
    _require_supported(versions.get("dbt-core"))
    return dict(sorted(versions.items()))


def _read_versions(text: str) -> dict[str, str]:
    """Reads dbt 1's lists of core and plugins, or the single line that other dbts print.

    Ignores the latest releases, which dbt 1 also lists. Empty if the text contains no version.
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
        # The folder name suffices, and reading each package's metadata is expensive.
        location = getattr(distribution, "_path", None)
        folder = Path(location).name if location is not None else ""
        if folder and not folder.lower().startswith("dbt"):
            continue
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name.startswith("dbt-") and name != "dbt-component":
            versions[name] = distribution.version
    if "dbt-core" not in versions:
        raise DagsterDbtCoreNotInstalledError("dbt-core is not installed.", hint=_INSTALL_HINT)
    _require_supported(versions["dbt-core"])
    if int(versions["dbt-core"].partition(".")[0]) > 1:
        raise EngineError(
            f"dbt-core {versions['dbt-core']} can't run inside Python.",
            hint="Use dbt-core 1.8 to 1.11, or set `dbt_executable` to run dbt as a command.",
        )
    return dict(sorted(versions.items()))


def _require_supported(core_version: str | None) -> None:
    if core_version is None:
        return
    if _major_minor(core_version) < (1, 8):
        raise EngineError(
            f"dbt-core {core_version} is not supported.", hint="Use dbt-core 1.8 to 1.11."
        )


def _major_minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
