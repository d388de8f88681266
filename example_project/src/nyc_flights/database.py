"""The project's database: connections and a command line.

`python -m nyc_flights.database start|stop|url|env|psql`
"""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from urllib.parse import quote

import psycopg

from nyc_flights import environment

_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")


def ensure_running() -> None:
    """Starts the embedded server if it is not running. Leaves the user's own server alone."""
    if environment.is_embedded():
        from nyc_flights import embedded_postgres

        embedded_postgres.ensure_running()


def connect() -> "psycopg.Connection[tuple[object, ...]]":
    """Connects to the database, starting the embedded one if necessary.

    Leaving the connection's `with` block commits; an error inside it rolls back.
    """
    ensure_running()
    return psycopg.connect()


def url() -> str:
    """The database's URL, with the password if there is one."""
    host, port, user, password, database = (os.environ.get(name, "") for name in _VARIABLES)
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    if host.startswith("/"):
        return f"postgresql://{login}@/{quote(database)}?host={quote(host)}&port={port}"
    return f"postgresql://{login}@{host}:{port}/{quote(database)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nyc_flights.database", description="The project's PostgreSQL database."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("start", help="start the embedded server (runs do this automatically)")
    commands.add_parser("stop", help="stop the embedded server")
    commands.add_parser("url", help="print the database's URL")
    commands.add_parser("env", help='print the PG* variables, for: eval "$(… env)"')
    psql = commands.add_parser("psql", help="open psql; arguments after -- are passed to it")
    psql.add_argument("args", nargs="*")
    options = parser.parse_args(argv)

    if options.command == "start":
        ensure_running()
        print(url())
    elif options.command == "stop":
        print(_stop())
    elif options.command == "url":
        print(url())
    elif options.command == "env":
        for name in _VARIABLES:
            print(f"export {name}={shlex.quote(os.environ.get(name, ''))}")
    else:
        ensure_running()
        _exec_psql(options.args)
    return 0


def _stop() -> str:
    """Stops the embedded server and returns a message for the user."""
    if not environment.is_embedded():
        return f"PGHOST is {os.environ['PGHOST']!r}: your own server is not stopped from here."
    from nyc_flights import embedded_postgres

    return "stopped" if embedded_postgres.stop() else "not running"


def _exec_psql(args: Sequence[str]) -> None:
    """Replaces this process with psql: the embedded server's, or the one on PATH for the user's own server."""
    program = shutil.which("psql")
    if environment.is_embedded() or program is None:
        from nyc_flights import embedded_postgres

        program = str(embedded_postgres.bin_dir() / "psql")
    os.execv(program, ["psql", *args])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (
        RuntimeError
    ) as error:  # EmbeddedPostgresError, whose module is imported only when needed
        sys.exit(str(error))
