"""Names of the versions of a state in a versioned storage; each contains the time at which it was stored."""

import re
import secrets
from datetime import datetime, timezone

_FORMAT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+")


def new_version() -> str:
    """A new name, such as ``20240131T120000Z-1f2e3d4c``. States themselves contain no times."""
    return f"{datetime.now(timezone.utc):{_FORMAT}}-{secrets.token_hex(4)}"


def stored_at(version: str) -> datetime | None:
    """The time in a name; ``None`` if an earlier release chose it."""
    match = _NAME.fullmatch(version)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], _FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
