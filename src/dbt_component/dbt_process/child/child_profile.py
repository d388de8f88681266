"""The profile of a project as dbt resolves it, and the connection that it describes."""

from __future__ import annotations

import os
from typing import Any, Callable

from .child_pipe import EventPipe
from .child_watcher import emit_result

_SCHEME = "://"
_MOTHERDUCK = ("md:", "motherduck:")
_IN_MEMORY = ":memory:"


def run_connect(pipe: EventPipe, request: dict[str, Any]) -> None:
    """Reports what a database driver needs for a connection like dbt's. It opens none."""

    def report(task: Any) -> None:
        credentials = load_profile_of(task).credentials
        pipe.emit(
            "connection",
            adapter=credentials.type,
            database=credentials.database,
            settings=SETTINGS[credentials.type](credentials)
            if credentials.type in SETTINGS
            else None,
        )

    invoke_with_profile(pipe, request["argv"], report)


def invoke_with_profile(pipe: EventPipe, argv: list[str], run: Callable[[Any], None]) -> None:
    """Runs a function in place of `dbt debug`, which reads the profile and nothing else of a project."""
    from dbt.cli.main import dbtRunner
    from dbt.task.debug import DebugTask

    def replacement(self: Any) -> bool:
        run(self)
        return True

    DebugTask.run = replacement
    emit_result(pipe, dbtRunner().invoke(["--quiet", "debug", *argv]))


def load_profile_of(task: Any) -> Any:
    """dbt's profile for the options of a task."""
    from dbt.config.runtime import load_profile

    return load_profile(str(task.project_dir), task.cli_vars, task.args.profile, task.args.target)


def postgres_settings(credentials: Any) -> dict[str, Any]:
    """Parameters of libpq, and the role that dbt takes on."""
    found = {
        "host": credentials.host,
        "port": credentials.port,
        "user": credentials.user,
        "password": credentials.password,
        "dbname": credentials.database,
        "connect_timeout": credentials.connect_timeout,
        "keepalives_idle": credentials.keepalives_idle or None,
        "sslmode": credentials.sslmode,
        "sslcert": credentials.sslcert,
        "sslkey": credentials.sslkey,
        "sslrootcert": credentials.sslrootcert,
        "application_name": credentials.application_name,
    }
    if credentials.search_path:
        found["options"] = "-c search_path=" + credentials.search_path.replace(" ", "\\ ")
    parameters = {name: str(value) for name, value in found.items() if value not in (None, "")}
    return {"parameters": parameters, "role": credentials.role}


def duckdb_settings(credentials: Any) -> dict[str, Any] | None:
    """What to open and the statements that follow; ``None`` if only dbt can open the database.

    Attached databases are read-only, and their paths absolute, as dbt runs in another folder.
    """
    if credentials.remote or credentials.filesystems or _has_own_plugins(credentials):
        return None
    config = dict(credentials.config_options or {})
    settings = dict(credentials.settings or {})
    token = settings.pop("motherduck_token", None)
    if token is not None:
        config["motherduck_token"] = token
    retries = credentials.retries
    return {
        "path": _absolute(credentials.path),
        "is_read_only": not credentials.path.startswith((*_MOTHERDUCK, _IN_MEMORY)),
        "config": config,
        "extensions": [
            (extension, None)
            if isinstance(extension, str)
            else (extension["name"], extension["repo"])
            for extension in credentials.extensions or []
        ],
        "statements": [
            *credentials.secrets_sql(),
            *[_read_only(attachment).to_sql() for attachment in credentials.attach or []],
        ],
        "settings": {name: str(value) for name, value in settings.items()},
        "folder": os.getcwd(),
        "attempts": retries.connect_attempts if retries else 1,
    }


SETTINGS: dict[str, Callable[[Any], dict[str, Any] | None]] = {
    "postgres": postgres_settings,
    "duckdb": duckdb_settings,
}
"""The adapters whose databases other processes open with a driver of their own."""


def _has_own_plugins(credentials: Any) -> bool:
    return any(plugin.module != "motherduck" for plugin in credentials.plugins or [])


def _absolute(path: str) -> str:
    is_file = not path.startswith((*_MOTHERDUCK, _IN_MEMORY)) and _SCHEME not in path
    return os.path.abspath(path) if is_file and ":" not in path else path


def _read_only(attachment: Any) -> Any:
    has_option = "read_only" in (getattr(attachment, "options", None) or {})
    if not attachment.path.startswith(_MOTHERDUCK) and not has_option:
        attachment.read_only = True
    attachment.path = _absolute(attachment.path)
    return attachment
