"""Git projects from defs.yaml on real servers: https with a token, ssh with a key; no secret left anywhere."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dg_project import PROJECTS, DgProject
from tests.git_servers import Certificate, HttpsServer, Repository, SshServer

pytestmark = pytest.mark.server
TOKEN = "tkn0f3c9a7e51b2d864"
EXTRA = "dbt/shop/models/staging/extra.sql"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The shop project in a folder, tagged v1, and one commit more on main."""
    made = Repository.create(tmp_path / "srv" / "shop.git")
    shop = PROJECTS / "shop"
    files = {f"dbt/shop/{p.relative_to(shop)}": p.read_bytes() for p in shop.rglob("*.*")}
    made.commit(files)
    made.git("tag", "v1")
    made.commit({EXTRA: "select 1 as one"})
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DgProject:
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.duckdb"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    for folder in ("home", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return DgProject(tmp_path / "dg")


class ProcessList:
    """Reads the command lines of all processes, over and over, while something is done."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._is_over.wait(0.005):
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    try:
                        self.seen.add(Path(f"/proc/{entry}/cmdline").read_bytes())
                    except OSError:
                        continue

    def __enter__(self) -> "ProcessList":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()


def dg(project: DgProject, *arguments: str) -> str:
    """Runs a dg command in the project, as a user does, and returns all that it printed."""
    program = Path(sys.executable).with_name("dg")
    path = os.pathsep.join(filter(None, [str(project.root / "src"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [str(program), *arguments],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def assert_refreshes_at_tag_branch_and_push(
    project: DgProject, repository: Repository, source: dict[str, str]
) -> str:
    """Goes through a tag, a branch and a push; returns all that was printed."""
    asked = {**source, "repo_relative_path": "dbt/shop"}
    project.write_component(project={**asked, "ref": "v1"})
    output = dg(project, "utils", "refresh-defs-state")
    listed = dg(project, "list", "defs")
    assert "stg_orders" in listed and "extra" not in listed
    project.write_component(project={**asked, "ref": "main"})
    output += dg(project, "utils", "refresh-defs-state")
    assert "extra" in dg(project, "list", "defs")
    again = dg(project, "utils", "refresh-defs-state")
    assert "unchanged" in again
    repository.commit({EXTRA: None, "dbt/shop/models/staging/late.sql": "select 2 as two"})
    pushed = dg(project, "utils", "refresh-defs-state")
    assert "commit changed" in pushed
    listed += dg(project, "list", "defs")
    assert "late" in listed
    return output + again + pushed + listed + dg(project, "launch", "--assets", "late,raw_orders")


def test_a_token_over_https_serves_and_is_found_nowhere(
    project: DgProject,
    repository: Repository,
    certificate: Certificate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate.certificate))
    monkeypatch.setenv("DBT_REPO_TOKEN", TOKEN)
    with HttpsServer(tmp_path / "srv", certificate, token=TOKEN).running() as server:
        with ProcessList() as processes:
            output = assert_refreshes_at_tag_branch_and_push(
                project,
                repository,
                {"repo_url": server.url("shop.git"), "token": "{{ env.DBT_REPO_TOKEN }}"},
            )
        assert server.authorizations, "the server never asked for the token"
    assert any(b"git" in line and b"fetch" in line for line in processes.seen)
    assert not [line for line in processes.seen if TOKEN.encode() in line]
    assert TOKEN not in output
    assert files_with(TOKEN.encode(), tmp_path) == []
    # The search can find: what is committed lies in the state, what Dagster stored in its home.
    assert files_with(b"stg_orders", tmp_path / "dg")
    assert files_with(b"ASSET_MATERIALIZATION", tmp_path / "home")


def test_a_key_over_ssh_serves(
    project: DgProject, repository: Repository, ssh_server: SshServer, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    shutil.copy(ssh_server.key_path, key)
    key.chmod(0o600)
    assert_refreshes_at_tag_branch_and_push(
        project,
        repository,
        {
            "repo_url": ssh_server.url(repository.folder),
            "ssh_key_path": str(key),
            "ssh_known_hosts_path": str(tmp_path / "known_hosts"),
        },
    )
    secret = key.read_bytes().splitlines()[2]
    assert files_with(secret, tmp_path) == [key]


def files_with(text: bytes, folder: Path) -> list[Path]:
    """All files below a folder that hold a text, packed in zip archives or not."""
    return sorted(path for path in _files(folder) if _holds(path, text))


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _holds(path: Path, text: bytes) -> bool:
    import io
    import zipfile

    def is_in(data: bytes) -> bool:
        if text in data:
            return True
        if not data.startswith(b"PK\x03\x04"):
            return False
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(is_in(archive.read(name)) for name in archive.namelist())

    return is_in(path.read_bytes())
