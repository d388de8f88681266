"""The kinds of frames that an input may be loaded as."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from dbt_component.errors import RelationLoadError

if TYPE_CHECKING:
    import pyarrow as pa

FrameName = Literal["pandas", "polars", "polars_lazy", "arrow"]
"""A kind of DataFrame or table."""


@dataclass(frozen=True)
class FrameKind:
    """One kind of frame.

    Args:
        name: The value of ``default_frame``.
        type_name: The annotation, as people write it.
        make: Makes the frame from an Arrow table, which is not used afterwards.
    """

    name: FrameName
    type_name: str
    make: "Callable[[pa.Table], Any]"


def frame_kind(annotation: Any, default: FrameName) -> FrameKind:
    """The kind of frame that an argument's annotation names; the default one if it has none.

    Raises:
        RelationLoadError: The annotation is no frame.
    """
    is_union = get_origin(annotation) in (Union, UnionType)
    types = [t for t in get_args(annotation) if t is not type(None)] if is_union else [annotation]
    if types == [Any] or types == [object]:
        return next(kind for kind in KINDS if kind.name == default)
    named = {_name_of(type_) for type_ in types}
    found = [kind for kind in KINDS if kind.type_name in named]
    if len(found) == 1 and len(types) == 1:
        return found[0]
    name = getattr(annotation, "__qualname__", None) or str(annotation)
    raise RelationLoadError(
        f"A dbt relation can't be loaded as {name!r}.",
        hint=f"Annotate the argument with {', '.join(kind.type_name for kind in KINDS)}, or nothing.",
    )


def import_library(name: str, *, extra: str) -> Any:
    """Imports an optional library.

    Raises:
        RelationLoadError: It is not installed; the hint names the extra that installs it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise RelationLoadError(
            f"The library {name!r} is not installed.",
            hint=f"Install it, for example with `pip install 'dbt-component[{extra}]'`.",
        ) from error


def _name_of(type_: Any) -> str:
    library = str(getattr(type_, "__module__", "")).partition(".")[0]
    return f"{library}.{getattr(type_, '__qualname__', '')}"


def _as_pandas(table: "pa.Table") -> Any:
    pandas = import_library("pandas", extra="pandas")
    types = import_library("pyarrow", extra="pandas").types
    nullable = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        if column.null_count and types.is_boolean(field.type):
            nullable[field.name] = pandas.BooleanDtype()
        elif column.null_count and types.is_integer(field.type):
            name = str(field.type)
            name = name[0].upper() + name[1:] if name[0] == "i" else "UI" + name[2:]
            nullable[field.name] = getattr(pandas, f"{name}Dtype")()
    arrays = {name: dtype.__from_arrow__(table[name]) for name, dtype in nullable.items()}
    names = table.column_names
    rest = table.drop_columns(list(arrays))
    del table
    frame = rest.to_pandas(split_blocks=True, self_destruct=True)
    return frame.assign(**arrays)[names] if arrays else frame


def _as_polars(table: "pa.Table") -> Any:
    return import_library("polars", extra="polars").from_arrow(table)


KINDS = (
    FrameKind("pandas", "pandas.DataFrame", _as_pandas),
    FrameKind("polars", "polars.DataFrame", _as_polars),
    FrameKind("polars_lazy", "polars.LazyFrame", lambda table: _as_polars(table).lazy()),
    FrameKind("arrow", "pyarrow.Table", lambda table: table),
)
"""All kinds; the first is the default."""
