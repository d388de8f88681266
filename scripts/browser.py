"""A headless Chromium that opens pages, clicks and takes pictures, through the DevTools protocol.

See: https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_SECONDS = 60


class Page:
    """One tab. Text that is waited for or clicked is that of the innermost element."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    def open(self, url: str, *, until: str) -> None:
        """Opens a page and waits until it shows a text."""
        self._send("Page.navigate", url=url)
        self.wait_for(until)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if self._evaluate(
                f"document.body && document.body.innerText.includes({json.dumps(text)})"
            ):
                time.sleep(1.5)  # pictures and animations
                return
            time.sleep(0.3)
        shown = str(self._evaluate("document.body.innerText"))[:2_000]
        sys.exit(f"The page never showed {text!r}, but:\n{shown}")

    def click(self, text: str, *, number: int = 0) -> None:
        """Clicks on the innermost element with exactly this text; ``number`` counts from 0, or from -1 at the end."""
        script = f"""(() => {{
            const found = [...document.querySelectorAll('a, button, span, div')].filter(
                e => e.innerText && e.innerText.trim() === {json.dumps(text)} && e.children.length === 0);
            const chosen = found.at({number});
            if (chosen) chosen.click();
            return found.length;
        }})()"""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._evaluate(script):
            if time.monotonic() > deadline:
                sys.exit(f"There is no {text!r} to click on.")
            time.sleep(0.3)
        time.sleep(1.5)

    def picture(self, path: Path) -> None:
        """Takes a picture of the window."""
        data = self._send("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def _evaluate(self, script: str) -> Any:
        result = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        return result.get("result", {}).get("value")

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._connection.send(
            json.dumps({"id": self._number, "method": method, "params": parameters})
        )
        while True:
            answer: dict[str, Any] = json.loads(self._connection.recv(timeout=WAIT_SECONDS))
            if answer.get("id") == self._number:
                if "error" in answer:
                    sys.exit(f"{method} failed: {answer['error']}")
                return dict(answer.get("result", {}))


@contextmanager
def open_browser(*, width: int = 1800, height: int = 1100) -> Iterator[Page]:
    """Starts a browser with one empty page, and stops it at the end."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit(f"No Chromium found; looked for {', '.join(BROWSERS)}.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(_address_of_page(Path(profile)), max_size=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
            process.wait(20)


def _address_of_page(profile: Path) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            port = (profile / "DevToolsActivePort").read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as response:
                pages = json.load(response)
            return next(str(p["webSocketDebuggerUrl"]) for p in pages if p["type"] == "page")
        except (OSError, IndexError, StopIteration):
            time.sleep(0.2)
    sys.exit("The browser did not start.")
