"""Adds the name and the key of a job or schedule of defs.yaml to errors about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.errors import DefinitionError, SelectionError


@contextmanager
def naming(subject: str, key: str, selected: SelectedNodes) -> Iterator[None]:
    """Adds what it is about to an error, and the key in the file.

    Args:
        subject: The job or schedule, such as ``Job 'marts'``.
        key: Its key, such as ``jobs[0]``. An error that names a key of the mapping, such as ``name``, keeps it below
            this one; by default an error is about the selection.
        selected: Its selection.

    Raises:
        DefinitionError: Dagster refused the job or schedule.
    """
    try:
        yield
    except dg.DagsterInvalidDefinitionError as error:
        raise DefinitionError(f"{subject}: {error}", key=key) from None
    except SelectionError as error:
        error.subject = subject
        error.key = f"{key}.{error.key}"
        raise
    except DefinitionError as error:
        error.key = f"{key}.{error.key or selected.criteria.main_key}"
        raise
