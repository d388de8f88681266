"""Names of checks that are valid in Dagster and unique within their op."""

import re
from collections.abc import Set

import dagster as dg

from dbt_component.errors import DefinitionError
from dbt_component.manifest.dbt_test import DbtTest

_NOT_IN_CHECK_NAMES = re.compile(r"[^A-Za-z0-9_.]")


class CheckNames:
    """Gives checks their names; ``notes`` list the renamed ones.

    Args:
        taken: Output names that are already in use.
    """

    def __init__(self, taken: Set[str]) -> None:
        self._taken = set(taken)
        self.notes: list[str] = []

    def named(self, spec: dg.AssetCheckSpec, test: DbtTest) -> dg.AssetCheckSpec:
        """The check under a valid and free name: its own, or that with the package or an id appended.

        Raises:
            DefinitionError: No such name is free.
        """
        spec = self._with_valid_name(spec, test)
        identifier = spec.get_python_identifier()
        if identifier in self._taken:
            spec = self._with_free_name(spec, test)
            identifier = spec.get_python_identifier()
        self._taken.add(identifier)
        return spec

    def _with_free_name(self, spec: dg.AssetCheckSpec, test: DbtTest) -> dg.AssetCheckSpec:
        clashing = spec.name
        asset = spec.asset_key.to_user_string()
        spec = _renamed(spec, f"{spec.name}__{test.package_name}")
        if spec.get_python_identifier() in self._taken:
            suffix = test.unique_id.rpartition(".")[2][-10:]
            spec = _renamed(spec, f"{spec.name}_{suffix}")
        self.notes.append(
            f"Check name {clashing!r} on {asset!r} is taken; {test.unique_id} is shown as {spec.name!r}."
        )
        if spec.get_python_identifier() in self._taken:
            raise DefinitionError(
                f"Two checks on {asset!r} have the name {spec.name!r}.",
                where=test.original_file_path,
                hint=f"Give {test.unique_id} a unique `name` in dbt.",
            )
        return spec

    def _with_valid_name(self, spec: dg.AssetCheckSpec, test: DbtTest) -> dg.AssetCheckSpec:
        name = _NOT_IN_CHECK_NAMES.sub("_", spec.name)
        if name == spec.name:
            return spec
        self.notes.append(
            f"Check name {spec.name!r} on {spec.asset_key.to_user_string()!r} contains characters that"
            f" Dagster does not accept; {test.unique_id} is shown as {name!r}."
        )
        return _renamed(spec, name)


def _renamed(spec: dg.AssetCheckSpec, name: str) -> dg.AssetCheckSpec:
    return spec.replace_key(dg.AssetCheckKey(spec.asset_key, name))
