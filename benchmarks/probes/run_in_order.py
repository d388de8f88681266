"""Runs dbt, with priorities of nodes if there are any. Runs in an environment with dbt.

Usage: ``run_in_order.py PRIORITIES ARGUMENT...``; PRIORITIES is a JSON file, ``{}`` for dbt's own order.
"""

import json
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

from dbt_component.dbt_process.child.child_queue import start_long_chains_first


def main() -> None:
    priorities = json.loads(Path(sys.argv[1]).read_text())
    if priorities:
        start_long_chains_first(priorities)
    outcome = dbtRunner().invoke(sys.argv[2:])
    if not outcome.success:
        sys.exit(f"dbt failed: {outcome.exception or 'see its output'}")


if __name__ == "__main__":
    main()
