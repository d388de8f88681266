"""The connection that a project's profile describes, resolved by dbt."""

import json
import os
import threading
from collections import OrderedDict

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.events import ConnectionResolved, DbtEvent
from dbt_component.dbt_process.hidden_values import HiddenValues
from dbt_component.dbt_process.requests import Connect, Query
from dbt_component.errors import RelationLoadError
from dbt_component.project.cache import cache_folder
from dbt_component.project.child_run import run_to_end
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from dbt_component.project.project_arguments import project_arguments
from dbt_component.project.temporary import temporary_folder

_MAX_KEPT = 8
_kept: OrderedDict[int, ConnectionResolved] = OrderedDict()
_lock = threading.Lock()


def resolve_connection(project: DbtProject) -> ConnectionResolved:
    """The connection of a project's profile and target.

    dbt resolves the profile in a process of its own, which takes one to two seconds; the answer is kept in
    the memory of this process until profiles.yml, dbt_project.yml or the environment changes. It is never
    written anywhere.

    Raises:
        DagsterDbtProfilesDirectoryNotFoundError: No profiles.yml was found.
        RelationLoadError: dbt does not accept the profile.
    """
    with _lock:
        key = _inputs_of(project)
        found = _kept.get(key)
        if found is None:
            found = _kept[key] = _resolve(project)
            if len(_kept) > _MAX_KEPT:
                _kept.popitem(last=False)
        return found


def send_to_dbt(project: DbtProject, request: Connect | Query, *, what: str) -> DbtEvent:
    """Sends a request about the profile's database to a dbt process, and returns its answer.

    Args:
        project: The project.
        request: The request.
        what: Description of the request, for errors.

    Raises:
        RelationLoadError: dbt or the database refused; the message is theirs.
    """

    def explain(_: int, text: str) -> RelationLoadError:
        return RelationLoadError(
            f"{what} failed:\n{_without_values(text)}",
            where=project.absolute_dir,
            hint="`dbt debug` in the project shows which profile and target dbt uses.",
        )

    answers: list[DbtEvent] = []
    with temporary_folder(cache_folder("scratch")) as scratch:
        run_to_end(
            engine_of(project),
            lambda: request,
            scratch=scratch,
            env=dbt_environment(project, target_path=scratch / "target"),
            cwd=project.run_dir,
            where=project.project_dir.resolve(),
            what=what,
            hidden=HiddenValues(project.vars),
            explain=explain,
            receive=answers.append,
        )
    return answers[-1]


def engine_of(project: DbtProject) -> Engine:
    """The dbt of the project. If that is no Python dbt, which can't be asked, the one of this environment."""
    engine = find_engine(project.dbt_executable)
    return engine if engine.command is None else find_engine()


def _without_values(text: str) -> str:
    """dbt's message without the lines and values of profiles.yml that it quotes when it can't read them."""
    head, mark, _ = text.partition("Syntax error near line")
    if not mark:
        head, mark, _ = text.partition(" invalid: ")
    return (
        f"{head}{mark.rstrip(': ')} (dbt's message goes on with values of the profile)"
        if mark
        else text
    )


def _resolve(project: DbtProject) -> ConnectionResolved:
    request = Connect(argv=project_arguments(project))
    answer = send_to_dbt(project, request, what="Resolving the profile")
    assert isinstance(answer, ConnectionResolved)
    return answer


def _inputs_of(project: DbtProject) -> int:
    files = (project.find_profiles_dir() / "profiles.yml", project.project_dir / "dbt_project.yml")
    return hash(
        (
            tuple(
                (str(file.resolve()), file.stat().st_mtime_ns, file.stat().st_size)
                for file in files
            ),
            str(project.run_dir),
            project.profile,
            project.target,
            json.dumps(dict(project.vars), sort_keys=True, default=str),
            project.dbt_executable,
            frozenset(os.environ.items()),
        )
    )
