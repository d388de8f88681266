"""A request that the stand-in has received."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RequestRecord:
    """``status`` is ``None`` if the connection was closed without an answer."""

    method: str
    path: str
    query: str
    user_agent: str
    received_at: datetime
    status: int | None
