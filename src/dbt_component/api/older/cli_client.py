"""dbt's commands as methods, each of which runs one and returns its results."""

import contextlib
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt_component.api.older.flags import command_line, with_underscores
from dbt_component.dbt_process.artifacts import RUN_RESULTS
from dbt_component.errors import CliArgsError
from dbt_component.execution.resource import DbtCliResource
from dbt_component.project.project import DbtProject

Selection = str | Sequence[str] | None
"""Nodes in dbt's syntax, as text or as a list; ``None`` for those of the configuration, or else all."""

_OF_PROJECT = ("profile", "target", "vars")
_SELECTION = ("models", "select", "exclude")


@dataclass(frozen=True)
class DbtCliOutput:
    """The outcome of one dbt command.

    Args:
        command: The command as text.
        return_code: 0, or 1 if a node failed.
        result: run_results.json; ``None`` if the command wrote none.
        docs_url: Where the project's documentation is served, if that was configured.
    """

    command: str
    return_code: int
    result: Mapping[str, Any] | None
    docs_url: str | None = None


class DbtCliClient:
    """Runs dbt commands in one project. ``DbtCliResource`` supersedes it.

    Each method waits for the command and takes further options of dbt as keyword arguments, such as
    ``full_refresh=True``; they replace those of the configuration. ``project_dir``, ``profiles_dir``, ``profile``,
    ``target`` and ``vars`` may be among them. All raise ``DagsterDbtCliRuntimeError`` if the command fails.
    dbt's own text is in the output of the process.

    Args:
        project: The project, with profile, target and variables.
        flags: Options of every command, by name.
        ignore_handled_error: Whether a failed node is no error.
        target_path: Folder for artifacts. Default: a new folder for each command.
        docs_url: Where the project's documentation is served.
    """

    def __init__(
        self,
        project: DbtProject,
        *,
        flags: Mapping[str, Any] | None = None,
        ignore_handled_error: bool = False,
        target_path: Path | None = None,
        docs_url: str | None = None,
    ) -> None:
        self.project = project
        self.ignore_handled_error = ignore_handled_error
        self.docs_url = docs_url
        given = with_underscores(flags or {})
        self._selection = {name: given.pop(name) for name in _SELECTION if name in given}
        self.flags = given
        self._target_path = target_path
        self._artifacts = target_path or project.manifest_path.parent

    def cli(self, command: str, **flags: Any) -> DbtCliOutput:
        """Runs a command.

        Args:
            command: Its words, such as ``run`` or ``docs generate``.
            **flags: Options by name.

        Raises:
            DagsterDbtCliRuntimeError: The command failed.
            CliArgsError: dbt has no such command.
            ProjectError: The folder of ``project_dir`` is no dbt project.
        """
        options = {**self.flags, **with_underscores(flags)}
        project, options = _project_of(self.project, options)
        if self._target_path is not None:
            self._target_path.mkdir(parents=True, exist_ok=True)
            (self._target_path / RUN_RESULTS).unlink(missing_ok=True)
        invocation = DbtCliResource.of(project).cli(
            command_line(command, options), raise_on_error=False, target_path=self._target_path
        )
        error = invocation.get_error()
        self._artifacts = invocation.target_path
        if error is not None and not (
            self.ignore_handled_error and invocation.has_only_failed_nodes
        ):
            raise error
        return DbtCliOutput(
            command=invocation.dbt_command,
            return_code=0 if error is None else 1,
            result=self._read(RUN_RESULTS),
            docs_url=self.docs_url,
        )

    def run(
        self,
        models: Selection = None,
        exclude: Selection = None,
        select: Selection = None,
        **flags: Any,
    ) -> DbtCliOutput:
        """Builds models."""
        return self._over("run", models=models, exclude=exclude, select=select, **flags)

    def build(self, select: Selection = None, **flags: Any) -> DbtCliOutput:
        """Builds and tests models, seeds and snapshots."""
        return self._over("build", select=select, **flags)

    def compile(
        self,
        models: Selection = None,
        exclude: Selection = None,
        select: Selection = None,
        **flags: Any,
    ) -> DbtCliOutput:
        """Compiles models without building them; their SQL is in the folder of artifacts."""
        return self._over("compile", models=models, exclude=exclude, select=select, **flags)

    def ls(
        self,
        select: Selection = None,
        models: Selection = None,
        exclude: Selection = None,
        **flags: Any,
    ) -> DbtCliOutput:
        """Lists nodes in the output of the process."""
        return self._over("ls", select=select, models=models, exclude=exclude, **flags)

    def test(
        self,
        models: Selection = None,
        exclude: Selection = None,
        select: Selection = None,
        *,
        data: bool = True,
        schema: bool = True,
        **flags: Any,
    ) -> DbtCliOutput:
        """Runs tests. dbt no longer has options that leave out data or schema tests, so both must be true."""
        if not (data and schema):
            name, kind = ("data", "generic") if not data else ("schema", "singular")
            raise CliArgsError(
                f"dbt has no option for `{name}=False`.",
                where="DbtCliClient.test",
                hint=f"Pass `select='test_type:{kind}'`.",
            )
        return self._over("test", models=models, exclude=exclude, select=select, **flags)

    def seed(
        self,
        select: Selection = None,
        exclude: Selection = None,
        *,
        show: bool = False,
        **flags: Any,
    ) -> DbtCliOutput:
        """Loads seeds. ``show`` prints a sample of each."""
        return self._over("seed", show=show, select=select, exclude=exclude, **flags)

    def snapshot(
        self, select: Selection = None, exclude: Selection = None, **flags: Any
    ) -> DbtCliOutput:
        """Takes snapshots."""
        return self._over("snapshot", select=select, exclude=exclude, **flags)

    def freshness(self, select: Selection = None, **flags: Any) -> DbtCliOutput:
        """Checks how old the data of sources is."""
        return self._over("source freshness", select=select, **flags)

    def generate_docs(self, *, compile_project: bool = False, **flags: Any) -> DbtCliOutput:
        """Generates the documentation. Unless ``compile_project`` is true, dbt decides whether it compiles."""
        return self.cli("docs generate", compile=compile_project, **flags)

    def run_operation(
        self, macro: str, args: Mapping[str, Any] | None = None, **flags: Any
    ) -> DbtCliOutput:
        """Runs a macro with keyword arguments."""
        return self.cli(f"run-operation {macro}", args=args, **flags)

    def get_run_results_json(self) -> dict[str, Any] | None:
        """run_results.json of the latest command, or else of the project's target folder; ``None`` without."""
        return self._read(RUN_RESULTS)

    def remove_run_results_json(self) -> None:
        """Removes the file that ``get_run_results_json`` reads, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            (self._artifacts / RUN_RESULTS).unlink()

    def get_manifest_json(self) -> dict[str, Any] | None:
        """manifest.json of the latest command, or else of the project's target folder; ``None`` without."""
        return self._read("manifest.json")

    def _over(self, command: str, **flags: Any) -> DbtCliOutput:
        """Runs a command over a selection: the given one, or else that of the configuration."""
        given = {name: value for name, value in flags.items() if value is not None}
        return self.cli(command, **{**self._selection, **given})

    def _read(self, artifact: str) -> dict[str, Any] | None:
        try:
            content: dict[str, Any] = json.loads((self._artifacts / artifact).read_text())
        except FileNotFoundError:
            return None
        return content


def _project_of(
    project: DbtProject, options: Mapping[str, Any]
) -> tuple[DbtProject, dict[str, Any]]:
    """The project that options ask for, and the remaining options."""
    rest = dict(options)
    changed: dict[str, Any] = {
        name: value for name in _OF_PROJECT if (value := rest.pop(name, None)) is not None
    }
    for name in ("project_dir", "profiles_dir"):
        folder = rest.pop(name, None)
        if folder is not None:
            changed[name] = Path(folder)
    return (dataclasses.replace(project, **changed) if changed else project), rest
