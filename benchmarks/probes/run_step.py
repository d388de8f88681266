"""Executes assets with their checks and reads the times from the event log.

Runs in the environment to measure. Prints JSON. Usage: ``run_step.py MODULE KEYS``; KEYS is a JSON file
with a list of asset keys (user strings), or ``null`` for all assets.
"""

import importlib
import json
import sys
import time
from pathlib import Path

_NODE_EVENTS = ("ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "ASSET_OBSERVATION")


def main() -> None:
    module_name, keys_file = sys.argv[1:3]
    import dagster as dg

    imported = time.perf_counter()
    found = importlib.import_module(module_name).defs
    definitions = found if isinstance(found, dg.Definitions) else found()
    job = definitions.get_implicit_global_asset_job_def()
    loaded = time.perf_counter()
    keys = json.loads(Path(keys_file).read_text())
    selection = None if keys is None else [dg.AssetKey.from_user_string(key) for key in keys]
    with dg.DagsterInstance.get() as instance:
        run = job.execute_in_process(
            asset_selection=selection, instance=instance, raise_on_error=False
        )
        executed = time.perf_counter()
        times: dict[str, list[float]] = {}
        for entry in instance.all_logs(run.run_id):
            if entry.dagster_event is not None:
                kind = entry.dagster_event.event_type_value
                times.setdefault(kind, []).append(entry.timestamp)
    failed = not run.success
    if failed:
        for event in run.all_events:
            if event.is_failure:
                sys.stderr.write(f"{event.message} {event.event_specific_data}\n")
        sys.exit(1)
    started = times["STEP_START"][0]
    firsts = [times[kind][0] for kind in _NODE_EVENTS if kind in times]
    result = {
        "load_seconds": loaded - imported,
        "execute_seconds": executed - loaded,
        "step_seconds": times["STEP_SUCCESS"][-1] - started,
        "first_event_seconds": min(firsts) - started,
        "materializations": len(times.get("ASSET_MATERIALIZATION", [])),
        "checks": len(times.get("ASSET_CHECK_EVALUATION", [])),
    }
    sys.stdout.write("\n" + json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
