"""A generated project on disk with its database, ready for cases."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dbt_component.execution.plan import Mode
from dbt_component.project.project import DbtProject

from .cases import Case, ProjectGraph, make_case, read_graph
from .compare import are_races_of_dbt, differences
from .databases import Database
from .generate import CONTROL_STATEMENTS, GeneratedProject
from .observation import Observation
from .run_ours import OurDbt
from .run_stock import StockDbt
from .warm_process import WarmProcess

_BASE = ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
_MAX_STOCK_RUNS = 3
_ONE_THREAD = ("--threads", "1")


@dataclass(frozen=True)
class Outcome:
    """One case in one mode. ``mode`` is the mode used; ``differences`` is empty if the runs agree."""

    case: Case
    mode: Mode
    differences: list[str]
    stock: Observation
    ours: Observation


class Bench:
    """Runs cases of one project on both sides, each time on a fresh copy of the same database."""

    def __init__(
        self,
        project: GeneratedProject,
        database: Database,
        folder: Path,
        *,
        warm: WarmProcess,
        is_warm: bool = True,
        dbt_executable: str | None = None,
        threads: int = 4,
    ) -> None:
        """Builds the project once without failures and saves the database as the start of all runs.

        Args:
            project: The project.
            database: The database to use; emptied.
            folder: For the project and everything else; must not exist.
            warm: The dbt under test, for stock runs.
            is_warm: Whether our runs also fork from ``warm``; if not, each starts a process.
            dbt_executable: The dbt for our runs; ``None`` for the one of this environment.
            threads: The profile's number of threads.
        """
        self.project = project
        self._database = database
        project_dir = (folder / "project").resolve()
        project.write(project_dir, database.output(), threads=threads)
        database.clear()
        database.run([*CONTROL_STATEMENTS, *project.setup])
        self._stock = StockDbt(warm, project_dir, folder / "scratch")
        self.graph: ProjectGraph = read_graph(self._stock.parse())
        self.base = self._stock.run(_BASE, target=folder / "scratch" / "base")
        if self.base.error is not None:
            raise RuntimeError(f"{project}: dbt build: {self.base.error}\n{self.base.output}")
        database.save()
        self.ours = OurDbt(
            warm if is_warm else None,
            DbtProject(project_dir, dbt_executable=dbt_executable),
            folder / "scratch",
        )

    @property
    def adapter(self) -> str:
        return self._database.adapter

    def case(self, number: int, *, flags: bool = True) -> Case:
        """Draws the case with that number."""
        return make_case(self.project, self.graph, number, flags=flags)

    def run_case(self, case: Case, modes: tuple[Mode | None, ...] = (None,)) -> list[Outcome]:
        """Runs a case with stock dbt, then with ours in each mode; ``None`` lets the component choose.

        If the only differences may be races between dbt's threads, runs the case again with one thread.
        """
        stocks = [self._run_stock(case)]
        outcomes: list[Outcome] = []
        done: set[Mode] = set()
        for mode in modes:
            plan = self.ours.plan(case, mode)
            if plan.mode in done:
                continue
            done.add(plan.mode)
            self._prepare(case)
            ours = self.ours.run(plan, in_turn=case.in_turn)
            ours.relations = self._database.read_relations()
            found = differences(case, self.graph, stocks, ours, expected=plan.expected)
            while found and len(stocks) < _MAX_STOCK_RUNS:
                # Stock dbt's threads may produce several results: check whether ours is one of them.
                stocks.append(self._run_stock(case))
                found = differences(case, self.graph, stocks, ours, expected=plan.expected)
            if are_races_of_dbt(found, self.graph) and _ONE_THREAD[0] not in case.argv:
                alone = replace(case, argv=(*case.argv, *_ONE_THREAD))
                outcomes += self.run_case(alone, (plan.mode,))
                continue
            outcomes.append(Outcome(case, plan.mode, found, stocks[0], ours))
        return outcomes

    def _run_stock(self, case: Case) -> Observation:
        self._prepare(case)
        observation = self._stock.run_case(case, self.graph)
        observation.relations = self._database.read_relations()
        return observation

    def _prepare(self, case: Case) -> None:
        """Restores the database, sets which nodes fail, and changes the seeds' tables.

        The change makes rebuilt relations recognizable by their data.
        """
        self._database.restore()
        statements = [
            f"insert into ctl.failing values ('{name}', '{kind}')"
            for name, kind in case.failing.items()
        ]
        tables = self._database.read_relations()
        for name in [f"eq.{seed}" for seed in self.project.seeds]:
            if name in tables:
                statements.append(f"update {name} set val = val + 100")
        self._database.run(statements)

    def close(self) -> None:
        """Closes our side's state."""
        self.ours.close()


@contextlib.contextmanager
def opened(bench: Bench) -> Iterator[Bench]:
    """Closes the bench at the end."""
    try:
        yield bench
    finally:
        bench.close()
