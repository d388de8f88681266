"""Rows of a relation, selected through dbt's adapter in a dbt process."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbt_component.dbt_process.requests import Query
from dbt_component.project.cache import cache_folder
from dbt_component.project.profile_connection import send_to_dbt
from dbt_component.project.project import DbtProject
from dbt_component.project.project_arguments import project_arguments
from dbt_component.project.temporary import temporary_folder


@dataclass(frozen=True)
class AdapterRows:
    """Names of columns, and their values in the same order; all of Python's own types."""

    names: list[str]
    columns: list[list[Any]]


def select_through_adapter(
    project: DbtProject, relation: str, *, columns: Sequence[str] = (), where: str = ""
) -> AdapterRows:
    """Selects from a relation as dbt would. All rows are in memory at once.

    Args:
        project: The project whose profile names the database.
        relation: The relation as SQL.
        columns: Names of columns; empty for all of them.
        where: A condition as SQL; empty for all rows.

    Raises:
        RelationLoadError: dbt or the database refused; the message is theirs.
    """
    with temporary_folder(cache_folder("scratch")) as scratch:
        path = scratch / "rows"
        request = Query(
            argv=project_arguments(project),
            relation=relation,
            columns=list(columns),
            where=where,
            output=str(path),
        )
        send_to_dbt(project, request, what=f"Selecting from {relation}")
        with path.open("rb") as file:
            names = pickle.load(file)
            found: list[list[Any]] = [[] for _ in names]
            while file.peek(1):
                for row in pickle.load(file):
                    for column, value in zip(found, row, strict=True):
                        column.append(value)
    return AdapterRows(names, found)
