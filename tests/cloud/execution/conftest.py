"""One build by real dbt for all tests that read its artifact or its log."""

import pytest

from tests.cloud.execution.troubled_project import FILES, FinishedCommand, run_dbt, write_project


@pytest.fixture(scope="session")
def troubled_build(tmp_path_factory: pytest.TempPathFactory) -> FinishedCommand:
    """`dbt build` of the troubled project, which has nodes of every status. Read it, don't change it."""
    folder = tmp_path_factory.mktemp("troubled") / "project"
    write_project(folder, FILES)
    return run_dbt(folder, "build")
