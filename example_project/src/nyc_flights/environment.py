"""The `PG*` variables, through which psycopg, psql and dbt find the database.

They point every process at the same server: either the one that the user named with
`PGHOST`, or this checkout's embedded one. Setting them starts nothing and imports
nothing heavy.
"""

import hashlib
import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]

DATABASE = "nyc_flights"
PORT = "5432"
SUPERUSER = "postgres"

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, including the terminating zero.
_MAX_SOCKET_PATH_BYTES = 103


def set_defaults() -> None:
    """Sets the `PG*` variables of this process and of the processes it starts.

    Without `PGHOST`, all of them point at the embedded server. With `PGHOST`, only
    missing variables are set. The embedded values never change, because dbt parses the
    project again when a value that its profile reads changes.
    """
    if "PGHOST" in os.environ or os.name == "nt":
        os.environ.setdefault("PGPORT", PORT)
        os.environ.setdefault("PGUSER", SUPERUSER)
        os.environ.setdefault("PGDATABASE", SUPERUSER)
    else:
        os.environ["PGHOST"] = str(socket_dir())
        os.environ["PGPORT"] = PORT
        os.environ["PGUSER"] = SUPERUSER
        os.environ["PGPASSWORD"] = ""
        os.environ["PGDATABASE"] = DATABASE


def is_embedded() -> bool:
    """Whether the variables point at the embedded server of this checkout."""
    return os.environ.get("PGHOST") == str(socket_dir())


def database_name() -> str:
    """The name of the database that the variables point at."""
    return os.environ["PGDATABASE"]


def postgres_dir() -> Path:
    """The embedded server's folder: `NYC_FLIGHTS_POSTGRES_DIR` if set, else `.postgres`."""
    return Path(os.environ.get("NYC_FLIGHTS_POSTGRES_DIR") or PROJECT_ROOT / ".postgres").resolve()


def data_dir() -> Path:
    """The data directory (`PGDATA`) of the embedded server."""
    return postgres_dir() / "data"


def socket_dir() -> Path:
    """The folder of the embedded server's Unix socket: its data directory if possible.

    If that path is too long for a socket or contains a comma (which separates hosts in
    `PGHOST`), it is a folder in `/tmp`, named after a hash of the path.
    """
    preferred = data_dir()
    socket_path = os.fsencode(preferred / f".s.PGSQL.{PORT}")
    if len(socket_path) <= _MAX_SOCKET_PATH_BYTES and b"," not in socket_path:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    return Path("/tmp") / f"nyc_flights-{digest}"
