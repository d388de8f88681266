"""Loading definitions in a fresh process, in production mode."""

from benchmarks.processes import BenchmarkError
from benchmarks.projects import EMPTY, DgProject, Workbench
from benchmarks.results import Measured, alternate


def measure_load(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures the load on every side that a component takes part in."""
    projects = [*bench.component_projects, bench.floor, bench.floor_component, bench.empty]
    return measure_loads(bench, projects, repeat)


def measure_loads(
    bench: Workbench, projects: list[DgProject], repeat: int
) -> dict[tuple[str, str], list[float]]:
    """Measures time without ``import dagster``, peak memory, and time and size of the snapshot."""

    def measure(project: DgProject) -> Measured:
        _, found = project.probe("load_definitions")
        if project.side != EMPTY and found["assets"] != bench.plan.models:
            raise BenchmarkError(f"{project.side} defined {found['assets']} assets.")
        return {
            "definitions": found["load_seconds"],
            "definitions, CPU time": found["load_cpu_seconds"],
            "peak memory": found["peak_memory_mb"],
            "snapshot for the web server": found["snapshot_seconds"],
            "size of that snapshot": found["snapshot_bytes"] / 1e6,
        }

    return alternate([(p.side, p) for p in projects], measure, repeat=repeat)
