"""Describes a module's definitions, runs its dbt assets, and describes what the run recorded.

Runs in the environment of a side, as under `dg dev`. Prints JSON. Usage: ``observe_code_base.py MODULE [--run]``
"""

import importlib
import json
import sys
from typing import Any

import dagster as dg

UNIQUE_ID = "dagster_dbt/unique_id"


def main() -> None:
    module_name, is_run = sys.argv[1], "--run" in sys.argv
    found = importlib.import_module(module_name).defs
    definitions = found if isinstance(found, dg.Definitions) else found()
    repository = definitions.get_repository_def()
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    dbt_keys = [key for key, spec in specs.items() if UNIQUE_ID in spec.metadata and spec.skippable]
    observed: dict[str, Any] = {
        "assets": {key.to_user_string(): _asset(spec) for key, spec in specs.items()},
        "checks": {
            f"{check.asset_key.to_user_string()}:{check.name}": _check(check)
            for assets_def in set(repository.assets_defs_by_key.values())
            for check in assets_def.check_specs
        },
        "schedules": {
            schedule.name: [str(schedule.cron_schedule), schedule.job_name]
            for schedule in repository.schedule_defs
        },
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in repository.get_all_jobs()
            if not job.name.startswith("__")
        },
    }
    if is_run:
        job = definitions.get_implicit_global_asset_job_def()
        result = job.execute_in_process(asset_selection=dbt_keys, raise_on_error=False)
        observed |= {
            "success": result.success,
            "materializations": {
                event.asset_key.to_user_string(): sorted(
                    event.step_materialization_data.materialization.metadata
                )
                for event in result.all_events
                if event.is_step_materialization and event.asset_key
            },
            "evaluations": {
                f"{found.asset_key.to_user_string()}:{found.check_name}": [
                    found.passed,
                    found.severity.value,
                ]
                for found in result.get_asset_check_evaluations()
            },
        }
        failures = [event.message for event in result.all_events if event.is_failure]
        sys.stderr.write("\n".join(map(str, failures)))
    sys.stdout.write("\n" + json.dumps(observed) + "\n")


def _asset(spec: dg.AssetSpec) -> dict[str, Any]:
    return {
        "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
        "group": spec.group_name,
        "tags": dict(sorted(spec.tags.items())),
        "kinds": sorted(spec.kinds),
        "owners": list(spec.owners),
        "partitions": str(spec.partitions_def) if spec.partitions_def is not None else None,
        "metadata": sorted(spec.metadata),
        "description": spec.description,
    }


def _check(spec: dg.AssetCheckSpec) -> dict[str, Any]:
    return {
        "blocking": spec.blocking,
        "deps": sorted(dep.asset_key.to_user_string() for dep in spec.additional_deps),
        "description": spec.description,
    }


if __name__ == "__main__":
    main()
