"""The specs of what dbt selects, without an op that runs it."""

from collections.abc import Set
from dataclasses import replace

import dagster as dg

from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.file_references import missing_project
from dbt_component.definitions.ruled_tests import resolve_check_rules
from dbt_component.definitions.spec_builder import SelectedSpecs, build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DefinitionError
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


def build_dbt_asset_specs(
    *,
    manifest: ManifestArgument,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    select: str = DEFAULT_SELECT,
    exclude: str | None = None,
    selector: str | None = None,
    project: DbtProject | None = None,
) -> list[dg.AssetSpec]:
    """The asset specs of the models, seeds and snapshots that dbt selects, in topological order.

    For assets that something else than this code location runs; checks are not included.

    Args:
        manifest: manifest.json as a path or decoded, or the project that it belongs to.
        dagster_dbt_translator: Maps nodes to specs. Default: the default mapping.
        select: Nodes to include, in dbt's syntax.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.
        project: The project on disk, for code references.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        SelectionError: dbt does not accept the selection.
        DuplicateAssetKeyError: Several nodes have one asset key.
        DefinitionError: A node can't become an asset.
    """
    prepared = prepared_from(manifest, project)
    criteria = criteria_of(select, exclude, selector)
    return select_specs(prepared, criteria, dagster_dbt_translator).asset_specs


def criteria_of(select: str, exclude: str | None, selector: str | None) -> SelectionCriteria:
    """The selection of these arguments.

    Raises:
        SelectionError: ``selector`` is combined with one of the others.
    """
    return SelectionCriteria(select=select, exclude=exclude or "", selector=selector or "")


def select_specs(
    prepared: PreparedProject,
    criteria: SelectionCriteria,
    translator: DagsterDbtTranslator | None,
    checks: DbtCheckRules | None = None,
) -> SelectedSpecs:
    """All specs of what dbt selects, by the rules of a translator; raises as ``specs_of`` does."""
    return specs_of(prepared, prepared.select(criteria), translator, checks)


def specs_of(
    prepared: PreparedProject,
    selected_ids: Set[str],
    translator: DagsterDbtTranslator | None,
    checks: DbtCheckRules | None = None,
) -> SelectedSpecs:
    """All specs of nodes and tests by unique id, by the rules of a translator and those for tests.

    Raises:
        DefinitionError: The translator is a class or none of ours, or a node can't become an asset.
        dagster.DagsterInvalidDefinitionError: Code references need a project, and there is none.
    """
    rules = rules_of(translator)
    tests = resolve_check_rules(checks, prepared.manifest.index, prepared.select)
    project = prepared.find_folder()
    if rules.settings.enable_code_references and project is None:
        raise missing_project()
    return build_specs(
        prepared.manifest,
        replace(rules, tests=tests),
        selected_ids=selected_ids,
        project=project,
        lineage=prepared.lineage,
    )


def rules_of(translator: DagsterDbtTranslator | None) -> SpecRules:
    """The rules of a translator; by default those of the default mapping.

    Raises:
        DefinitionError: It is a class or none of ours.
    """
    if isinstance(translator, type):
        raise DefinitionError(
            f"`dagster_dbt_translator` is the class {translator.__name__}, not an instance of it.",
            hint=f"Pass `{translator.__name__}()`.",
        )
    if translator is None:
        translator = DagsterDbtTranslator()
    if not isinstance(translator, DagsterDbtTranslator):
        raise DefinitionError(
            f"`dagster_dbt_translator` is a {type(translator).__module__}.{type(translator).__qualname__}, not a"
            " subclass of dbt_component's DagsterDbtTranslator.",
            hint="Derive it from `dbt_component.DagsterDbtTranslator`.",
        )
    return SpecRules(translator, translator.settings)
