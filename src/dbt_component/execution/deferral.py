"""Deferral to another project's manifest, added to the dbt commands of a component."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.errors import DagsterDbtManifestNotFoundError, DefinitionError
from dbt_component.project.local_project import LocalProject, normal_path


@dataclass(frozen=True)
class Deferral:
    """Where ``ref`` leads if the relation of a node does not exist: to that of another manifest.

    Args:
        state_path: The folder of that manifest.json, relative to the project. Default: the project's own
            ``state_path``.
        favor_state: Whether ``ref`` leads there for every node that a command does not select, even if its
            relation exists.
    """

    state_path: str | None = None
    favor_state: bool = False

    def added_to(self, argv: Sequence[str], project: LocalProject) -> list[str]:
        """A command line with the options for deferral that it lacks; others are kept as they are.

        Raises:
            CliArgsError: ``argv`` can't be parsed.
            DagsterDbtManifestNotFoundError: There is no manifest.json to defer to. dbt would read and write the
                project's own schemas without it.
            DefinitionError: No folder is named.
        """
        arguments = parse_arguments(argv)
        if not arguments.command.can_defer:
            return list(argv)
        folder = self._folder(project)
        missing = arguments.state_options.missing_for(str(folder), favor_state=self.favor_state)
        if "--defer-state" in missing and not (folder / "manifest.json").is_file():
            raise DagsterDbtManifestNotFoundError(
                f"There is no manifest to defer to: {str(folder / 'manifest.json')!r} does not exist.",
                key="defer",
                hint="Put the manifest.json of the environment to defer to into this folder, or switch `defer` off"
                " where there is none, for example with `defer: \"{{ env('DBT_DEFER', 'false') }}\"`.",
            )
        return [*argv, *missing]

    def check(self, project_state_path: str | None) -> None:
        """Raises DefinitionError if neither this nor the project names a folder."""
        if self.state_path is None and project_state_path is None:
            raise DefinitionError(
                "`defer` names no folder of a manifest.json.",
                key="defer",
                hint="Set `project.state_path`, or write `defer: {state_path: …}`.",
            )

    def _folder(self, project: LocalProject) -> Path:
        state_path = project.state_path
        self.check(None if state_path is None else str(state_path))
        folder = state_path if self.state_path is None else project.project_dir / self.state_path
        return Path(normal_path(os.getcwd(), str(folder)))
