"""Materializes all assets of the example and reports the runs.

    DAGSTER_HOME=… python scripts/demo.py      in the folder of a dg project

Writes the logs of the runs to files in DAGSTER_HOME. Exits non-zero if a run did not start, failed, or
did not do everything that it planned.
"""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

REPORT = Path(__file__).with_name("demo_report.py")
PARTITIONED = 'key:"*monthly_traffic"'


def latest_run_id() -> str | None:
    with dg.DagsterInstance.get() as instance:
        records = instance.get_run_records(limit=1)
        return records[0].dagster_run.run_id if records else None


def main() -> int:
    home = Path(os.environ["DAGSTER_HOME"])
    print("Materializing all assets; this takes about half a minute …", flush=True)
    status = launch(["--assets", f"not {PARTITIONED}"], log=home / "demo.log")
    if status == 0:
        print("\nBuilding twelve monthly partitions in one run …", flush=True)
        months = ["--partition-range", "2013-01-01...2013-12-01"]
        status = launch(["--assets", PARTITIONED, *months], log=home / "demo_months.log")
    print(
        "See these runs in Dagster's UI: make dev    About the example: example_project/README.md"
    )
    return status


def launch(arguments: list[str], *, log: Path) -> int:
    """Launches a run and reports it. Returns 0 if it succeeded and did everything that it planned."""
    before = latest_run_id()
    with log.open("wb") as file:
        launched = subprocess.run(
            ["dg", "launch", *arguments], stdout=file, stderr=subprocess.STDOUT, check=False
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
    return reported.returncode


if __name__ == "__main__":
    sys.exit(main())
