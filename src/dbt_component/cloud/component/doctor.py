"""Reports on the state of a component on the dbt platform, without asking the platform."""

from dataclasses import replace

from dbt_component.cloud.component.component import DbtCloudComponent
from dbt_component.cloud.platform_record import read_record
from dbt_component.component.doctor import Report, report_on
from dbt_component.errors import StateError


def examine_on_platform(
    component: DbtCloudComponent, *, select: str | None, exclude: str
) -> Report:
    """Reports what the state holds and which run it comes from.

    Only ``dg utils refresh-defs-state`` finds out whether there is a newer run.

    Args:
        component: A component loaded from a dg project.
        select: A dbt selection to list; resolved from the state if possible, else by dbt.
        exclude: Nodes to exclude from that selection.
    """
    try:
        prepared = component.open_stored()
    except StateError as error:
        return Report(component.defs_state_config.key, problem=str(error))
    recorded = prepared.state.fingerprint.settings
    changes = [
        f"{name} changed: {recorded.get(name)!r} -> {value!r}"
        for name, value in component.platform.source.compared_settings.items()
        if recorded.get(name) != value
    ]
    record = read_record(prepared.state)
    of_run = "" if record is None else f", whose project was read from {record.run_url}"
    if record is not None and record.commit:
        of_run += f" at {record.commit}"
    report = report_on(
        component,
        prepared.state,
        component.loaded,
        changes=changes,
        run_mode=lambda _: f"on the dbt platform{of_run}",
        select=select,
        exclude=exclude,
    )
    return report if record is None else replace(report, jobs=[str(job) for job in record.jobs])
