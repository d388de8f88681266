"""Git repositories, and real servers for them on the loopback address: https (git http-backend) and ssh."""

import base64
import contextlib
import getpass
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_YML = "name: shop\nversion: '1.0'\nmodel-paths: [models]\n"
_AUTHOR = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def run_git(*arguments: str, env: Mapping[str, str] | None = None, input: bytes = b"") -> str:
    """Runs git without anybody's configuration and returns what it prints."""
    done = subprocess.run(
        ["git", *arguments],
        env={**os.environ, **_AUTHOR, **(env or {})},
        input=input,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@dataclass(frozen=True)
class Repository:
    """A bare repository whose commits are made from a work tree beside it."""

    folder: Path
    work_tree: Path

    @classmethod
    def create(cls, folder: Path) -> "Repository":
        work_tree = folder.with_suffix(".work")
        work_tree.mkdir(parents=True)
        run_git("init", "--quiet", "--template=", "--bare", "-b", "main", str(folder))
        run_git("--git-dir", str(folder), "config", "uploadpack.allowFilter", "true")
        return cls(folder, work_tree)

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str) -> str:
        return run_git(
            "--git-dir", str(self.folder), "--work-tree", str(self.work_tree), *arguments
        )

    def commit(self, files: Mapping[str, str | bytes | Path | None]) -> str:
        """Commits files by path: text, bytes, the target of a symlink, or ``None`` to remove one."""
        for name, content in files.items():
            path = self.work_tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            elif content is not None:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def commit_submodule(self, path: str, commit: str, *, url: str, name: str = "") -> str:
        """Commits a submodule with whatever URL, without asking git whether that is wise."""
        section = f'[submodule "{name or path}"]\n\tpath = {path}\n\turl = {url}\n'
        modules = self.work_tree / ".gitmodules"
        modules.write_text((modules.read_text() if modules.exists() else "") + section)
        self.git("add", ".gitmodules")
        self.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        self.git("commit", "--quiet", "-m", "submodule")
        return self.git("rev-parse", "HEAD")


@dataclass
class Certificate:
    """A self-signed certificate for the loopback address."""

    certificate: Path
    key: Path

    @classmethod
    def create(cls, folder: Path) -> "Certificate":
        made = cls(folder / "certificate.pem", folder / "key.pem")
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
                *("-keyout", str(made.key), "-out", str(made.certificate)),
            ],
            check=True,
            capture_output=True,
        )
        return made


@dataclass
class HttpsServer:
    """``git http-backend`` behind https.

    Args:
        root: Folder of the repositories.
        certificate: Shown to clients.
        token: Password that is asked for, with whatever user name; ``None``: everybody may read.
        is_old: Hide that the client speaks protocol 2, so that only tips of refs are given.
        redirects: Paths that are answered with another address, by prefix.
        complaint: Text that every request is refused with.
        gate: While it is not set, no pack is sent.
    """

    root: Path
    certificate: Certificate
    token: str | None = None
    is_old: bool = False
    redirects: dict[str, str] = field(default_factory=dict)
    complaint: str | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    packs_asked_for: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    requests: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    pack_bytes: list[int] = field(default_factory=list)
    port: int = 0

    @property
    def fetch_count(self) -> int:
        return len(self.pack_bytes)

    def url(self, name: str) -> str:
        return f"https://localhost:{self.port}/{name}"

    @contextlib.contextmanager
    def running(self) -> Iterator["HttpsServer"]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = server.server_address[1]
        self.gate.set()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.gate.set()
            server.shutdown()
            server.server_close()


def _handler(owner: HttpsServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(body)

        def _answer(self, body: bytes) -> None:
            owner.requests.append(f"{self.command} {self.path}")
            given = self.headers.get("Authorization", "")
            if given:
                owner.authorizations.append(given)
            for prefix, target in owner.redirects.items():
                if self.path.startswith(prefix):
                    self._send(301, {"Location": target + self.path[len(prefix) :]})
                    return
            if owner.complaint is not None:
                self._send(500, {"Content-Type": "text/plain"}, owner.complaint.encode())
                return
            if owner.token is not None:
                pair = base64.b64decode(given.removeprefix("Basic ")).decode()
                if pair.partition(":")[2] != owner.token:
                    self._send(401, {"WWW-Authenticate": 'Basic realm="git"'})
                    return
            wants_pack = self.command == "POST" and b"command=ls-refs" not in body
            if wants_pack:
                owner.packs_asked_for.release()
                owner.gate.wait(30)
            answer = self._ask_backend(body)
            if wants_pack:
                owner.pack_bytes.append(len(answer))
            head, _, content = answer.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self._send(int(headers.pop("Status", "200 OK").split()[0]), headers, content)

        def _ask_backend(self, body: bytes) -> bytes:
            path, _, query = self.path.partition("?")
            protocol = "" if owner.is_old else self.headers.get("Git-Protocol", "")
            environment = {
                **os.environ,
                **_AUTHOR,
                "GIT_PROJECT_ROOT": str(owner.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": protocol,
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_ADDR": "127.0.0.1",
            }
            return subprocess.run(
                ["git", "http-backend"],
                input=body,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
            ).stdout

        def _send(self, status: int, headers: Mapping[str, str], content: bytes = b"") -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler


@dataclass(frozen=True)
class SshServer:
    """A real sshd for this user.

    Args:
        folder: Of its keys and known hosts.
        port: Where it listens.
        key_path: A key that it knows.
        stranger_key_path: A key that it does not know.
    """

    folder: Path
    port: int
    key_path: Path
    stranger_key_path: Path

    def url(self, path: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator["SshServer"]:
        program = find_sshd()
        assert program is not None
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in ("host", "known", "stranger"):
            make_ssh_key(folder / name)
        shutil.copy(folder / "known.pub", folder / "authorized_keys")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {
            "ListenAddress": f"127.0.0.1:{port}",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized_keys",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
        }
        config = folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        with open(folder / "sshd.log", "wb") as log:
            process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stderr=log)
        try:
            deadline = time.monotonic() + 10
            while not _listens(port):
                assert process.poll() is None, (folder / "sshd.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield cls(folder, port, folder / "known", folder / "stranger")
        finally:
            process.terminate()
            process.wait()


def find_sshd() -> str | None:
    """The program, which must be started by its full path."""
    return shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))


def make_ssh_key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
