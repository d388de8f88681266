"""Takes a screenshot of the asset graph in Dagster's UI, with headless Chromium.

    DAGSTER_HOME=… python scripts/screenshot.py PICTURE.png      in the folder of a dg project

Starts the web server on a free port, waits until it responds, takes the screenshot, and stops the server.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from dagster._core.nux import set_nux_seen

GROUPS = "{ assetNodes { groupName repository { name location { name } } } }"
WAIT_FOR_SERVER_SECONDS = 90
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_FOR_SERVER_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"The web server ended with exit code {server.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    sys.exit(f"No response from {url} within {WAIT_FOR_SERVER_SECONDS} s.")


def asset_graph_url(base: str) -> str:
    """The page of the complete asset graph with all groups expanded."""
    request = urllib.request.Request(
        f"{base}/graphql",
        data=json.dumps({"query": GROUPS}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        nodes = json.load(response)["data"]["assetNodes"]
    groups = sorted(
        {
            f"{n['repository']['location']['name']}:{n['repository']['name']}:{n['groupName']}"
            for n in nodes
        }
    )
    return f"{base}/asset-groups?{urllib.parse.urlencode({'expanded': ','.join(groups)})}"


def take_picture(browser: str, url: str, picture: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                "--window-size=1800,1100",
                "--virtual-time-budget=60000",
                "--timeout=60000",
                f"--screenshot={picture}",
                url,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=180,
        )


def main() -> int:
    picture = Path(sys.argv[1]).resolve()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"No Chromium found; looked for {', '.join(BROWSERS)}.")
    set_nux_seen()  # type: ignore[no-untyped-call] # hides the dialog for new users
    port = free_port()
    server = subprocess.Popen(
        ["dagster-webserver", "-m", "nyc_flights.definitions", "-p", str(port), "--read-only"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/server_info", server)
        take_picture(browser, asset_graph_url(base), picture)
    finally:
        server.terminate()
        server.wait(20)
    print(f"Wrote {picture.name}, {picture.stat().st_size} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
