"""`dg launch` of one view with its tests, from the shell."""

from benchmarks.projects import DgProject, Workbench
from benchmarks.results import Measured, alternate


def measure_launch(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures the command's time; the floor launches the same asset of a plain multi-asset."""

    def measure(project: DgProject) -> Measured:
        timing = project.dg("launch", "--assets", bench.plan.one_model)
        return {"one view": timing.seconds, "one view, CPU time": timing.cpu_seconds}

    projects = [*bench.component_projects, bench.floor]
    return alternate([(p.side, p) for p in projects], measure, repeat=repeat)
