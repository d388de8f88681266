"""Errors of this package as messages of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from dbt_component.errors import DagsterDbtError


@contextmanager
def shown_errors() -> Iterator[None]:
    """Turns a DagsterDbtError into a message and exit code 1, without a traceback."""
    try:
        yield
    except DagsterDbtError as error:
        raise click.ClickException(str(error)) from error
