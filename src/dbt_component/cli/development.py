"""Python definitions and components as they are under `dg dev`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "DAGSTER_IS_DEV_CLI"


@contextmanager
def as_in_development() -> Iterator[None]:
    """Sets the variable by which Dagster tells a process that it belongs to `dg dev`.

    Then a project refers to its own folder and not to the packaged copy, and ``prepare_if_dev()`` prepares it.
    """
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
