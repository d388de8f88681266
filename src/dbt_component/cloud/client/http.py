"""HTTP requests to the dbt platform: one session, time limits, repeated attempts, errors without secrets."""

import random
import re
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter

from dbt_component.cloud.access_url import AccessUrl
from dbt_component.cloud.client.fields import Fields
from dbt_component.cloud.client.passing_error import PassingError, read_retry_after
from dbt_component.cloud.client.token_auth import TokenAuth
from dbt_component.errors import (
    DbtCloudAnswerError,
    DbtCloudAuthError,
    DbtCloudError,
    DbtCloudNotFoundError,
    DbtCloudRequestError,
    DbtCloudUnavailableError,
)
from dbt_component.version import __version__

_LONGEST_WAIT_SECONDS = 60.0
_LONGEST_BACKOFF_SECONDS = 30.0
_LONGEST_MESSAGE = 600
_CONNECTIONS = 16
_CHUNK_BYTES = 1 << 16
_QUERY = re.compile(r"\?[^\s'\")]+")
_PASSING_STATUSES = frozenset({500, 502, 503, 504})

Method = Literal["GET", "POST", "DELETE"]
Query = Mapping[str, str | int]
T = TypeVar("T")


class CloudHttp:
    """Sends requests to the endpoints of one account. Threads may share it.

    Repeated are lost connections, exceeded time limits, truncated and malformed answers, and the statuses 429,
    500, 502, 503 and 504; never another refusal. Attempts wait longer and longer, with jitter, and at least as
    long as a Retry-After header says, up to a minute.

    Args:
        timeout_seconds: For connecting, and for each wait for data; not for an answer as a whole.
        max_retries: How often a failed attempt is repeated.
        retry_delay_seconds: The wait before the first repetition. It doubles each time.
    """

    def __init__(
        self,
        access_url: AccessUrl,
        account_id: int,
        *,
        token: str,
        timeout_seconds: float,
        max_retries: int,
        retry_delay_seconds: float,
    ) -> None:
        self._auth = TokenAuth(token)
        self._access_url = access_url
        self._account_id = account_id
        self._root = access_url.api_url(account_id)
        self._timeout_seconds = timeout_seconds
        self._max_retries = max_retries
        self._retry_delay_seconds = retry_delay_seconds
        self._deadline: float | None = None
        self._session = _new_session(self._auth)

    def until(self, deadline: float) -> "CloudHttp":
        """The same session, whose requests fail with DbtCloudUnavailableError after a time of ``time.monotonic``."""
        limited = object.__new__(CloudHttp)
        limited.__dict__.update(self.__dict__)
        limited._deadline = deadline
        return limited

    @property
    def place(self) -> str:
        """The account, for messages."""
        return f"{self._access_url}, account {self._account_id}"

    def close(self) -> None:
        """Closes the connections. A later request opens new ones."""
        self._session.close()

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        subject: str,
        permission: str,
        read: Callable[[Fields], T],
    ) -> T:
        """What ``read`` makes of the answer to a GET request. An answer that it refuses is asked for again.

        Args:
            path: Below the account, such as ``jobs/1/``.
            query: Parameters after the path.
            subject: What is asked for, such as ``job 1``, for messages.
            permission: What the token must be permitted to do, for messages.
            read: Reads the result from the answer; what it refuses counts as malformed.

        Raises:
            DbtCloudError: One of its subclasses.
        """
        return self._attempt(
            lambda: _read_answer(
                self._send("GET", path, query, subject=subject, needs=permission), subject, read
            ),
            subject=subject,
        )

    def get_content(
        self, path: str, query: Query | None = None, *, subject: str, permission: str
    ) -> bytes:
        """The body of the answer to a GET request, as it is; that of a path ending in .json must be JSON."""

        def fetch() -> bytes:
            content = self._send("GET", path, query, subject=subject, needs=permission)
            if path.endswith(".json"):
                _decode(content, msgspec.Raw)
            return content

        return self._attempt(fetch, subject=subject)

    def delete(self, path: str, *, subject: str, permission: str) -> None:
        """Sends a DELETE request."""
        self._attempt(
            lambda: self._send("DELETE", path, subject=subject, needs=permission), subject=subject
        )

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        subject: str,
        permission: str,
        read: Callable[[Fields], T],
        find_result: Callable[[], T | None],
    ) -> T:
        """Sends a POST request that must take effect only once.

        Args:
            path: As of ``get``.
            body: Sent as JSON.
            subject: As of ``get``.
            permission: As of ``get``.
            read: As of ``get``.
            find_result: Called after an attempt that failed though the service may have acted: looks for the
                result. ``None``: it did not act, so the request is sent again.
        """

        def send() -> T:
            answer = self._send("POST", path, body=body, subject=subject, needs=permission)
            return _read_answer(answer, subject, read)

        return self._attempt(send, subject=subject, find_result=find_result)

    def _attempt(
        self,
        action: Callable[[], T],
        *,
        subject: str,
        find_result: Callable[[], T | None] | None = None,
    ) -> T:
        """Repeats an action while it fails in ways that pass.

        Raises:
            DbtCloudUnavailableError: The last attempt failed too.
            DbtCloudAnswerError: The last answer was not of the documented form.
        """
        failures = 0
        may_have_acted = False
        while True:
            try:
                return action()
            except PassingError as caught:
                failure = caught
            failures += 1
            may_have_acted |= failure.may_have_acted and find_result is not None
            is_last = failures > self._max_retries
            if is_last and not may_have_acted:
                raise self._given_up(failure, failures, subject, acted=False)
            has_time = self._wait(failure, failures, is_last=is_last)
            try:
                found = self._find(find_result, failure) if find_result and may_have_acted else None
            except DbtCloudUnavailableError:
                raise self._given_up(failure, failures, subject, acted=may_have_acted) from None
            if found is not None:
                return found
            if is_last or not has_time:
                raise self._given_up(failure, failures, subject, acted=may_have_acted)

    def _find(self, find_result: Callable[[], T | None], failure: PassingError) -> T | None:
        """The result of an attempt that failed, if it shows. After a time-out it may show late."""
        end = time.monotonic() + (self._timeout_seconds if failure.is_slow else 0)
        while (found := find_result()) is None and time.monotonic() < end:
            time.sleep(min(1.0, self._timeout_seconds / 4))
        return found

    def _wait(self, failure: PassingError, failures: int, *, is_last: bool) -> bool:
        """Whether there was time to wait before another attempt."""
        backoff = self._retry_delay_seconds * 2 ** (failures - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        seconds = min(backoff, _LONGEST_BACKOFF_SECONDS)
        if not is_last and failure.retry_after_seconds is not None:
            seconds = max(seconds, min(failure.retry_after_seconds, _LONGEST_WAIT_SECONDS))
        if self._deadline is not None and time.monotonic() + seconds >= self._deadline:
            return False
        time.sleep(seconds)
        return True

    def _send(
        self,
        method: Method,
        path: str,
        query: Query | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        subject: str,
        needs: str,
    ) -> bytes:
        """The body of a successful answer to a single attempt."""
        try:
            with self._session.request(
                method,
                f"{self._root}/{path}",
                params=query,
                json=body,
                timeout=self._limit(),
                # A redirected POST would become a GET.
                allow_redirects=method == "GET",
                stream=True,
            ) as response:
                content = self._read(response)
        except requests.exceptions.ConnectTimeout:
            raise PassingError("connecting took too long", may_have_acted=False) from None
        except requests.exceptions.Timeout:
            raise PassingError(
                f"no data for {self._timeout_seconds:g} seconds", is_slow=True
            ) from None
        except requests.exceptions.SSLError as error:
            raise DbtCloudUnavailableError(
                f"The certificate of the dbt platform is not trusted: {self._hidden(str(error))}",
                where=self.place,
                hint="Set REQUESTS_CA_BUNDLE to the certificates of your network, if it has its own.",
            ) from None
        except requests.exceptions.RequestException as error:
            # A redirect may lead to a signed address.
            raise PassingError(self._hidden(_QUERY.sub("?...", str(error)))) from None
        self._check(response, content, subject=subject, needs=needs)
        return content

    def _limit(self) -> float:
        if self._deadline is None:
            return self._timeout_seconds
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise PassingError("the time for this request is over", may_have_acted=False)
        return min(self._timeout_seconds, left)

    def _read(self, response: requests.Response) -> bytes:
        """The entire body.

        Raises:
            PassingError: It is shorter than announced, or the deadline passed while it was read.
        """
        parts = []
        for part in response.iter_content(_CHUNK_BYTES):
            parts.append(part)
            if self._deadline is not None and time.monotonic() > self._deadline:
                raise PassingError("the time for this request was over while its answer was read")
        announced = response.headers.get("Content-Length", "")
        received = response.raw.tell()
        if announced.isdecimal() and int(announced) != received:
            raise PassingError(f"the answer has {received} of {announced} bytes")
        return b"".join(parts)

    def _check(
        self, response: requests.Response, content: bytes, *, subject: str, needs: str
    ) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        message = self._message(content)
        said = f": {message}" if message else "."
        if 300 <= status < 400:
            raise self._moved(response.headers.get("Location", ""))
        if status in (401, 403):
            if not response.url.startswith(f"{self._access_url}/"):
                raise self._moved(response.url)
            problem = "does not accept the token" if status == 401 else "refuses access"
            raise DbtCloudAuthError(
                f"The dbt platform {problem} (status {status}) for {subject}{said}",
                where=self.place,
                hint=f"The token must be of this account and be permitted to {needs}; `access_url` must be"
                " the account's own.",
            )
        if status == 404:
            raise DbtCloudNotFoundError(
                f"The dbt platform has no {subject} (status 404){said}",
                where=self.place,
                hint="It was deleted, its id belongs to another account, or the token may not see it.",
            )
        if status == 429:
            raise PassingError(
                f"too many requests (status 429){said}",
                may_have_acted=False,
                retry_after_seconds=read_retry_after(response.headers.get("Retry-After")),
            )
        if status in _PASSING_STATUSES:
            raise PassingError(
                f"status {status}{said}",
                is_slow=status == 504,
                retry_after_seconds=read_retry_after(response.headers.get("Retry-After")),
            )
        raise DbtCloudRequestError(
            f"The dbt platform refused the request for {subject} (status {status}){said}",
            where=self.place,
        )

    def _moved(self, location: str) -> DbtCloudRequestError:
        target = urlsplit(location)
        host = target.netloc.rpartition("@")[2]
        address = f"{target.scheme}://{host}" if host else "another address"
        return DbtCloudRequestError(
            f"{self._access_url} redirects to {address}, where the token is not sent.",
            where=self.place,
            hint="Set `access_url` to the account's own access URL, shown in its settings.",
        )

    def _message(self, content: bytes) -> str:
        """What the service says in an answer, without the token; empty if nothing readable."""
        try:
            answer = msgspec.json.decode(content)
        except msgspec.DecodeError:
            return ""
        if not isinstance(answer, dict):
            return ""
        status = answer.get("status")
        said = status if isinstance(status, dict) else {}
        parts = [said.get("user_message"), said.get("developer_message"), answer.get("data")]
        texts = [part if isinstance(part, str) else _json(part) for part in parts if part]
        return self._hidden(" ".join(dict.fromkeys(texts)))

    def _hidden(self, text: str) -> str:
        hidden = self._auth.hide(text)
        return hidden if len(hidden) <= _LONGEST_MESSAGE else f"{hidden[:_LONGEST_MESSAGE]}..."

    def _given_up(
        self, failure: PassingError, attempts: int, subject: str, *, acted: bool
    ) -> DbtCloudError:
        tried = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        if failure.is_answer:
            return DbtCloudAnswerError(
                f"The dbt platform's answer about {subject} can't be understood after {tried}:"
                f" {failure.reason}",
                where=self.place,
                hint="It may have done what was asked for: look there before you repeat it."
                if acted
                else "Is `access_url` the account's own? A proxy in between may answer in its place.",
            )
        asked = failure.retry_after_seconds
        wait = f"; it asks to wait {asked:.0f} seconds" if asked is not None else ""
        return DbtCloudUnavailableError(
            f"The dbt platform did not answer about {subject} after {tried}: {failure.reason}{wait}",
            where=self.place,
            hint="It may have done what was asked for: look there before you repeat it."
            if acted
            else None,
        )


def _new_session(auth: TokenAuth) -> requests.Session:
    session = requests.Session()
    session.auth = auth
    session.headers["User-Agent"] = f"dbt-component/{__version__}"
    # Without cookies, threads share no state but the connections.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read_answer(content: bytes, subject: str, read: Callable[[Fields], T]) -> T:
    answer = _decode(content, Any)
    try:
        return read(Fields(answer, place=subject))
    except DbtCloudAnswerError as error:
        raise PassingError(error.message, is_answer=True) from None


def _decode(content: bytes, type: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=type)
    except msgspec.DecodeError:
        start = content[:60].decode(errors="replace")
        reason = f"{start!r}... is not JSON" if content else "it is empty"
        raise PassingError(reason, is_answer=True) from None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
