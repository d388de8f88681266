"""Prepares a project: runs dbt once and builds the contents of a new state."""

import os
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.hidden_values import HiddenValues, shown_argv
from dbt_component.dbt_process.parse_cache import ParseCache, split_parse_cache
from dbt_component.dbt_process.requests import Prepare, Probe, WantedSelection
from dbt_component.errors import PrepareError
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.origin import Origin
from dbt_component.project.cache import cache_folder
from dbt_component.project.child_run import run_to_end
from dbt_component.project.collector import paused_collector
from dbt_component.project.compared_state import ComparedState, recorded_state
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.fingerprint import (
    Fingerprint,
    hash_environment,
    hash_profiles_text,
    take_fingerprint,
)
from dbt_component.project.lineage_dialogue import LineageDialogue
from dbt_component.project.local_project import LocalProject
from dbt_component.project.packages import needs_packages
from dbt_component.project.parse_failure import explain_failure
from dbt_component.project.parsed_files import ParsedFiles
from dbt_component.project.project_arguments import project_arguments
from dbt_component.project.project_copy import ProjectCopy, pack_project
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.resolve import Answers, read_answers
from dbt_component.project.safe_profiles import SafeProfiles
from dbt_component.project.state import (
    FORMAT,
    FORMAT_VERSION,
    Provenance,
    StateContents,
    StateFile,
    StateHeader,
)
from dbt_component.project.temporary import temporary_folder
from dbt_component.project.working_folder import is_relative_path
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.emptiness import explain_emptiness
from dbt_component.version import __version__


@dataclass(frozen=True)
class Prepared:
    """The contents of a new state. ``warnings`` are this package's, ``dbt_warnings`` dbt's own."""

    contents: StateContents
    warnings: list[str]
    dbt_warnings: list[str]


@dataclass(frozen=True)
class Preparation:
    """Prepares a project.

    Args:
        project: The project on disk.
        engine: The dbt to prepare it with.
        request: What the state must contain.
        fingerprint: The current inputs.
        previous: The previous state, whose parse cache dbt starts from.
        origin: The commit that the project was taken from.
    """

    project: LocalProject
    engine: Engine
    request: RefreshRequest
    fingerprint: Fingerprint
    previous: StateFile | None
    origin: Origin | None

    def run(self) -> Prepared:
        """Runs `dbt deps` if needed, then the command that prepares the project, by default `dbt parse`.

        Raises:
            PrepareError: dbt failed, or files changed while it was running.
            SelectionError: dbt does not accept a selection.
        """
        with temporary_folder(cache_folder("scratch")) as scratch:
            target = scratch / "target"
            target.mkdir()
            commands = self._commands()
            parsed = ParsedFiles(target, self.project, self.engine)
            dialogue = self._lineage_dialogue(parsed, scratch)

            def build_request() -> Prepare:
                self._write_previous_cache(target)
                return Prepare(
                    commands=commands,
                    parse_cache=str(target / "partial_parse.msgpack"),
                    probe=self._probe(scratch),
                    selections=[WantedSelection.of(c) for c in self.request.selections],
                    output=str(scratch / "answers.json"),
                    list_argv=[
                        *project_arguments(self.project),
                        *ComparedState.of(self.project).arguments_for(self.request.selections),
                    ],
                    stays_open=dialogue is not None,
                )

            dbt_warnings = run_to_end(
                self.engine,
                build_request,
                scratch=scratch,
                env=dbt_environment(self.project, target_path=target),
                cwd=self.project.run_dir,
                where=self.project.project_dir.resolve(),
                what=self._described(commands),
                hidden=HiddenValues(self.project.vars),
                explain=lambda succeeded, text: explain_failure(
                    self.project, self._shown(commands[succeeded]), text
                ),
                ask_further=None if dialogue is None else dialogue.next_requests,
            )
            answers = read_answers(scratch / "answers.json", [*self.request.selections])
            with paused_collector():
                lineage = self._no_lineage() if dialogue is None else dialogue.lineage()
                return self._build(parsed, answers, dbt_warnings, lineage)

    def _no_lineage(self) -> ProjectLineage | None:
        """An empty lineage if one is wanted that can't be had: the next refresh must find it in the state."""
        wanted = self.request.lineage
        return None if wanted is None else ProjectLineage(columns_from=wanted)

    def _lineage_dialogue(self, parsed: ParsedFiles, scratch: Path) -> LineageDialogue | None:
        wanted = self.request.lineage
        if wanted is None or self.engine.command is not None:
            return None
        previous = self.previous.lineage if self.previous is not None else None
        return LineageDialogue(
            lambda: (parsed.manifest, parsed.index),
            previous,
            columns_from=wanted,
            scratch=scratch,
        )

    def _commands(self) -> list[list[str]]:
        recorded = self.previous.fingerprint if self.previous is not None else None
        parse = list(self.project.prepare_project_cli_args) or ["parse"]
        commands = [[*parse, *project_arguments(self.project)]]
        if needs_packages(self.project, recorded, self.fingerprint):
            commands.insert(0, ["deps"])
        return commands

    def _described(self, commands: list[list[str]]) -> str:
        return "`dbt " + "` and `dbt ".join(" ".join(self._shown(c)) for c in commands) + "`"

    def _shown(self, command: list[str]) -> list[str]:
        """The command for messages, without the values of variables."""
        return shown_argv(command, hidden=self.project.vars)

    def _write_previous_cache(self, target: Path) -> None:
        """Lets dbt parse only what changed since the previous state."""
        cache = self.previous.parse_cache if self.previous is not None else None
        if cache is not None and self.previous is not None:
            (target / "partial_parse.msgpack").write_bytes(
                cache.put_together(is_env_unchanged=self.previous.fingerprint.is_env_unchanged)
            )

    def _probe(self, scratch: Path) -> Probe | None:
        known = self._proven.runtime_vars_tried if self._proven is not None else ()
        names = [
            name
            for name in self.request.runtime_vars
            if name not in self.project.vars and name not in known
        ]
        if not names or tuple(self.project.prepare_project_cli_args) != ("parse",):
            return None
        return Probe(
            names=names,
            vars=dict(self.project.vars),
            argv=["parse", *project_arguments(self.project, with_vars=False)],
            target_path=str(scratch / "probe"),
        )

    @property
    def _proven(self) -> StateHeader | None:
        """The header of the previous state if it was prepared from the same inputs; else ``None``."""
        previous = self.previous
        if previous is None or previous.fingerprint.differences(self.fingerprint):
            return None
        return previous.header

    @property
    def _proven_vars(self) -> Set[str]:
        """The run-time variables of which the previous state proved that they do not affect the manifest."""
        if self._proven is None:
            return frozenset()
        return frozenset(self._proven.runtime_vars).intersection(self.request.runtime_vars)

    def _build(
        self,
        parsed: ParsedFiles,
        answers: Answers,
        dbt_warnings: list[str],
        lineage: ProjectLineage | None,
    ) -> Prepared:
        toc, parse_cache = split_parse_cache(parsed.read_parse_cache())
        index = parsed.index
        fingerprint = self._final_fingerprint(toc, parse_cache)
        databases = [path for path in answers.databases if is_relative_path(path)]
        copy = pack_project(
            self.project, fingerprint.files, folders=[os.path.dirname(path) for path in databases]
        )
        if copy.profiles.text is not None:
            fingerprint = msgspec.structs.replace(
                fingerprint, copied_profiles=hash_profiles_text(copy.profiles.text.encode())
            )
        contents = StateContents(
            header=self._header(fingerprint, index, answers, copy),
            fingerprint=fingerprint,
            index=index,
            selections={**self._carried_selections(fingerprint), **answers.selections},
            raw_nodes=parsed.raw_nodes,
            parse_cache_toc=toc,
            parse_cache=parse_cache,
            manifest_json=msgspec.json.encode(parsed.manifest),
            project_zip=copy.data,
            lineage=lineage,
        )
        warnings = [
            *_warnings_about(copy.profiles),
            *self._warnings_about_nothing(index, answers),
            *self._warnings_about_databases(databases),
            *self._warnings_about_lineage(),
        ]
        return Prepared(contents, warnings, dbt_warnings)

    def _warnings_about_lineage(self) -> list[str]:
        if self.request.lineage is None or self.engine.command is None:
            return []
        return [
            "There is no column lineage: `dbt_executable` names a dbt that is driven through its command line, and the"
            " lineage needs a dbt that is a Python script."
        ]

    def _warnings_about_databases(self, relative_paths: list[str]) -> list[str]:
        if self.project.working_dir is None or not relative_paths:
            return []
        return [
            f"profiles.yml names {relative_paths[0]!r} by a relative path. On this machine it is"
            f" {str(self.project.run_dir / relative_paths[0])!r}, for all commits; another machine has its own."
            " To choose the place, use an absolute path, for example from env_var()."
        ]

    def _header(
        self, fingerprint: Fingerprint, index: ManifestIndex, answers: Answers, copy: ProjectCopy
    ) -> StateHeader:
        project_dir = self.project.project_dir.resolve()
        repository = self.origin.repository if self.origin is not None else ""
        return StateHeader(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            input_digest=fingerprint.digest,
            project_dir=str(project_dir),
            has_profiles=copy.profiles.text is not None,
            has_own_profiles=self.project.find_profiles_dir().is_relative_to(project_dir),
            runtime_vars=sorted({*answers.runtime_vars, *self._proven_vars}),
            runtime_vars_tried=list(self.request.runtime_vars),
            provenance=Provenance(
                project_name=index.project_name or self.project.name,
                source=repository or self.project.project_dir.name,
                dbt_version=index.dbt_version,
                package_version=__version__,
                adapter_type=index.adapter_type,
                profile=self.project.profile,
                target=self.project.target,
                origin=self.origin,
                replaces=self.request.replaces,
            ),
        )

    def _final_fingerprint(self, toc: bytes, parse_cache: bytes) -> Fingerprint:
        """The inputs after dbt ran, with packages that `dbt deps` added and all env vars that dbt read."""
        taken = take_fingerprint(
            self.project,
            self.engine,
            known=self.fingerprint,
            is_comparable=False,
            origin=self.origin,
        )
        changed = [
            path
            for path, stamp in self.fingerprint.files.items()
            if not self._is_package_file(path)
            and (path not in taken.files or taken.files[path].sha1 != stamp.sha1)
        ]
        if changed:
            raise PrepareError(
                f"Files changed while dbt was parsing: {', '.join(sorted(changed)[:5])}.",
                where=str(self.project.project_dir),
                hint="Refresh again.",
            )
        cache = ParseCache(toc, lambda offset, length: parse_cache[offset : offset + length])
        names = [*taken.env, *cache.environment_names()]
        return msgspec.structs.replace(
            taken,
            files=dict(sorted(taken.files.items())),
            # As they were before dbt read them.
            settings={**taken.settings, **recorded_state(self.fingerprint.settings)},
            env=hash_environment(names, salt=taken.salt),
        )

    def _warnings_about_nothing(self, index: ManifestIndex, answers: Answers) -> list[str]:
        selected = {
            criteria: answers.selections[criteria.cache_key] for criteria in self.request.selections
        }
        empty = [criteria for criteria, ids in selected.items() if not ids]
        if not any(node.is_asset for node in index.nodes):
            empty = [SelectionCriteria()]
        found = [explain_emptiness(index, criteria, frozenset()) for criteria in empty]
        return [warning for warning in found if warning is not None]

    def _is_package_file(self, path: str) -> bool:
        install = os.path.normpath(self.project.yml.packages_install_path).replace(os.sep, "/")
        return path == "package-lock.yml" or path.startswith(install + "/")

    def _carried_selections(self, fingerprint: Fingerprint) -> dict[str, list[str]]:
        """Other components' selections in this state, which stay valid while the inputs are the same."""
        if self.previous is None or self.previous.fingerprint.digest != fingerprint.digest:
            return {}
        return dict(self.previous.selections)


def _warnings_about(profiles: SafeProfiles) -> list[str]:
    warnings: list[str] = []
    if profiles.text is None or profiles.omitted:
        what = "" if profiles.text is None else "Outputs of "
        because = (
            f": {', '.join(profiles.omitted)} may hold a secret in plain text"
            if profiles.omitted
            else ": the project's profile has no outputs"
        )
        warnings.append(
            f"{what}profiles.yml {'are' if what else 'is'} not stored in the state{because}. Write"
            " `{{ env_var('NAME') }}` there, or set `profiles_dir` on the machine that runs the project."
        )
    if profiles.without_default:
        warnings.append(
            "The state stores profiles.yml without the default of env_var() in"
            f" {', '.join(profiles.without_default)}, because it may be a secret. Set the variable where"
            " the project runs, or set `profiles_dir` there."
        )
    return warnings
