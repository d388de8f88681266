"""``python -m tests.dbt_platform``: the stand-in on a PostgreSQL of its own, until Ctrl-C."""

import argparse
import signal
import threading
from pathlib import Path

from tests.dbt_platform.embedded_postgres import embedded_postgres
from tests.dbt_platform.platform import StandInPlatform

BAKERY = Path(__file__).parents[1] / "projects" / "bakery"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dbt_platform", description=__doc__)
    parser.add_argument("--project", type=Path, default=BAKERY, help="dbt project (bakery)")
    parser.add_argument("--port", type=int, default=0, help="port (any that is free)")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with (
        embedded_postgres() as connection,
        StandInPlatform(arguments.project.resolve(), connection, port=arguments.port) as platform,
    ):
        job = platform.create_job("Build", ["dbt build"])
        print(
            "The stand-in dbt platform is ready; Ctrl-C stops it.\n"
            f"export DBT_CLOUD_ACCESS_URL={platform.access_url}\n"
            f"export DBT_CLOUD_ACCOUNT_ID={platform.account_id}\n"
            f"export DBT_CLOUD_TOKEN={platform.token}\n"
            f"export DBT_CLOUD_PROJECT_ID={platform.project_id}\n"
            f"export DBT_CLOUD_ENVIRONMENT_ID={platform.environment_id}\n"
            f"export DBT_CLOUD_JOB_ID={job.id}",
            flush=True,
        )
        stop.wait()


if __name__ == "__main__":
    main()
