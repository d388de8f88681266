"""The place of a key in defs.yaml: file, line and key."""

import re

import dagster as dg

from dbt_component._dagster import ComponentTreeException
from dbt_component.errors import DagsterDbtError


def find_place(context: dg.ResolutionContext, key: str = "") -> str | None:
    """Returns the place of the deepest part of a key that the file has; ``None`` if there is no file.

    Args:
        context: Resolution context of a component's attributes, or of one of them.
        key: The key below it, such as ``schedules[0].select``.
    """
    tree = context.source_position_tree
    if tree is None:
        return None
    parts = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", key)]
    found: list[str | int] = []
    for part in [*context.path, *parts]:
        if part not in tree.children:
            break
        tree = tree.children[part]
        found.append(part)
    position = f"{tree.position.filename}:{tree.position.start.line}"
    return f"{position} ({shown})" if (shown := _shown(found)) else position


def placed(error: DagsterDbtError, attributes: dg.ResolutionContext | None) -> DagsterDbtError:
    """Adds the place of the error's key, and removes the stack frames, which are all of this package.

    An error that names its file is also made a ComponentTreeException, which Dagster doesn't wrap in another
    one to name the component.

    Args:
        error: The error; changed in place.
        attributes: Resolution context of a component's attributes; ``None`` if they come from Python.
    """
    if attributes is not None:
        error.place(lambda key: find_place(attributes, key))
        if error.where and not isinstance(error, ComponentTreeException):
            error.__class__ = _not_wrapped(type(error))
    return error.with_traceback(None)


def _not_wrapped(kind: type[DagsterDbtError]) -> type[DagsterDbtError]:
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind, ComponentTreeException), names)


def _shown(path: list[str | int]) -> str:
    """The path of keys below ``attributes``, as text."""
    text = ""
    for part in path[path[:1] == ["attributes"] :]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
