"""Evaluates the sensor of a module's definitions until it finds nothing new. Runs in the environment to measure.

The events are not stored. Prints JSON: the seconds of all ticks and how many events of each kind they had.
Usage: ``tick_sensor.py MODULE CURSOR``; CURSOR is empty for the sensor's first tick.
"""

import importlib
import json
import sys
import time
from collections import Counter

_MOST_TICKS = 200


def main() -> None:
    module_name, cursor = sys.argv[1:3]
    import dagster as dg

    found = importlib.import_module(module_name).defs
    definitions = found if isinstance(found, dg.Definitions) else found()
    repository = definitions.get_repository_def()
    (sensor,) = [one for one in repository.sensor_defs if "dbt_cloud" in one.name]
    kinds: Counter[str] = Counter()
    seconds: list[float] = []
    with dg.DagsterInstance.get() as instance:
        for _ in range(_MOST_TICKS):
            context = dg.build_sensor_context(
                instance, cursor=cursor or None, repository_def=repository
            )
            begin = time.perf_counter()
            result = sensor.evaluate_tick(context)
            seconds.append(time.perf_counter() - begin)
            kinds.update(type(event).__name__ for event in result.asset_events)
            if not result.asset_events:
                break
            cursor = result.cursor or ""
    report = {
        "seconds": sum(seconds),
        "ticks": len(seconds),
        "materializations": kinds["AssetMaterialization"],
        "checks": kinds["AssetCheckEvaluation"],
    }
    sys.stdout.write("\n" + json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
