"""dbt tests -> asset checks."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import dagster as dg

from dbt_component.definitions.check_names import CheckNames
from dbt_component.definitions.default_check import default_check
from dbt_component.definitions.listing import counted, listed
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecMethods
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.manifest.dbt_test import DbtTest
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
    methods = manifest.rules.methods
    names = CheckNames(taken_names)
    specs: dict[str, dg.AssetCheckSpec] = {}
    loose: list[str] = []
    unexpected: list[str] = []
    for unique_id in manifest.index.test_by_id:
        test = manifest.test(unique_id)
        if test.is_unit_test and not settings.enable_unit_tests_as_checks:
            continue
        host = attached_node_of(manifest.index, test)
        if host is None or host not in hosts:
            if unique_id in selected_ids:
                loose.append(unique_id)
            continue
        if unique_id not in selected_ids and not manifest.index.node_by_id[host].is_source:
            continue
        host_spec = manifest.final_spec(host)
        try:
            spec = methods.get_asset_check_spec(
                asset_spec=host_spec,
                manifest=manifest,
                unique_id=unique_id,
                project=manifest.project,
            )
            if spec is not None and not isinstance(spec, dg.AssetCheckSpec):
                raise TypeError(f"it returned {spec!r} instead of an AssetCheckSpec or None")
        except Exception as error:
            if not test.is_unit_test:
                if isinstance(error, DagsterDbtError):
                    raise
                raise _failed(methods, test, error) from error
            # Code written for dagster-dbt does not expect unit tests.
            spec = default_check(manifest, test, host_spec.key)
            unexpected.append(
                f"{_failed(methods, test, error).message} The unit test becomes the default check."
            )
        if spec is not None:
            specs[unique_id] = names.named(spec, test)
    notes = [*names.notes, *unexpected]
    if loose:
        notes.append(
            f"{counted(len(loose), 'selected test')} can't be a check of one asset (several or no parents, or a"
            f" parent that is not a selected asset) and will report observations: {listed(loose)}."
            " `meta.dagster.ref` attaches a test to one model."
        )
    return BuiltChecks(specs, notes)


def _failed(methods: SpecMethods, test: DbtTest, error: Exception) -> DefinitionError:
    return DefinitionError(
        f"{type(methods).__name__}.get_asset_check_spec failed on {test.unique_id}:"
        f" {type(error).__name__}: {error}.",
        where=test.original_file_path,
    )
