"""Frames: which one an annotation names, and what becomes of the values in it."""

import subprocess
import sys
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dbt_component.api.io.frame_kind import KINDS, frame_kind, import_library
from dbt_component.errors import RelationLoadError

NAMES = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (pd.DataFrame, "pandas"),
        (pl.DataFrame, "polars"),
        (pl.LazyFrame | None, "polars_lazy"),
        (pa.Table, "arrow"),
        (Any, "arrow"),
        (object, "arrow"),
    ],
)
def test_an_annotation_names_a_frame(annotation: Any, name: str) -> None:
    assert frame_kind(annotation, "arrow").name == name


@pytest.mark.parametrize(
    "annotation", [list[pd.DataFrame], str, pd.DataFrame | pl.DataFrame, pd.Series]
)
def test_anything_else_is_refused(annotation: Any) -> None:
    with pytest.raises(RelationLoadError, match=r"can't be loaded(.|\n)*polars.DataFrame"):
        frame_kind(annotation, "pandas")


def test_integers_and_booleans_with_nulls_stay_integers_and_booleans_in_pandas() -> None:
    large = 2**62 + 1
    table = pa.table(
        {
            "full": pa.array([1, 2], pa.int64()),
            "holes": pa.array([large, None], pa.int64()),
            "small": pa.array([None, 200], pa.uint8()),
            "flag": pa.array([True, None]),
            "text": ["a", None],
        }
    )
    frame = NAMES["pandas"].make(table)
    assert list(frame.columns) == ["full", "holes", "small", "flag", "text"]
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "full": "int64",
        "holes": "Int64",
        "small": "UInt8",
        "flag": "boolean",
        "text": str(pd.Series(["a"]).dtype),
    }
    assert frame["holes"][0] == large
    assert frame["holes"].isna().tolist() == [False, True]
    assert frame["flag"].isna().tolist() == [False, True]
    assert frame["text"].isna().tolist() == [False, True]


def test_an_empty_table_keeps_its_columns_in_every_frame() -> None:
    for kind in KINDS:
        made = kind.make(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))
        names = made.collect_schema().names() if kind.name == "polars_lazy" else None
        assert list(
            names or getattr(made, "column_names", made.columns if names is None else [])
        ) == [
            "a",
            "b",
        ]


def test_a_missing_library_names_the_extra_that_installs_it() -> None:
    with pytest.raises(RelationLoadError, match=r"pip install 'dbt-component\[polars\]'"):
        import_library("no_such_library_here", extra="polars")


def test_defining_the_io_manager_imports_no_library_of_frames_and_no_database() -> None:
    script = (
        "import sys, dbt_component\n"
        "dbt_component.DbtIOManager()\n"
        "heavy = {'pandas', 'polars', 'pyarrow', 'duckdb', 'psycopg', 'psycopg2', 'dbt', 'git'}\n"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
