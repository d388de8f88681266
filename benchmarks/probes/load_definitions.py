"""Loads a module's definitions like a code server. Runs in the environment to measure.

Prints JSON: the seconds of each phase, the peak memory, and the numbers of assets and checks.
Usage: ``load_definitions.py MODULE``
"""

import importlib
import json
import resource
import sys
import time


def peak_memory_mb() -> float:
    """Peak resident memory of this process alone, in MiB (``ru_maxrss`` may include the parent's)."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    module_name = sys.argv[1]
    begin = time.perf_counter()
    import dagster as dg

    imported = time.perf_counter()
    cpu_imported = time.process_time()
    found = importlib.import_module(module_name).defs
    definitions = found if isinstance(found, dg.Definitions) else found()
    defined = time.perf_counter()
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    loaded = time.perf_counter()
    cpu_loaded = time.process_time()
    memory = peak_memory_mb()

    from dagster._core.remote_representation.external_data import RepositorySnap
    from dagster_shared.serdes import serialize_value

    snapshot_bytes = len(serialize_value(RepositorySnap.from_def(repository)))
    snapped = time.perf_counter()
    result = {
        "import_dagster_seconds": imported - begin,
        "build_seconds": defined - imported,
        "repository_seconds": loaded - defined,
        "load_seconds": loaded - imported,
        "load_cpu_seconds": cpu_loaded - cpu_imported,
        "snapshot_seconds": snapped - loaded,
        "snapshot_bytes": snapshot_bytes,
        "peak_memory_mb": memory,
        "assets": len(graph.materializable_asset_keys),
        "checks": len(graph.asset_check_keys),
    }
    sys.stdout.write("\n" + json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
