"""Takes the pictures of the documentation in Dagster's UI, with headless Chromium.

    DAGSTER_HOME=… python scripts/screenshot.py FOLDER      in the folder of the example, after `make demo`

Starts the web server on a free port, waits until it responds, takes the pictures, and stops the server.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from browser import Page, open_browser
from dagster._core.nux import set_nux_seen

GROUPS = "{ assetNodes { groupName repository { name location { name } } } }"
RUNS = "{ runsOrError(limit: 20) { ... on Runs { results { runId tags { key } } } } }"
OF_PARTITIONS = "dagster/asset_partition_range_start"
WAIT_FOR_SERVER_SECONDS = 90


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


def ask(base: str, query: str) -> Any:
    request = urllib.request.Request(
        f"{base}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["data"]


def asset_graph_url(base: str) -> str:
    """The page of the complete asset graph with all groups expanded."""
    groups = sorted(
        {
            f"{n['repository']['location']['name']}:{n['repository']['name']}:{n['groupName']}"
            for n in ask(base, GROUPS)["assetNodes"]
        }
    )
    return f"{base}/asset-groups?{urllib.parse.urlencode({'expanded': ','.join(groups)})}"


def take_pictures(page: Page, base: str, folder: Path) -> None:
    page.open(asset_graph_url(base), until="Materialize all")
    time.sleep(8)  # the layout of the graph
    page.picture(folder / "asset-graph.png")
    page.open(f"{base}/assets/marts/daily_carrier_performance", until="Row count")
    page.picture(folder / "asset-page.png")
    run_id = next(
        run["runId"]
        for run in ask(base, RUNS)["runsOrError"]["results"]
        if OF_PARTITIONS not in {tag["key"] for tag in run["tags"]}
    )
    page.open(f"{base}/runs/{run_id}?logs=Timeline", until="critical_path")
    page.click("[Show Markdown]")
    page.picture(folder / "timeline.png")
    page.open(
        f"{base}/runs/{run_id}?logs=Materialized%20value%20marts%20fleet_activity",
        until="column_lineage",
    )
    page.click("[Show Markdown]")
    page.picture(folder / "column-lineage.png")
    page.open(
        f"{base}/assets/staging/stg_flights?view=checks&checkDetail=tail_numbers_are_registered",
        until="failed_row_count",
    )
    page.picture(folder / "failed-check.png")


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
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
        with open_browser() as page:
            take_pictures(page, base, folder)
    finally:
        server.terminate()
        server.wait(20)
    for picture in sorted(folder.glob("*.png")):
        print(f"{picture.name}: {picture.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
