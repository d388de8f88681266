"""``@dbt_assets`` over a prepared project, compared with the component: loading, and a step of one view."""

from benchmarks.cases.load import measure_loads
from benchmarks.cases.step import run_step
from benchmarks.projects import DgProject, Workbench
from benchmarks.results import Measured, alternate


def measure_python(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures the load of all of the project, then one view and its tests."""
    projects = [bench.ours, *bench.python_projects]

    def measure(project: DgProject) -> Measured:
        return run_step(project, "one view", [bench.plan.one_model], 1)

    loads = measure_loads(bench, projects, repeat)
    return loads | alternate([(p.side, p) for p in projects], measure, repeat=repeat)
