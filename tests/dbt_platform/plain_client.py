"""Requests to the stand-in, made with urllib and nothing else."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlencode

from tests.dbt_platform.platform import StandInPlatform


@dataclass(frozen=True)
class PlainAnswer:
    status: int
    headers: Message
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.content["data"]


@dataclass(frozen=True)
class PlainClient:
    platform: StandInPlatform

    def get(self, path: str, **query: object) -> PlainAnswer:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: object = None) -> PlainAnswer:
        return self.send("POST", path, body=body)

    def send(
        self, method: str, path: str, *, body: object = None, authorization: str | None = None
    ) -> PlainAnswer:
        """Sends to a path below that of the account; any status is returned, not raised."""
        account = f"/api/v2/accounts/{self.platform.account_id}/"
        return self.send_to(method, account + path, body=body, authorization=authorization)

    def send_to(
        self, method: str, path: str, *, body: object = None, authorization: str | None = None
    ) -> PlainAnswer:
        request = urllib.request.Request(
            self.platform.access_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": authorization or f"Token {self.platform.token}",
                "User-Agent": "plain/1",
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return PlainAnswer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return PlainAnswer(error.code, error.headers, error.read())
