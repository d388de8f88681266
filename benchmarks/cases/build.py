"""A full build, compared with the bare dbt command and with Dagster writing the same events."""

from benchmarks.cases.step import measure_selection
from benchmarks.projects import Workbench


def measure_build(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures a step over all models and tests, and `dbt build` with a warm parse cache."""
    return measure_selection(bench, "everything", None, repeat, dbt_select=True)
