"""``build_freshness_checks_from_dbt_assets``: checks of when models were last built, from dbt's meta."""

import datetime
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from dbt_component.api.bound_assets import BoundAssets, single_bound_assets
from dbt_component.manifest.node import Node

_KEY = "meta.dagster.freshness_check"


def build_freshness_checks_from_dbt_assets(
    *, dbt_assets: Sequence[dg.AssetsDefinition]
) -> Sequence[dg.AssetChecksDefinition]:
    """Freshness checks of the assets whose ``meta.dagster.freshness_check`` in dbt asks for one.

    Superseded: return a ``FreshnessPolicy`` from ``get_asset_spec`` of a translator, or from ``translation``
    of a component.

    The meta of an asset holds ``lower_bound_delta_seconds``, the greatest age of its latest materialization, and
    optionally ``deadline_cron``, when it must be reached; for assets with time partitions, only
    ``deadline_cron``, when the latest partition must exist. ``severity`` is ``WARN`` (default) or ``ERROR``.

    Args:
        dbt_assets: Definitions from ``@dbt_assets`` or a component.

    Returns:
        Checks for ``Definitions(asset_checks=…)``; none if no asset asks for one.

    Raises:
        dagster.DagsterInvariantViolationError: A definition was not made from a dbt project, two definitions have
            the same asset, or the meta of an asset is invalid.
    """
    warnings.warn(
        "`build_freshness_checks_from_dbt_assets` is superseded. Return a `FreshnessPolicy` from `get_asset_spec` of"
        " a DagsterDbtTranslator, or set `freshness_policy` in `translation` of a DbtProjectComponent.",
        dg.SupersessionWarning,
        stacklevel=2,
    )
    seen: set[dg.AssetKey] = set()
    checks: list[dg.AssetChecksDefinition] = []
    for assets_def in dbt_assets:
        bound = single_bound_assets([assets_def])
        twice = sorted(key.to_user_string() for key in seen.intersection(bound.keys.values()))
        if twice:
            raise dg.DagsterInvariantViolationError(
                f"Several of the definitions have the assets {', '.join(twice)}. Pass each definition once."
            )
        seen.update(bound.keys.values())
        checks.extend(_checks_of(bound))
    return checks


def _checks_of(bound: BoundAssets) -> Iterator[dg.AssetChecksDefinition]:
    for unique_id, key in bound.keys.items():
        node = bound.op.view.node(unique_id)
        asked = node.dagster_meta.get("freshness_check")
        if not asked:
            continue
        if not isinstance(asked, Mapping):
            raise _invalid(node, "", f"is {asked!r}, not a mapping")
        severity = _severity(node, asked.get("severity"))
        deadline = asked.get("deadline_cron")
        partitions_def = bound.assets_def.specs_by_key[key].partitions_def
        if isinstance(partitions_def, dg.TimeWindowPartitionsDefinition):
            if not deadline:
                raise _invalid(
                    node, ".deadline_cron", "is missing, and the asset has time partitions"
                )
            yield from dg.build_time_partition_freshness_checks(
                assets=[key], deadline_cron=str(deadline), severity=severity
            )
        else:
            yield from dg.build_last_update_freshness_checks(
                assets=[key],
                lower_bound_delta=_seconds(node, asked.get("lower_bound_delta_seconds")),
                deadline_cron=str(deadline) if deadline else None,
                severity=severity,
            )


def _seconds(node: Node, value: Any) -> datetime.timedelta:
    try:
        return datetime.timedelta(seconds=int(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise _invalid(
            node, ".lower_bound_delta_seconds", f"is {value!r}, not a whole number of seconds"
        ) from error


def _severity(node: Node, value: Any) -> dg.AssetCheckSeverity:
    if not value:
        return dg.AssetCheckSeverity.WARN
    try:
        return dg.AssetCheckSeverity(str(value).upper())
    except ValueError as error:
        raise _invalid(node, ".severity", f"is {value!r}, neither 'WARN' nor 'ERROR'") from error


def _invalid(node: Node, key: str, problem: str) -> dg.DagsterInvariantViolationError:
    return dg.DagsterInvariantViolationError(
        f"{_KEY}{key} of {node.unique_id} ({node.original_file_path}) {problem}."
    )
