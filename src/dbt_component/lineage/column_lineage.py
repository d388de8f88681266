"""The lineage of the columns of one relation."""

import msgspec


class ColumnParent(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A column of an upstream model, seed, snapshot or source."""

    unique_id: str
    column: str


class ColumnLineage(msgspec.Struct, frozen=True):
    """The lineage of one relation.

    ``columns`` holds, in the order of the query, the columns whose origin is known, each with the upstream
    columns that its value is computed from: sorted, and none for a constant. Columns that only filter, join,
    group or sort rows are no origin. ``unknown`` names the columns whose origin can't be told.
    ``is_complete`` is whether these are all columns; otherwise a ``*`` stands for more.
    """

    columns: dict[str, tuple[ColumnParent, ...]] = {}
    unknown: tuple[str, ...] = ()
    is_complete: bool = True
