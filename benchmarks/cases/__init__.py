"""The benchmark cases: one module each, with a function that measures a workbench."""

from collections.abc import Callable

from benchmarks.cases.build import measure_build
from benchmarks.cases.launch import measure_launch
from benchmarks.cases.load import measure_load
from benchmarks.cases.python import measure_python
from benchmarks.cases.refresh import measure_refresh
from benchmarks.cases.step import measure_step
from benchmarks.projects import Workbench

Samples = dict[tuple[str, str], list[float]]
"""(metric, side) -> values."""

CASES: dict[str, Callable[[Workbench, int], Samples]] = {
    "load": measure_load,
    "refresh": measure_refresh,
    "step": measure_step,
    "launch": measure_launch,
    "python": measure_python,
    "build": measure_build,
}
"""Name -> function of a workbench and the number of rounds."""
