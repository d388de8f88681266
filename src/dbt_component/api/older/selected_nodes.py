"""The nodes of a definition that an older function made, and the name of its op."""

import hashlib
from collections.abc import Set
from dataclasses import dataclass

import dagster as dg

from dbt_component.errors import SelectionError, UnknownNodeError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.prepared import PreparedProject
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


@dataclass(frozen=True)
class SelectedNodes:
    """Nodes by unique id, tests included, and the selection in dbt's syntax that stands for them."""

    unique_ids: frozenset[str]
    criteria: SelectionCriteria

    @classmethod
    def of(
        cls,
        prepared: PreparedProject,
        *,
        select: str | None,
        exclude: str | None,
        unique_ids: Set[str] | None,
    ) -> "SelectedNodes":
        """The nodes that dbt selects, or those with the given unique ids and their tests.

        Raises:
            SelectionError: dbt does not accept the selection, or there are unique ids besides it.
            UnknownNodeError: A unique id is not in the manifest.
        """
        if not unique_ids:
            criteria = SelectionCriteria(select=select or DEFAULT_SELECT, exclude=exclude or "")
            return cls(prepared.select(criteria), criteria)
        if select is not None or exclude is not None:
            other = "select" if select is not None else "exclude"
            raise SelectionError(
                f"`selected_unique_ids` can't be combined with `{other}`.",
                hint="Keep one of the two.",
            )
        return _by_id(prepared.manifest.index, unique_ids)

    def only_models(self, index: ManifestIndex) -> "SelectedNodes":
        """The models alone: what `dbt run` builds."""
        models = {node.unique_id for node in index.nodes if node.resource_type == "model"}
        return SelectedNodes(self.unique_ids & models, self.criteria)

    def refuse_empty(self, index: ManifestIndex) -> None:
        """Raises dagster.DagsterInvalidSubsetError if no asset is selected."""
        assets = {node.unique_id for node in index.nodes if node.is_asset}
        if self.unique_ids.isdisjoint(assets):
            raise dg.DagsterInvalidSubsetError(
                f"No dbt model matches the selection: {self.criteria}."
                " Check it with `dbt ls`. Seeds and snapshots are assets only with `use_build_command=True`."
            )

    def op_name(self, project_name: str) -> str:
        """``run_dbt_<project>``, with five hexadecimal digits for a selection other than everything."""
        name = f"run_dbt_{project_name}"
        if self.criteria.is_everything:
            return name
        text = self.criteria.select + self.criteria.exclude
        return f"{name}_{hashlib.md5(text.encode()).hexdigest()[-5:]}"


def _by_id(index: ManifestIndex, unique_ids: Set[str]) -> SelectedNodes:
    unknown = sorted(unique_ids - index.all_ids)
    if unknown:
        raise UnknownNodeError(
            f"`selected_unique_ids` holds ids that are not in the manifest: {', '.join(map(repr, unknown))}.",
            hint='Unique ids are the keys of `nodes` in manifest.json, such as "model.shop.orders".',
        )
    tests = {test.unique_id for test in index.tests if not unique_ids.isdisjoint(test.depends_on)}
    names = [".".join(node.fqn) for node in index.nodes if node.unique_id in unique_ids]
    criteria = SelectionCriteria(select=" ".join(names))
    return SelectedNodes(frozenset(unique_ids) | tests, criteria)
