"""The keys of DbtProjectComponent that can't apply to a project on the dbt platform, with the reasons."""

from typing import ClassVar

from dbt_component.component.yaml.strict_model import StrictModel

_WHERE_DBT_RUNS = "it needs dbt's own process, which runs on the platform here"

REASONS = {
    "project": "the project is the one of `workspace.project_id`, at the commit that its environment runs",
    "defer": "the environment on the platform says what runs defer to",
    "skip_unchanged": "what a run depends on besides code, such as connection and variables, is known to the platform only",
    "include_metadata": _WHERE_DBT_RUNS,
    "column_lineage": _WHERE_DBT_RUNS,
    "source_freshness": "let a job on the platform run `dbt source freshness`",
    "watch": "the sensor of `create_sensor` follows the runs of the environment instead of its Git repository",
}


class CloudModel(StrictModel):
    """A model that says why a key does not apply on the platform."""

    remarks: ClassVar = {
        **StrictModel.remarks,
        **{key: f"it can't apply on the dbt platform: {reason}" for key, reason in REASONS.items()},
    }
