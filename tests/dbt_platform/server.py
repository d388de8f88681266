"""The HTTP server: authorization, faults and the control endpoint in front of the API."""

import json
import socket
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.dbt_platform.answer import Answer, not_found
from tests.dbt_platform.api import Api, Request
from tests.dbt_platform.faults import Fault, FaultPlan
from tests.dbt_platform.page import Query
from tests.dbt_platform.records import Records
from tests.dbt_platform.request_record import RequestRecord
from tests.dbt_platform.timestamps import now

_PAGE = b"<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"
CONTROL = "/_control/"


@dataclass(frozen=True)
class Reply:
    """What is put on the wire; ``None`` as the answer closes the connection instead."""

    answer: Answer | None
    is_truncated: bool = False


class PlatformServer:
    """Listens on the loopback address from construction until ``close``."""

    def __init__(self, records: Records, token: str, *, port: int = 0) -> None:
        self.faults = FaultPlan()
        self.requests: list[RequestRecord] = []
        self._connections: set[socket.socket] = set()
        self._token = token
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.access_url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._api = Api(records, self.access_url)
        self._thread = threading.Thread(target=self._http.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening and closes the connections that clients have kept open."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        for connection in list(self._connections):
            _disconnect(connection)

    def opened(self, connection: socket.socket) -> None:
        self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        self._connections.discard(connection)

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> Reply:
        """Works out the reply and records the request, in this order, before anything is sent."""
        received_at = now()
        parts = urlsplit(target)
        path = unquote(parts.path)
        if path.startswith(CONTROL):
            return Reply(self._control(method, path, body))
        parameters = parse_qs(parts.query, keep_blank_values=True)
        request = Request(method, path, Query(parameters), body)
        if headers.get("Authorization") in (f"Token {self._token}", f"Bearer {self._token}"):
            reply = self._try(request)
        else:
            reply = Reply(Answer.of(None, status=401, user_message="Invalid token."))
        self.requests.append(
            RequestRecord(
                method,
                path,
                parts.query,
                headers.get("User-Agent", ""),
                received_at,
                reply.answer.status if reply.answer else None,
            )
        )
        return reply

    def _try(self, request: Request) -> Reply:
        offset = request.query.text("offset") or ""
        first_row = int(offset) if offset.isdecimal() else 0
        fault = self.faults.take(request.method, request.path, offset=first_row)
        if fault is None:
            return Reply(self._api.answer(request))
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault.kind == "drop":
            return Reply(None)
        elif fault.kind == "deleted_run":
            return Reply(not_found().answer)
        elif fault.kind == "status":
            message = f"An injected fault: {fault.status}"
            return Reply(
                Answer.of(None, status=fault.status, user_message=message, headers=fault.headers)
            )
        elif fault.kind in ("repeated_row", "missing_row"):
            step = -1 if fault.kind == "repeated_row" else 1
            request = replace(request, query=request.query.with_value("offset", first_row + step))
        return _spoil(self._api.answer(request), fault, request)

    def _control(self, method: str, path: str, body: bytes) -> Answer:
        if path.strip("/") != "_control/faults":
            return not_found().answer
        if method == "DELETE":
            self.faults.clear()
            return Answer.of(None)
        try:
            content = json.loads(body)
            given = content if isinstance(content, list) else [content]
            faults = [Fault.from_json(fault) for fault in given]
        except (ValueError, TypeError, AttributeError) as error:
            return Answer.of(None, status=400, user_message=str(error))
        self.faults.add(*faults)
        return Answer.of(None)


def _spoil(answer: Answer, fault: Fault, request: Request) -> Reply:
    """Applies a fault to the answer of a request that was carried out."""
    if fault.kind == "drop_after":
        return Reply(None)
    if fault.kind == "truncate":
        return Reply(answer, is_truncated=True)
    if fault.kind == "html_page":
        return Reply(Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"}))
    if fault.kind == "broken_json":
        return Reply(replace(answer, status=200, body=answer.body[: len(answer.body) // 2]))
    if fault.kind == "empty":
        return Reply(answer.with_content({**answer.content, "data": None}))
    if fault.kind == "hide_artifact":
        return Reply(_without_artifact(answer, fault.artifact or "", request.path))
    if fault.kind == "hide_logs":
        content = answer.content
        data = content["data"]
        for step in data.get("run_steps", []) if isinstance(data, dict) else []:
            step |= {"logs": "", "debug_logs": None, "truncated_debug_logs": ""}
        return Reply(answer.with_content(content))
    return Reply(answer)


def _without_artifact(answer: Answer, name: str, path: str) -> Answer:
    if path.endswith(f"/artifacts/{name}"):
        return not_found().answer
    if path.rstrip("/").endswith("/artifacts"):
        content = answer.content
        content["data"] = [listed for listed in content["data"] or [] if listed != name]
        return answer.with_content(content)
    return answer


def _handler(server: PlatformServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            server.opened(self.connection)

        def finish(self) -> None:
            server.closed(self.connection)
            super().finish()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._send(server.reply(self.command, self.path, self.headers, body))

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve  # noqa: N815 - names of the library's

        def _send(self, reply: Reply) -> None:
            answer = reply.answer
            if answer is None:
                self.close_connection = True
                _disconnect(self.connection)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if reply.is_truncated:
                self.close_connection = True
                self.wfile.write(answer.body[: len(answer.body) // 2])
            else:
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are recorded, not printed."""

    return Handler


def _disconnect(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster
