"""Resolves selections with dbt's own selector, in dbt's process."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.hidden_values import HiddenValues
from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.dbt_process.requests import Select, WantedSelection
from dbt_component.errors import SelectionError
from dbt_component.project.cache import cache_folder
from dbt_component.project.child_run import run_to_end
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.local_project import LocalProject
from dbt_component.project.project_arguments import project_arguments
from dbt_component.project.temporary import temporary_folder
from dbt_component.selection.criteria import SelectionCriteria

_WHAT = "Selecting nodes"
_LACKS_STATE = re.compile(r"no (?:current |previous )?(?:state )?comparison", re.IGNORECASE)


def resolve_in_project(
    project: LocalProject,
    cache: ParseCache | None,
    wanted: Sequence[SelectionCriteria],
    *,
    compared: ComparedState | None = None,
    may_parse: bool = False,
) -> dict[str, list[str]]:
    """Resolves selections in a prepared project; returns unique ids by the criteria's cache key.

    Args:
        project: The project.
        cache: The parse cache to select from. A dbt that is driven by its command line needs none.
        wanted: The selections.
        compared: The artifacts to compare with. Default: those of the project's ``state_path``.
        may_parse: Whether dbt may parse the project if there is no cache.

    Raises:
        SelectionError: dbt does not accept one of them, or needs a parse cache and there is none.
    """
    engine = find_engine(project.dbt_executable)
    compared = compared or ComparedState.of(project)
    compared.refuse_missing(wanted)
    if cache is None and engine.command is None and not may_parse:
        raise SelectionError(
            "The state has no parse cache, because the dbt that prepared it keeps none; this dbt needs it"
            " to select nodes.",
            hint="Refresh it with `dg utils refresh-defs-state`.",
        )
    with temporary_folder(cache_folder("scratch")) as scratch:
        path = scratch / "manifest.msgpack"

        def build_request() -> Select:
            if cache is not None:
                path.write_bytes(cache.put_together(is_env_unchanged=lambda _: True))
            return Select(
                manifest=None if cache is None else str(path),
                selections=[WantedSelection.of(criteria) for criteria in wanted],
                output=str(scratch / "answers.json"),
                list_argv=[*project_arguments(project), *compared.arguments_for(wanted)],
            )

        run_to_end(
            engine,
            build_request,
            scratch=scratch,
            env=dbt_environment(project, target_path=scratch / "target"),
            cwd=project.run_dir,
            where=project.project_dir.resolve(),
            what=_WHAT,
            hidden=HiddenValues(project.vars),
        )
        return read_answers(scratch / "answers.json", wanted).selections


def resolve_in_manifest(
    engine: Engine, manifest_json: bytes, wanted: Sequence[SelectionCriteria]
) -> dict[str, list[str]]:
    """Resolves selections in a manifest.json, without its project.

    Raises:
        SelectionError: dbt does not accept one of them.
    """
    with temporary_folder(cache_folder("scratch")) as scratch:

        def build_request() -> Select:
            path = scratch / "manifest.json"
            path.write_bytes(manifest_json)
            return Select(
                manifest_json=str(path),
                selections=[WantedSelection.of(criteria) for criteria in wanted],
                output=str(scratch / "answers.json"),
                list_argv=[],
            )

        run_to_end(engine, build_request, scratch=scratch, env={}, cwd=scratch, what=_WHAT)
        return read_answers(scratch / "answers.json", wanted).selections


class Answers(msgspec.Struct, frozen=True):
    """The answers of dbt's process.

    Ids by the criteria's cache key, variables unused in parsing, and paths of the profile's databases.
    """

    selections: dict[str, list[str]]
    runtime_vars: list[str]
    databases: list[str]


class _Answer(msgspec.Struct, frozen=True):
    ids: list[str] = []
    error: str | None = None


class _AnswerFile(msgspec.Struct, frozen=True):
    selections: dict[str, _Answer]
    runtime_vars: list[str] = []
    databases: list[str] = []


def read_answers(path: Path, wanted: Sequence[SelectionCriteria]) -> Answers:
    """Reads the answers that dbt's process wrote.

    Raises:
        SelectionError: dbt does not accept some of the selections; the message lists them.
    """
    file = msgspec.json.decode(path.read_bytes(), type=_AnswerFile)
    found = {criteria: file.selections[criteria.cache_key] for criteria in wanted}
    refused = [criteria for criteria, answer in found.items() if answer.error is not None]
    if refused:
        problems = [f"{c}: {_in_one_line(found[c].error or '')}" for c in refused]
        lacks_state = any(_LACKS_STATE.search(found[c].error or "") for c in refused)
        error = SelectionError(
            f"dbt does not accept {'; '.join(problems)}.",
            hint="Set `state_path` of the project to the folder of the artifacts to compare with, such as production's."
            if lacks_state
            else "See https://docs.getdbt.com/reference/node-selection/syntax.",
        )
        error.refused = [criteria.cache_key for criteria in refused]
        raise error
    return Answers(
        {criteria.cache_key: answer.ids for criteria, answer in found.items()},
        file.runtime_vars,
        file.databases,
    )


def _in_one_line(text: str) -> str:
    """dbt's message without the kind of error that it begins with."""
    return " ".join(text.removeprefix("Runtime Error").split()).rstrip(".")
