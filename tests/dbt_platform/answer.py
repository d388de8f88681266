"""Answers of the API: the envelope, and the errors that become answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOT_FOUND = (
    "The requested resource was not found. Please check that you have the proper permissions."
)
INVALID = "The request was invalid. Please double check the provided data and try again."


@dataclass(frozen=True)
class Answer:
    """Status, body and headers, ready to be sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        data: object,
        *,
        status: int = 200,
        user_message: str = "Success!",
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Answer":
        """JSON in the API's envelope."""
        content: dict[str, Any] = {
            "status": {
                "code": status,
                "is_success": status < 400,
                "user_message": user_message,
                "developer_message": "",
            },
            "data": data,
        }
        if extra is not None:
            content["extra"] = extra
        return cls(
            status,
            json.dumps(content).encode(),
            {"Content-Type": "application/json", **(headers or {})},
        )

    @property
    def content(self) -> dict[str, Any]:
        """The decoded JSON body."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    def with_content(self, content: Mapping[str, Any]) -> "Answer":
        return Answer(self.status, json.dumps(content).encode(), self.headers)


class ApiError(Exception):
    """A request that the API refuses."""

    def __init__(self, status: int, user_message: str, data: object = None) -> None:
        super().__init__(user_message)
        self.answer = Answer.of(data, status=status, user_message=user_message)


def not_found() -> ApiError:
    return ApiError(404, NOT_FOUND)


def invalid(**problems: str) -> ApiError:
    """A 400 whose data maps field names to their problems."""
    return ApiError(400, INVALID, {name: [problem] for name, problem in problems.items()})
