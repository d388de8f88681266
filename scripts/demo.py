"""Materializes all assets of the example and reports the run.

    DAGSTER_HOME=… python scripts/demo.py      in the folder of a dg project

Writes the log of the run to a file in DAGSTER_HOME. Exits non-zero if the run did not start, failed, or
did not do everything that it planned.
"""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

REPORT = Path(__file__).with_name("demo_report.py")


def latest_run_id() -> str | None:
    with dg.DagsterInstance.get() as instance:
        records = instance.get_run_records(limit=1)
        return records[0].dagster_run.run_id if records else None


def main() -> int:
    home = Path(os.environ["DAGSTER_HOME"])
    log = home / "demo.log"
    before = latest_run_id()
    print("Materializing all assets; this takes about half a minute …", flush=True)
    with log.open("wb") as file:
        launched = subprocess.run(
            ["dg", "launch", "--assets", "*"], stdout=file, stderr=subprocess.STDOUT, check=False
        )
    run_id = latest_run_id()
    if run_id is None or run_id == before:
        print(log.read_text(errors="replace")[-6000:])
        print(f"The run did not start (exit code {launched.returncode}); see {log}.")
        return 1
    reported = subprocess.run(
        [sys.executable, str(REPORT), "--run-id", run_id, "--project", str(Path.cwd())], check=False
    )
    print(f"\nComplete log: {log}")
    print("See this run in Dagster's UI: make dev    About the example: example_project/README.md")
    return reported.returncode


if __name__ == "__main__":
    sys.exit(main())
