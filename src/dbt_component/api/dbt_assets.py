"""``@dbt_assets``: a function that runs dbt, as the op of a dbt project's assets and checks."""

from collections.abc import Callable, Mapping, Set
from typing import Any

import dagster as dg

from dbt_component.api.asset_specs import criteria_of, select_specs
from dbt_component.api.op_of_function import backfill_policy_of, op_of_function
from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.selection_tags import RESERVED_TAGS, selection_tags
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import DEFAULT_SELECT


def dbt_assets(
    *,
    manifest: ManifestArgument,
    select: str = DEFAULT_SELECT,
    exclude: str | None = None,
    selector: str | None = None,
    name: str | None = None,
    io_manager_key: str | None = None,
    partitions_def: dg.PartitionsDefinition | None = None,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    backfill_policy: dg.BackfillPolicy | None = None,
    op_tags: Mapping[str, Any] | None = None,
    required_resource_keys: Set[str] | None = None,
    project: DbtProject | None = None,
    retry_policy: dg.RetryPolicy | None = None,
    pool: str | None = None,
    checks: DbtCheckRules | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Makes the decorated function the op of a dbt project's assets and checks.

    The function yields the events of one or several dbt commands, for example
    ``yield from dbt.cli(["build"], context=context).stream()``. It may take a ``dagster.Config`` and other
    resources, and do other things before and after. If ``select`` compares with another environment, as
    ``state:modified`` does, and nothing differs, the definition has no assets.

    Args:
        manifest: manifest.json as a path or decoded, or the project that it belongs to.
        select: Nodes to include, in dbt's syntax.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.
        name: Name of the op. Default: the function's.
        io_manager_key: Resource key of an IO manager, for Python assets that load these.
        partitions_def: Partitions of all these assets.
        dagster_dbt_translator: Maps nodes to specs. Default: the default mapping.
        backfill_policy: How backfills become runs. Default: a single run if partitions are time windows.
        op_tags: Tags of the op.
        required_resource_keys: Resources that the function uses by ``context.resources``.
        project: The project on disk, for code references.
        retry_policy: How often Dagster retries the entire step.
        pool: Pool that limits how many such ops run at once.
        checks: Rules for dbt tests. Not in dagster-dbt.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        SelectionError: dbt does not accept the selection.
        DefinitionError: Nodes can't become assets of one op.
        dagster.DagsterInvalidDefinitionError: ``op_tags`` sets a tag of this package.
    """
    criteria = criteria_of(select, exclude, selector)
    tags = {**_refuse_own_tags(op_tags or {}), **selection_tags(criteria)}
    prepared = prepared_from(manifest, project)
    specs = select_specs(prepared, criteria, dagster_dbt_translator, checks).map_assets(
        lambda spec: _altered(spec, partitions_def=partitions_def, io_manager_key=io_manager_key)
    )
    backfill_policy = backfill_policy_of(specs, backfill_policy, decorator="@dbt_assets")

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        op = OpSettings(
            name=name or function.__name__,
            tags=tags,
            pool=pool,
            backfill_policy=backfill_policy,
            retry_policy=retry_policy,
            required_resource_keys=frozenset(required_resource_keys or ()),
        )
        return op_of_function(function, specs, prepared, criteria, op, decorator="@dbt_assets")

    return decorate


def _altered(
    spec: dg.AssetSpec,
    *,
    partitions_def: dg.PartitionsDefinition | None,
    io_manager_key: str | None,
) -> dg.AssetSpec:
    if partitions_def is not None:
        spec = spec.replace_attributes(partitions_def=partitions_def)
    return spec if io_manager_key is None else spec.with_io_manager_key(io_manager_key)


def _refuse_own_tags(op_tags: Mapping[str, Any]) -> Mapping[str, Any]:
    for tag in RESERVED_TAGS.keys() & op_tags.keys():
        raise dg.DagsterInvalidDefinitionError(
            f"To set {tag}, pass the argument `{RESERVED_TAGS[tag]}` of @dbt_assets instead of a tag in"
            " `op_tags`."
        )
    return op_tags
