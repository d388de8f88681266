"""The JSON body of a request, read field by field; what is wrong with it is gathered."""

import json
from collections.abc import Mapping
from typing import Any

from tests.dbt_platform.answer import INVALID, ApiError
from tests.dbt_platform.commands import CommandError, split_command


class Body:
    """A JSON object; each reader notes a problem and returns a default if the value is wrong."""

    def __init__(self, raw: bytes) -> None:
        try:
            content = json.loads(raw or b"{}")
        except ValueError as error:
            raise ApiError(400, f"JSON parse error - {error}") from error
        if not isinstance(content, dict):
            raise ApiError(400, "Invalid data. Expected a dictionary.")
        self.content: Mapping[str, Any] = content
        self._problems: dict[str, list[str]] = {}

    def text(self, name: str, *, required: bool = False) -> str | None:
        value = self._value(name, str, required=required)
        if value == "":
            self.reject(name, "This field may not be blank.")
        return None if value is None else str(value)

    def number(self, name: str, *, required: bool = False) -> int | None:
        value = self._value(name, int, required=required)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        value = self._value(name, bool, required=False)
        return None if value is None else bool(value)

    def mapping(self, name: str, *, required: bool = False) -> Mapping[str, Any]:
        value: Mapping[str, Any] = self._value(name, dict, required=required) or {}
        return value

    def steps(self, name: str, *, required: bool = False) -> list[str] | None:
        """Commands; unbalanced quotes are refused here, as the service does."""
        value = self._value(name, list, required=required)
        if value is None:
            return None
        for step in value:
            if not isinstance(step, str) or not step.strip():
                self.reject(name, f"Not a valid command: {step!r}.")
                continue
            try:
                split_command(step)
            except CommandError as error:
                self.reject(name, str(error))
        return list(value)

    def reject(self, name: str, problem: str) -> None:
        self._problems.setdefault(name, []).append(problem)

    def check(self) -> None:
        """Raises a 400 that lists the problems, if there are any."""
        if self._problems:
            raise ApiError(400, INVALID, self._problems)

    def _value(self, name: str, kind: type, *, required: bool) -> Any:
        value = self.content.get(name)
        if value is None:
            if required:
                self.reject(name, "This field is required.")
        elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.reject(name, f"Expected {kind.__name__}, not {value!r}.")
            value = None
        return value
