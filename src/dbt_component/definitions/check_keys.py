"""The keys of single checks, for events of tests that no definitions in this process run."""

from functools import cached_property

import dagster as dg

from dbt_component.definitions.check_names import CheckNames
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.single_check import build_check
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.manifest.dbt_test import DbtTest


class CheckKeys:
    """Finds the key that a test's check has in definitions of the entire project.

    Args:
        view: The project with its spec rules applied.
    """

    def __init__(self, view: ResolvingManifest) -> None:
        self._view = view
        self._named: dict[str, dict[str, dg.AssetCheckKey]] = {}

    def find(self, test: DbtTest) -> dg.AssetCheckKey | None:
        """The key of a test's check; ``None`` if the test is the check of no asset or source."""
        host = self._host_of(test.unique_id)
        if host is None:
            return None
        if host not in self._named:
            self._named[host] = self._name_all(host)
        return self._named[host].get(test.unique_id)

    def _name_all(self, host: str) -> dict[str, dg.AssetCheckKey]:
        """The keys of all checks on one node: a name may depend on the others."""
        view = self._view
        names = CheckNames(frozenset())
        keys: dict[str, dg.AssetCheckKey] = {}
        for unique_id in self._tests_of.get(host, ()):
            test = view.test(unique_id)
            spec, _ = build_check(view, test, host)
            if spec is not None:
                keys[unique_id] = names.named(spec, test).key
        return keys

    def _host_of(self, unique_id: str) -> str | None:
        settings = self._view.rules.settings
        test = self._view.test(unique_id)
        if not settings.enable_asset_checks:
            return None
        if test.is_unit_test and not settings.enable_unit_tests_as_checks:
            return None
        index = self._view.index
        host = index.node_by_id.get(attached_node_of(index, test) or "")
        return host.unique_id if host is not None and (host.is_asset or host.is_source) else None

    @cached_property
    def _tests_of(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for unique_id in self._view.index.test_by_id:
            host = self._host_of(unique_id)
            if host is not None:
                found.setdefault(host, []).append(unique_id)
        return found
