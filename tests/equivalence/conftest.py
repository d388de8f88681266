"""Fixtures: one warm dbt for all tests of this package, and benches created from a test's files."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from .bench import Bench, opened
from .databases import DuckDatabase
from .generate import PROJECT, GeneratedProject
from .warm_process import WarmProcess

EVERY_MODE = bool(os.environ.get("EQUIVALENCE_EVERY_MODE"))


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmProcess]:
    """A process that has imported the dbt of this environment."""
    with WarmProcess(sys.executable) as process:
        yield process


@contextmanager
def bench_of(
    files: Mapping[str, str], folder: Path, warm: WarmProcess, *, setup: tuple[str, ...] = ()
) -> Iterator[Bench]:
    """A bench of a hand-made project; ``dbt_project.yml`` is added unless ``files`` has one."""
    project = GeneratedProject(seed=0, features=frozenset(), graph_reader=None)
    settings = f"name: {PROJECT}\nversion: 1.0.0\nconfig-version: 2\nprofile: {PROJECT}\n"
    project.files.update({"dbt_project.yml": settings, **files})
    project.setup.extend(setup)
    with opened(Bench(project, DuckDatabase(folder / "db"), folder / "bench", warm=warm)) as bench:
        yield bench
