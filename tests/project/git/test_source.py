"""Git sources against real repositories and real servers: file, https, ssh."""

import base64
import dataclasses
import itertools
import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dbt_component.errors import (
    DagsterDbtProjectYmlFileNotFoundError,
    GitAccessError,
    GitInputError,
    GitPathError,
    GitRefNotFoundError,
    GitSourceError,
    GitTimeoutError,
    GitTooLargeError,
    GitUnreachableError,
)
from dbt_component.project.git.checkout import CheckoutCache, url_digest
from dbt_component.project.git.session import GitSession
from dbt_component.project.git.source import GitSource
from tests.git_servers import (
    PROJECT_YML,
    Certificate,
    HttpsServer,
    Repository,
    SshServer,
    make_ssh_key,
    run_git,
)
from tests.sleeping_project import wait_until

TOKEN = "t0k3n-Wert/+=%"
PROJECT = {"dbt_project.yml": PROJECT_YML, "models/a.sql": "select 1 as a\n"}
OpenServer = Callable[..., HttpsServer]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own; nothing of the user's environment or configuration."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "SSL_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "git"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "srv" / "shop.git")
    made.commit(PROJECT)
    return made


@pytest.fixture
def open_server(
    tmp_path: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenServer]:
    """Starts https servers for the repositories, whose certificate git trusts."""
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate.certificate))
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            HttpsServer(tmp_path / "srv", certificate, **settings).running()
        )


def new_repository(tmp_path: Path, name: str, files: dict[str, Any] | None = None) -> Repository:
    made = Repository.create(tmp_path / "srv" / name)
    made.commit(files if files is not None else PROJECT)
    return made


def checkout(source: GitSource) -> Any:
    return source.checkout(source.resolve_commit())


def files_below(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}


def left_in_work_folder(cache: Path) -> list[str]:
    return os.listdir(cache / "work") if (cache / "work").exists() else []


# Which commit


def test_branch_tag_annotated_tag_commit_and_default_branch_resolve(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "plain")
    repository.git("tag", "-a", "-m", "release", "v1.0")
    second = repository.commit({"models/b.sql": "select 2"})
    repository.git("branch", "feature/x")
    third = repository.commit({"models/c.sql": "select 3"})
    expected = {"plain": first, "v1.0": first, "refs/tags/v1.0": first, "feature/x": second}
    expected |= {"main": third, "refs/heads/main": third, "HEAD": third, first: first}
    for ref, commit in expected.items():
        assert GitSource(repository.url, ref=ref).resolve_commit() == commit, ref
    assert GitSource(repository.url).resolve_commit() == third
    assert GitSource(str(repository.folder), ref=first.upper()).resolve_commit() == first


def test_a_full_commit_resolves_without_asking(repository: Repository) -> None:
    assert GitSource("https://nowhere.invalid/a", ref="a" * 40).resolve_commit() == "a" * 40


def test_a_branch_that_ends_like_another_is_not_taken_for_it(repository: Repository) -> None:
    repository.git("branch", "old/refs/heads/stable")
    with pytest.raises(GitRefNotFoundError):
        GitSource(repository.url, ref="stable").resolve_commit()


def test_a_wrong_ref_is_answered_with_close_names(repository: Repository) -> None:
    repository.git("branch", "release-2024")
    with pytest.raises(GitRefNotFoundError, match="Did you mean 'release-2024'") as caught:
        GitSource(repository.url, ref="release-2042").resolve_commit()
    assert repository.url in str(caught.value)


def test_an_empty_repository_has_no_default_branch(tmp_path: Path) -> None:
    empty = Repository.create(tmp_path / "srv" / "empty.git")
    with pytest.raises(GitRefNotFoundError, match="empty"):
        GitSource(empty.url).resolve_commit()


# Which files


def test_a_checkout_holds_the_commit_and_comes_from_the_cache_without_the_host(
    repository: Repository, cache: Path
) -> None:
    first = checkout(GitSource(repository.url))
    assert files_below(first.root) == set(PROJECT)
    assert first.project_dir == first.root
    assert first.commit == repository.git("rev-parse", "HEAD")
    repository.folder.rename(repository.folder.with_suffix(".gone"))
    again = GitSource(repository.url).checkout(first.commit)
    assert again.root == first.root
    assert left_in_work_folder(cache) == []


def test_a_push_makes_a_new_checkout_and_leaves_the_old_one(repository: Repository) -> None:
    source = GitSource(repository.url, ref="main")
    old = checkout(source)
    repository.commit({"models/a.sql": "select 2 as a\n", "models/b.sql": "select 3"})
    new = checkout(source)
    assert (old.root / "models/a.sql").read_text() == "select 1 as a\n"
    assert (new.root / "models/a.sql").read_text() == "select 2 as a\n"
    assert files_below(old.root) == set(PROJECT)


def test_a_push_costs_its_own_objects_only(repository: Repository, open_server: OpenServer) -> None:
    repository.commit({"seeds/large.csv": os.urandom(300_000)})
    server = open_server()
    source = GitSource(server.url("shop.git"))
    checkout(source)
    assert sum(server.pack_bytes) > 300_000
    server.pack_bytes.clear()
    repository.commit({"models/b.sql": "select 2"})
    assert (checkout(source).root / "models/b.sql").exists()
    assert sum(server.pack_bytes) < 5_000


def test_history_is_not_fetched(repository: Repository, open_server: OpenServer) -> None:
    repository.commit({"seeds/large.csv": os.urandom(300_000)})
    repository.commit({"seeds/large.csv": None})
    server = open_server()
    checkout(GitSource(server.url("shop.git")))
    assert sum(server.pack_bytes) < 5_000


def test_only_the_project_of_a_large_repository_is_fetched(
    tmp_path: Path, open_server: OpenServer
) -> None:
    large = new_repository(tmp_path, "large.git", {"data/large.bin": os.urandom(300_000)})
    large.commit({f"teams/dbt/{name}": content for name, content in PROJECT.items()})
    large.commit({"profiles/profiles.yml": "x: 1", "README.md": "about"})
    server = open_server()
    source = GitSource(server.url("large.git"), repo_relative_path="teams/dbt/")
    found = checkout(source)
    assert found.project_dir == found.root / "teams/dbt"
    assert files_below(found.root) == {f"teams/dbt/{name}" for name in PROJECT}
    assert sum(server.pack_bytes) < 10_000
    wider = checkout(dataclasses.replace(source, extra_paths=("profiles",)))
    assert "profiles/profiles.yml" in files_below(wider.root)
    assert "data/large.bin" not in files_below(wider.root)
    whole = checkout(dataclasses.replace(source, extra_paths=(".",)))
    assert {"data/large.bin", "README.md"} < files_below(whole.root)


@pytest.mark.parametrize(
    "file",
    [
        {"packages.yml": "packages:\n  - local: ../shared\n"},
        {"packages.yml": "packages:\n  - local: '{{ env_var(\"SHARED\") }}'\n"},
        {"dbt_project.yml": "name: shop\nmodel-paths: ['..']\n"},
        {"dbt_project.yml": "name: shop\nmodel-paths:\n  - ..\n"},
        {"models/a.sql": "select * from read_csv('../data.csv')"},
        {"macros": Path("../shared/macros")},
    ],
    ids=["package", "templated package", "list", "list item", "sql", "symlink"],
)
def test_a_project_that_uses_the_rest_of_its_repository_gets_it(
    tmp_path: Path, file: dict[str, Any]
) -> None:
    made = new_repository(tmp_path, "mono.git", {f"dbt/{k}": v for k, v in PROJECT.items()})
    made.commit({"shared/macros/m.sql": "x", **{f"dbt/{k}": v for k, v in file.items()}})
    found = checkout(GitSource(made.url, repo_relative_path="dbt"))
    assert (found.root / "shared/macros/m.sql").exists()


def test_a_server_that_leaves_nothing_out_serves_too(
    tmp_path: Path, open_server: OpenServer
) -> None:
    made = new_repository(tmp_path, "mono.git", {f"dbt/{k}": v for k, v in PROJECT.items()})
    made.git("config", "uploadpack.allowFilter", "false")
    for server in (open_server(), open_server(is_old=True)):
        found = checkout(GitSource(server.url("mono.git"), repo_relative_path="dbt"))
        assert files_below(found.project_dir) == set(PROJECT)


def test_an_old_server_that_filters_but_gives_no_single_object_serves_too(
    tmp_path: Path, open_server: OpenServer
) -> None:
    made = new_repository(tmp_path, "mono.git", {f"dbt/{k}": v for k, v in PROJECT.items()})
    found = checkout(GitSource(open_server(is_old=True).url("mono.git"), repo_relative_path="dbt"))
    assert files_below(found.project_dir) == set(PROJECT)
    assert found.commit == made.git("rev-parse", "HEAD")


def test_an_old_server_gives_a_commit_that_is_no_tip(
    repository: Repository, open_server: OpenServer
) -> None:
    old = repository.git("rev-parse", "HEAD")
    repository.commit({"models/a.sql": "select 2"})
    server = open_server(is_old=True)
    for commit in (old, repository.git("rev-parse", "HEAD"), old):
        found = GitSource(server.url("shop.git"), ref=commit).checkout(commit)
        assert found.commit == commit
    found = GitSource(server.url("shop.git")).checkout(old)
    assert (found.root / "models/a.sql").read_text() == PROJECT["models/a.sql"]


def test_a_commit_that_does_not_exist_is_named(
    repository: Repository, open_server: OpenServer
) -> None:
    for server in (open_server(), open_server(is_old=True)):
        with pytest.raises(GitRefNotFoundError, match="'dddddddddd"):
            GitSource(server.url("shop.git")).checkout("d" * 40)
    tree = repository.git("rev-parse", "HEAD^{tree}")
    with pytest.raises(GitRefNotFoundError, match="id of a tree"):
        GitSource(repository.url).checkout(tree)


def test_a_wrong_path_is_answered_with_the_folders_that_hold_projects(tmp_path: Path) -> None:
    made = new_repository(tmp_path, "mono.git", {f"a/dbt/{k}": v for k, v in PROJECT.items()})
    for path in ("a/bdt", "a/dbt/dbt_project.yml", "b"):
        with pytest.raises(GitPathError, match="'a/dbt'") as caught:
            checkout(GitSource(made.url, repo_relative_path=path))
        assert repr(path) in caught.value.message
    for path in ("a", "."):
        with pytest.raises(DagsterDbtProjectYmlFileNotFoundError, match="'a/dbt'"):
            checkout(GitSource(made.url, repo_relative_path=path))


def test_a_file_of_git_lfs_is_warned_of(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    made = new_repository(tmp_path, "lfs.git", {**PROJECT, "seeds/a.csv": pointer})
    for _ in range(2):
        [warning] = checkout(GitSource(made.url)).warnings
        assert "'seeds/a.csv'" in warning


# Symlinks


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../../../../../etc", "../../outside", "../models/../../x"]
)
def test_a_symlink_out_of_the_repository_is_refused_by_name(
    repository: Repository, cache: Path, target: str
) -> None:
    repository.commit({"seeds/link": Path(target)})
    with pytest.raises(GitPathError, match="'seeds/link'"):
        checkout(GitSource(repository.url))
    assert not list((cache / "checkouts").glob("*"))
    assert left_in_work_folder(cache) == []


def test_a_chain_of_symlinks_out_of_the_repository_is_refused(repository: Repository) -> None:
    repository.commit({"a/up": Path(".."), "b": Path("a/up/../../etc")})
    with pytest.raises(GitPathError, match="'b'"):
        checkout(GitSource(repository.url))


def test_symlinks_within_the_repository_are_kept(repository: Repository) -> None:
    repository.commit({"models/b.sql": Path("a.sql"), "m": Path("models"), "gone": Path("x")})
    found = checkout(GitSource(repository.url))
    assert (found.root / "m/b.sql").read_text() == PROJECT["models/a.sql"]


def test_a_project_may_lie_behind_a_symlink_but_only_within(tmp_path: Path) -> None:
    made = new_repository(tmp_path, "mono.git", {f"real/{k}": v for k, v in PROJECT.items()})
    made.commit({"dbt": Path("real"), "out": Path("/")})
    with pytest.raises(GitPathError, match="'out'"):
        checkout(GitSource(made.url, repo_relative_path="out"))
    made.commit({"out": None})
    found = checkout(GitSource(made.url, repo_relative_path="dbt"))
    assert (found.project_dir / "dbt_project.yml").is_file()


# Submodules


def test_relative_and_nested_submodules_are_fetched_if_wanted(
    tmp_path: Path, repository: Repository
) -> None:
    inner = new_repository(tmp_path, "inner.git", {"i.sql": "i"})
    outer = new_repository(tmp_path, "outer.git", {"o.sql": "o"})
    outer_commit = outer.commit_submodule(
        "deep/inner", inner.git("rev-parse", "HEAD"), url="../inner.git"
    )
    inner.commit({"i.sql": "newer"})
    repository.commit_submodule("packages/outer", outer_commit, url="../outer.git")
    without = checkout(GitSource(repository.url))
    assert not files_below(without.root / "packages")
    found = checkout(GitSource(repository.url, submodules=True))
    packages = found.root / "packages/outer"
    assert files_below(packages) == {"o.sql", ".gitmodules", "deep/inner/i.sql"}
    assert (packages / "deep/inner/i.sql").read_text() == "i"
    assert not [name for name in files_below(found.root) if ".git/" in name or "index" in name]


def test_a_project_may_lie_in_a_submodule(tmp_path: Path, repository: Repository) -> None:
    outer = new_repository(tmp_path, "outer.git", {"README.md": "x"})
    outer.commit_submodule("dbt", repository.git("rev-parse", "HEAD"), url="../shop.git")
    found = checkout(GitSource(outer.url, repo_relative_path="dbt", submodules=True))
    assert files_below(found.project_dir) == set(PROJECT)


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% {mark}", "--upload-pack=touch {mark}", f"{'../' * 30}x"]
)
def test_a_hostile_submodule_url_is_refused_before_git_sees_it(
    tmp_path: Path, repository: Repository, url: str
) -> None:
    mark = tmp_path / "mark"
    repository.commit_submodule(
        "lib", repository.git("rev-parse", "HEAD"), url=url.format(mark=mark), name="evil"
    )
    with pytest.raises(GitInputError, match="submodule 'evil'"):
        checkout(GitSource(repository.url, submodules=True))
    assert not mark.exists()


def test_a_submodule_may_not_copy_a_repository_of_this_machine(
    tmp_path: Path, repository: Repository, open_server: OpenServer
) -> None:
    private = new_repository(tmp_path, "private.git")
    commit = private.git("rev-parse", "HEAD")
    repository.commit_submodule("lib", commit, url=private.url)
    with pytest.raises(GitInputError, match="local repository"):
        checkout(GitSource(open_server().url("shop.git"), submodules=True))


def test_a_tree_with_a_symlink_and_a_folder_of_one_name_writes_nothing_outside(
    tmp_path: Path, repository: Repository
) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.commit_submodule("link/lib", commit, url="../shop.git")
    outside = tmp_path / "outside"
    outside.mkdir()
    # Git makes no tree with one name twice; an attacker does.
    folder = bytes.fromhex(repository.git("rev-parse", "HEAD:link"))
    repository.commit({"link2": outside})
    target = bytes.fromhex(repository.git("rev-parse", "HEAD:link2"))
    tree = b"120000 link\0" + target + b"40000 link\0" + folder
    for name in (".gitmodules", "dbt_project.yml"):
        blob = bytes.fromhex(repository.git("rev-parse", f"HEAD:{name}"))
        tree = b"100644 " + name.encode() + b"\0" + blob + tree
    arguments = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    made = run_git("--git-dir", str(repository.folder), *arguments, input=tree)
    evil = repository.git("commit-tree", "-m", "evil", made)
    found = GitSource(repository.url, submodules=True).checkout(evil)
    assert not (found.root / "link").is_symlink()
    assert not list(outside.iterdir())


def test_a_submodule_is_known_by_its_path_whatever_its_name(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.commit_submodule("lib", commit, url="../shop.git", name="../../../hooks")
    found = checkout(GitSource(repository.url, submodules=True))
    assert files_below(found.root / "lib") == set(PROJECT)


# Credentials


def test_a_token_opens_a_private_repository_and_is_found_nowhere(
    repository: Repository, open_server: OpenServer, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server = open_server(token=TOKEN)
    source = GitSource(server.url("shop.git"), token=TOKEN)
    server.gate.clear()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(checkout, source)
        assert server.packs_asked_for.acquire(timeout=20)
        commands = command_lines()
        seen_in_cache = files_with(cache, TOKEN)
        server.gate.set()
        found = running.result(timeout=20)
    assert files_below(found.root) == set(PROJECT)
    assert any("git-remote-https" in command for command in commands)
    assert not [command for command in commands if TOKEN in command]
    assert seen_in_cache == files_with(cache, TOKEN) == []
    assert TOKEN not in repr(source) + repr(found) + caplog.text


def command_lines() -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def files_with(folder: Path, text: str) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_wrong_and_missing_tokens_are_told_apart_without_showing_them(
    repository: Repository, open_server: OpenServer
) -> None:
    server = open_server(token=TOKEN)
    with pytest.raises(GitAccessError, match="did not accept the credentials") as caught:
        GitSource(server.url("shop.git"), token="wr0ng-one").resolve_commit()
    assert "wr0ng-one" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(GitAccessError, match="there are none") as caught:
        GitSource(server.url("shop.git")).resolve_commit()
    assert "`token`" in str(caught.value.hint)
    with pytest.raises(GitAccessError, match="did not accept"):
        GitSource(server.url("shop.git"), token="wr0ng-one").checkout("a" * 40)


def test_a_token_repeated_by_the_server_is_redacted(
    repository: Repository, open_server: OpenServer
) -> None:
    pair = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    server = open_server(complaint=f"No {TOKEN} ({quote(TOKEN)}, {pair}) here")
    with pytest.raises(GitUnreachableError, match=r"No \*\*\*") as caught:
        GitSource(server.url("shop.git"), token=TOKEN, username="me").resolve_commit()
    for secret in (TOKEN, quote(TOKEN), quote(TOKEN, safe=""), pair):
        assert secret not in str(caught.value)


def test_github_token_goes_only_to_hosts_that_are_named(
    repository: Repository, open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = open_server(token=TOKEN)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with pytest.raises(GitAccessError):
        GitSource(server.url("shop.git")).resolve_commit()
    with pytest.raises(GitAccessError):
        GitSource(server.url("shop.git"), github_token_hosts=("localhost",)).resolve_commit()
    assert server.authorizations == []
    named = GitSource(server.url("shop.git"), github_token_hosts=(f"LOCALHOST:{server.port}",))
    assert named.resolve_commit()
    with pytest.raises(GitAccessError):
        dataclasses.replace(named, token="given one wins").resolve_commit()


def test_a_redirect_to_another_host_gets_no_token(
    repository: Repository, open_server: OpenServer
) -> None:
    other = open_server(token=TOKEN)
    server = open_server(redirects={"/shop.git": other.url("shop.git")})
    with pytest.raises(GitAccessError):
        GitSource(server.url("shop.git"), token=TOKEN).resolve_commit()
    assert other.requests
    assert other.authorizations == []


def test_a_redirect_to_plain_http_is_not_followed(
    repository: Repository, open_server: OpenServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = f"http://localhost:{listener.getsockname()[1]}/shop.git"
        server = open_server(redirects={"/shop.git": target})
        with pytest.raises(GitSourceError):
            GitSource(server.url("shop.git"), token=TOKEN, timeout_seconds=10).resolve_commit()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_redirect_on_the_same_host_is_followed(
    repository: Repository, open_server: OpenServer
) -> None:
    server = open_server(token=TOKEN)
    server.redirects["/renamed"] = server.url("shop.git")
    assert checkout(GitSource(server.url("renamed"), token=TOKEN)).root.is_dir()


def test_a_submodule_gets_the_token_on_the_same_host_only(
    tmp_path: Path, repository: Repository, open_server: OpenServer
) -> None:
    lib = new_repository(tmp_path, "lib.git", {"l.sql": "l"})
    server, other = open_server(token=TOKEN), open_server(token=TOKEN)
    commit = lib.git("rev-parse", "HEAD")
    repository.commit_submodule("lib", commit, url="../lib.git")
    source = GitSource(server.url("shop.git"), token=TOKEN, submodules=True)
    assert (checkout(source).root / "lib/l.sql").exists()
    # "127.0.0.1" and "localhost" are one machine, but two hosts; only loopback needs a way around the rule
    # that no other repository may name this machine.
    repository.commit_submodule("lib2", commit, url=other.url("lib.git"))
    with pytest.raises(GitInputError, match="local repository"):
        checkout(source)
    assert other.requests == []


def test_a_submodule_of_another_host_is_asked_without_token(
    tmp_path: Path,
    repository: Repository,
    open_server: OpenServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dbt_component.translation.git_url.GitUrl.is_loopback", False)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    lib = new_repository(tmp_path, "lib.git")
    server, other = open_server(token=TOKEN), open_server(token=TOKEN)
    commit = lib.git("rev-parse", "HEAD")
    url = other.url("lib.git").replace("localhost", "127.0.0.1")
    repository.commit_submodule("lib", commit, url=url)
    hosts = (f"127.0.0.1:{other.port}",)
    with pytest.raises(GitAccessError, match="there are none"):
        checkout(
            GitSource(
                server.url("shop.git"), token=TOKEN, submodules=True, github_token_hosts=hosts
            )
        )
    assert other.requests
    assert other.authorizations == []


def test_a_password_of_a_proxy_is_redacted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:pr0xypass@127.0.0.1:{closed_port()}")
    source = GitSource("https://example.invalid/a.git", timeout_seconds=20)
    with pytest.raises(GitUnreachableError) as caught:
        source.resolve_commit()
    assert "pr0xypass" not in str(caught.value)
    monkeypatch.delenv("https_proxy")
    config = tmp_path / "gitconfig"
    config.write_text(f"[http]\n\tproxy = http://me:pr0xypass@127.0.0.1:{closed_port()}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(GitUnreachableError, match=r"127\.0\.0\.1") as caught:
        source.resolve_commit()
    assert "pr0xypass" not in str(caught.value)


# Hosts


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_host_that_is_down_unknown_or_not_trusted_is_unreachable(
    repository: Repository,
    open_server: OpenServer,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(GitUnreachableError, match="can't be reached"):
        GitSource(f"https://127.0.0.1:{closed_port()}/a.git").resolve_commit()
    server = open_server()
    monkeypatch.delenv("GIT_SSL_CAINFO")
    with pytest.raises(GitUnreachableError, match="not trusted") as caught:
        GitSource(server.url("shop.git")).resolve_commit()
    assert "GIT_SSL_CAINFO" in str(caught.value.hint)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    assert GitSource(server.url("shop.git")).resolve_commit()


def test_certificate_authorities_of_the_users_own_configuration_serve(
    repository: Repository,
    open_server: OpenServer,
    certificate: Certificate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = open_server()
    monkeypatch.delenv("GIT_SSL_CAINFO")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "own.pem").write_bytes(certificate.certificate.read_bytes())
    (tmp_path / ".gitconfig").write_text("[http]\n\tsslVerify\n\tsslCAInfo = ~/own.pem\n")
    assert GitSource(server.url("shop.git")).resolve_commit()


def test_a_repository_that_does_not_exist_is_told(
    repository: Repository, open_server: OpenServer, tmp_path: Path
) -> None:
    for url in (open_server().url("shoop.git"), f"file://{tmp_path}/nothing.git"):
        with pytest.raises(GitAccessError, match="no such repository"):
            GitSource(url).resolve_commit()


def test_a_silent_host_ends_in_a_timeout_and_leaves_no_process(
    repository: Repository, open_server: OpenServer, cache: Path
) -> None:
    server = open_server()
    commit = repository.git("rev-parse", "HEAD")
    server.gate.clear()
    source = GitSource(server.url("shop.git"), timeout_seconds=1)
    began = time.monotonic()
    with pytest.raises(GitTimeoutError, match=r"within 1 s") as caught:
        source.checkout(commit)
    assert time.monotonic() - began < 5
    assert server.url("shop.git") in str(caught.value)
    marks = (str(cache), f"localhost:{server.port}")

    def running() -> list[str]:
        return [command for command in command_lines() if any(mark in command for mark in marks)]

    # The kernel ends a killed process that is no child of this one when it gets to it.
    assert wait_until(lambda: not running(), seconds=10), running()
    assert left_in_work_folder(cache) == []
    server.gate.set()
    assert dataclasses.replace(source, timeout_seconds=30).checkout(commit).root.is_dir()


@pytest.mark.parametrize("size", [3_000_000, 400_000])
def test_a_repository_larger_than_allowed_is_refused(
    repository: Repository, cache: Path, size: int
) -> None:
    repository.commit({"seeds/large.csv": os.urandom(size)})
    with pytest.raises(GitTooLargeError, match="600,000"):
        checkout(GitSource(repository.url, max_bytes=600_000))
    assert left_in_work_folder(cache) == []
    assert checkout(GitSource(repository.url, max_bytes=None)).root.is_dir()


# Hostile input


def test_hostile_input_is_refused_before_git_is_even_imported(cache: Path) -> None:
    script = """
import sys
from dbt_component.errors import GitInputError
from dbt_component.project.git.source import GitSource
for source in (
    GitSource("ext::sh -c true"), GitSource("-u"), GitSource("git://localhost/a"),
    GitSource("https://h.com/a", ref="--upload-pack=x"), GitSource("https://h.com/a", ref="a..b"),
    GitSource("https://h.com/a", repo_relative_path="../x"), GitSource("/a", repo_relative_path="/"),
    GitSource("https://h.com/a", token="a\\nb"), GitSource("https://h.com/a", username="a\\0b"),
    GitSource("git@h.com:a", token="x"), GitSource("https://h.com/a", ssh_key_path="x"),
    GitSource("/a", timeout_seconds=0),
    GitSource("git@h.com:a", ssh_strict_host_key_checking="no"),
):
    for call in (source.validate, source.resolve_commit, lambda: source.checkout("a" * 40)):
        try:
            call()
        except GitInputError:
            continue
        raise SystemExit(repr(source))
try:
    GitSource("/a").checkout("--help")
except GitInputError:
    pass
assert "git" not in sys.modules
assert "dagster" not in sys.modules
"""
    run_python(script)
    assert not (cache / "work").exists()


def test_a_missing_key_hinders_a_fetch_but_not_loading(tmp_path: Path) -> None:
    source = GitSource("git@h.com:a", ssh_key_path=tmp_path / "key")
    source.validate()
    with pytest.raises(GitInputError, match="ssh_key_path"):
        source.resolve_commit()


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(GitInputError) as caught:
        GitSource("ext::x", ref="a b", repo_relative_path="..").validate()
    for part in ("ext::x", "'a b'", "'..'"):
        assert part in caught.value.message


def test_no_configuration_hook_or_filter_of_anybody_runs(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_server: OpenServer
) -> None:
    repository.commit({".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    mark = tmp_path / "mark"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "post-merge"):
        (hooks / hook).symlink_to(program)
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {program}\n\taskPass = {program}\n"
        f"\tsshCommand = {program}\n\tattributesFile = {tmp_path / 'attributes'}\n"
        f'[filter "evil"]\n\tsmudge = {program}\n\tclean = {program}\n\trequired = true\n'
        f"[credential]\n\thelper = {program}\n[alias]\n\tfetch = !{program}\n"
        f'[url "ext::{program} %S"]\n\tinsteadOf = https://\n\tinsteadOf = file://\n'
        f"[init]\n\ttemplateDir = {hooks}\n"
    )
    (tmp_path / "attributes").write_text("* filter=evil\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))
    for name in ("GIT_ASKPASS", "SSH_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, str(program))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:https:file")
    for url in (repository.url, open_server().url("shop.git")):
        found = checkout(GitSource(url))
        assert (found.root / "models/a.sql").read_text() == PROJECT["models/a.sql"]
    with pytest.raises(GitAccessError):
        GitSource(open_server(token=TOKEN).url("shop.git")).resolve_commit()
    assert not mark.exists()


def test_git_variables_of_the_environment_redirect_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import git  # noqa: F401 - when imported, GitPython asks git for its version; not what is tested

    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "COMMON_DIR", "TRACE"):
        monkeypatch.setenv(f"GIT_{name}", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_NAMESPACE", "other")
    monkeypatch.setenv("GIT_SHALLOW_FILE", "x")
    assert files_below(checkout(GitSource(repository.url)).root) == set(PROJECT)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_executes_nothing_does_not_stop_the_token(
    repository: Repository, open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused = os.access, []

    def access(path: Any, mode: int) -> bool:
        if mode == os.X_OK and str(path).endswith("askpass.sh"):
            refused.append(path)
            return False
        return real(path, mode)

    monkeypatch.setattr(os, "access", access)
    server = open_server(token=TOKEN)
    assert GitSource(server.url("shop.git"), token=TOKEN).resolve_commit()
    assert refused


# Many processes, killed ones, damaged caches, old checkouts


def run_python(script: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


CHECKOUT = """
import sys
from dbt_component.project.git.source import GitSource
print(GitSource(sys.argv[1]).checkout(sys.argv[2]).root)
"""


def start_checkout(url: str, commit: str, *, script: str = CHECKOUT) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, url, commit],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_ten_checkouts_at_once_fetch_once(repository: Repository, open_server: OpenServer) -> None:
    server = open_server()
    url, commit = server.url("shop.git"), repository.git("rev-parse", "HEAD")
    server.gate.clear()
    processes = [start_checkout(url, commit) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        threads = [pool.submit(GitSource(url).checkout, commit) for _ in range(5)]
        assert server.packs_asked_for.acquire(timeout=20)
        server.gate.set()
        roots = {str(thread.result(timeout=30).root) for thread in threads}
    roots |= {process.communicate(timeout=30)[0].strip() for process in processes}
    assert len(roots) == 1
    assert server.fetch_count == 1


def test_a_process_killed_in_mid_fetch_does_not_hinder_the_next(
    repository: Repository, open_server: OpenServer
) -> None:
    server = open_server()
    url, commit = server.url("shop.git"), repository.git("rev-parse", "HEAD")
    server.gate.clear()
    process = start_checkout(url, commit)
    assert server.packs_asked_for.acquire(timeout=20)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # The killed process's git is still there and gets its pack now.
    server.gate.set()
    assert files_below(GitSource(url).checkout(commit).root) == set(PROJECT)


def checkout_until_killed(url: str, commit: str, last_step: int) -> None:
    """Runs in a process of its own, which kills itself before a git command or a move of a folder."""
    steps = itertools.count(1)

    def killing(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if next(steps) == last_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", killing(os.rename))
        patch.setattr(GitSession, "run", killing(GitSession.run))
        GitSource(url).checkout(commit)


def test_a_process_killed_at_any_step_does_not_hinder_the_next(repository: Repository) -> None:
    context = multiprocessing.get_context("fork")
    for commit in (repository.git("rev-parse", "HEAD"), repository.commit({"models/b.sql": "x"})):
        for step in range(1, 30):
            arguments = (repository.url, commit, step)
            process = context.Process(target=checkout_until_killed, args=arguments)
            process.start()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
        assert 6 < step < 29
        found = GitSource(repository.url).checkout(commit)
        assert (found.root / "dbt_project.yml").read_text() == PROJECT_YML


@pytest.mark.parametrize(
    "damage", ["locks", "pack", "head", "config", "checkout", "file", "record"]
)
def test_a_damaged_cache_is_made_good(repository: Repository, cache: Path, damage: str) -> None:
    first = checkout(GitSource(repository.url))
    [kept] = (cache / "repositories").iterdir()
    pack = next(kept.glob("objects/pack/*.pack"))
    if damage == "locks":
        for name in ("index.lock", "shallow.lock", "config.lock", "HEAD.lock"):
            (kept / name).write_text("")
    elif damage == "pack":
        pack.chmod(0o600)
        os.truncate(pack, 40)
    elif damage == "head":
        (kept / "HEAD").write_text("nonsense")
    elif damage == "config":
        (kept / "config").write_text("[nonsense")
    elif damage == "checkout":
        (first.root / "dbt_project.yml").unlink()
        (first.root / "models/a.sql").unlink()
        (first.root / "models").rmdir()
        first.root.rmdir()
    elif damage == "file":
        (first.root / "models/a.sql").unlink()
    else:
        (first.root.parent / "checkout.json").write_text('{"format_version": 99}')
    commits = [first.commit, repository.commit({"models/a.sql": "select 2"})]
    for commit in commits if damage in ("checkout", "file", "record") else commits[1:]:
        found = GitSource(repository.url).checkout(commit)
        assert files_below(found.root) == set(PROJECT)


def test_a_damaged_repository_of_a_submodule_is_made_good(
    tmp_path: Path, repository: Repository, cache: Path
) -> None:
    lib = new_repository(tmp_path, "lib.git", {"l.sql": os.urandom(50_000)})
    commit = lib.git("rev-parse", "HEAD")
    repository.commit_submodule("lib", commit, url="../lib.git")
    source = GitSource(repository.url, submodules=True)
    checkout(source)
    for pack in cache.glob("repositories/*/objects/pack/*.pack"):
        if pack.stat().st_size > 50_000:
            pack.chmod(0o600)
            with pack.open("r+b") as file:
                file.seek(25_000)
                file.write(b"damaged")
    repository.commit_submodule("again", commit, url="../lib.git")
    assert {"lib/l.sql", "again/l.sql"} < files_below(checkout(source).root)


def test_a_kept_repository_that_grew_by_old_commits_is_not_counted(repository: Repository) -> None:
    source = GitSource(repository.url, max_bytes=1_000_000)
    for _ in range(4):
        repository.commit({"seeds/large.csv": os.urandom(350_000)})
        assert checkout(source).root.is_dir()


def test_old_checkouts_go_but_not_young_used_or_recent_ones(
    repository: Repository, cache: Path
) -> None:
    source = GitSource(repository.url)
    held = checkout(source)
    names = [held.root.parent.name]
    for number in range(7):
        commit = repository.commit({"models/a.sql": f"select {number}"})
        names.append(source.checkout(commit).root.parent.name)
    folder = cache / "checkouts"
    assert set(os.listdir(folder)) == set(names)
    for age, name in enumerate(reversed(names)):
        seconds = time.time() - 30 * 3600 - age
        os.utime(folder / name, (seconds, seconds))
    young = time.time() - 20 * 3600
    os.utime(folder / names[1], (young, young))
    (cache / "work" / "leftover").mkdir()
    os.utime(cache / "work" / "leftover", (0, 0))
    CheckoutCache(cache).prune(url_digest(repository.url))
    # The five latest, of which one is young; and the one that this test still holds.
    assert set(os.listdir(folder)) == {names[0], names[1], *names[4:]}
    assert left_in_work_folder(cache) == []
    del held
    CheckoutCache(cache).prune(url_digest(repository.url))
    assert names[0] not in os.listdir(folder)


def test_a_cache_that_cannot_be_written_is_told(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device", str(target))

    commit = repository.git("rev-parse", "HEAD")
    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(GitSourceError, match="No space left") as caught:
        GitSource(repository.url).checkout(commit)
    assert "DBT_COMPONENT_CACHE_DIR" in str(caught.value.hint)


def test_without_a_git_program_the_error_says_so(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitSourceError, match="git") as caught:
        GitSource(repository.url).resolve_commit()
    assert "Install" in str(caught.value.hint)


# ssh


@pytest.mark.ssh
def test_ssh_with_a_key_serves_and_trusts_a_host_when_first_seen(
    repository: Repository, ssh_server: SshServer, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known hosts"
    source = GitSource(
        ssh_server.url(repository.folder),
        ssh_key_path=ssh_server.key_path,
        ssh_known_hosts_path=known_hosts,
    )
    strict = dataclasses.replace(source, ssh_strict_host_key_checking="yes")
    with pytest.raises(GitUnreachableError, match="host key"):
        strict.resolve_commit()
    assert files_below(checkout(source).root) == set(PROJECT)
    assert known_hosts.read_text()
    assert strict.resolve_commit() == repository.git("rev-parse", "HEAD")


@pytest.mark.ssh
def test_ssh_tells_a_wrong_key_from_a_changed_host_and_a_missing_repository(
    repository: Repository, ssh_server: SshServer, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    source = GitSource(
        ssh_server.url(repository.folder),
        ssh_key_path=ssh_server.stranger_key_path,
        ssh_known_hosts_path=known_hosts,
        timeout_seconds=20,
    )
    with pytest.raises(GitAccessError, match="ssh authentication was rejected"):
        source.resolve_commit()
    missing = dataclasses.replace(
        source, repo_url=ssh_server.url(tmp_path / "none.git"), ssh_key_path=ssh_server.key_path
    )
    with pytest.raises(GitAccessError, match="no such repository"):
        missing.resolve_commit()
    make_ssh_key(tmp_path / "other")
    public = (tmp_path / "other.pub").read_text()
    known_hosts.write_text(f"[127.0.0.1]:{ssh_server.port} {public}")
    with pytest.raises(GitUnreachableError, match="host key"):
        dataclasses.replace(source, ssh_key_path=ssh_server.key_path).resolve_commit()
    with pytest.raises(GitUnreachableError, match="can't be reached"):
        dataclasses.replace(
            source, repo_url=f"ssh://git@127.0.0.1:{closed_port()}/a.git"
        ).resolve_commit()


@pytest.mark.ssh
def test_a_ssh_command_of_the_environment_serves_if_no_key_is_given(
    repository: Repository,
    ssh_server: SshServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(
        "GIT_SSH_COMMAND",
        f"ssh -i {ssh_server.key_path} -o StrictHostKeyChecking=no"
        f" -o UserKnownHostsFile={tmp_path / 'known'}",
    )
    assert GitSource(ssh_server.url(repository.folder)).resolve_commit()
