"""dbt tests -> asset checks."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import dagster as dg

from dbt_component.definitions.check_names import CheckNames
from dbt_component.definitions.listing import counted, listed
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.single_check import build_check
from dbt_component.manifest.node import Node


@dataclass(frozen=True)
class BuiltChecks:
    """Checks by the unique id of their test, in the order of the ids, and notes on renamed and omitted ones."""

    specs: dict[str, dg.AssetCheckSpec]
    notes: list[str]


def build_checks(
    manifest: ResolvingManifest,
    *,
    assets: Sequence[Node],
    upstream: Sequence[Node],
    selected_ids: Set[str],
    taken_names: Set[str],
) -> BuiltChecks:
    """Builds the checks for all selected tests that are attached to one of the assets.

    Args:
        manifest: The project with its spec rules applied.
        assets: The selected models, seeds and snapshots.
        upstream: The assets and sources that they depend on; the sources may have checks too.
        selected_ids: dbt's selection. Tests of sources need not be in it.
        taken_names: Output names of the assets.

    Raises:
        DefinitionError: Two checks have the same name, even after renaming; or an override fails.
    """
    settings = manifest.rules.settings
    if not settings.enable_asset_checks:
        return BuiltChecks({}, [])
    hosts = {node.unique_id for node in assets}
    if settings.enable_source_tests_as_checks:
        hosts |= {node.unique_id for node in upstream if node.is_source}
    names = CheckNames(taken_names)
    specs: dict[str, dg.AssetCheckSpec] = {}
    loose: list[str] = []
    unexpected: list[str] = []
    for unique_id in manifest.index.test_by_id:
        if unique_id in manifest.rules.tests.skipped:
            continue
        test = manifest.test(unique_id)
        if test.is_unit_test and not settings.enable_unit_tests_as_checks:
            continue
        host = manifest.host_of(test)
        if host is None or host not in hosts:
            if unique_id in selected_ids:
                loose.append(unique_id)
            continue
        if unique_id not in selected_ids and not manifest.index.node_by_id[host].is_source:
            continue
        spec, note = build_check(manifest, test, host)
        if note is not None:
            unexpected.append(note)
        if spec is not None:
            specs[unique_id] = names.named(spec, test)
    notes = [*names.notes, *unexpected]
    if loose:
        notes.append(
            f"{counted(len(loose), 'selected test')} can't be a check of one asset (several or no parents, or a"
            f" parent that is not a selected asset) and will report observations: {listed(loose)}."
            " `meta.dagster.ref` and `checks` in YAML attach a test to one model."
        )
    return BuiltChecks(specs, notes)
