"""A full build, against the bare dbt command and against Dagster's own writing of events."""

from benchmarks.cases.step import measure_selection
from benchmarks.projects import Workbench


def measure_build(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """All models and tests: the step and its process, and `dbt build` with a warm parse cache."""
    return measure_selection(bench, "everything", None, repeat, dbt_select=True)
