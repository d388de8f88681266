"""`dg utils refresh-defs-state`: nothing changed, and one file changed."""

import itertools

from benchmarks.generate import model_path
from benchmarks.projects import EMPTY, DgProject, Workbench
from benchmarks.results import Measured, alternate

_numbers = itertools.count()


def measure_refresh(bench: Workbench, repeat: int) -> dict[tuple[str, str], list[float]]:
    """Measures the command's wall time; once for the project without dbt, where no file can change."""

    def refresh(project: DgProject) -> float:
        return project.dg("utils", "refresh-defs-state").seconds

    def measure(project: DgProject) -> Measured:
        measured = {"nothing changed": refresh(project)}
        if project.side != EMPTY:
            path = model_path(
                bench.dbt_folder(project.side).folder, bench.plan, bench.plan.one_model
            )
            with path.open("a") as file:
                file.write(f"-- change {next(_numbers)}\n")
            measured["one file changed"] = refresh(project)
        else:
            measured["one file changed"] = measured["nothing changed"]
        return measured

    projects = [*bench.component_projects, bench.empty]
    return alternate([(p.side, p) for p in projects], measure, repeat=repeat)
