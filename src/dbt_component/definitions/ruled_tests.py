"""Check rules, resolved to the tests of one project."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.errors import SelectionError, UnknownNodeError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class RuledTests:
    """What rules say about tests, by unique id; a test that is in none of these stays as it is.

    Args:
        skipped: Tests that are left out.
        on_request: Tests that do not run with the node that they check.
        attached: The unique id of the node that a test becomes a check of.
        severities: ``warn`` or ``error``.
        blocking: Whether a failure keeps what is downstream from being built.
        notes: Rules without effect, for people.
    """

    skipped: frozenset[str] = frozenset()
    on_request: frozenset[str] = frozenset()
    attached: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    blocking: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def passing_on(self) -> frozenset[str]:
        """Tests whose failure does not keep dbt from building what is downstream."""
        return frozenset(test for test, blocks in self.blocking.items() if not blocks)


NO_RULES = RuledTests()


def resolve_check_rules(
    rules: DbtCheckRules | None,
    index: ManifestIndex,
    select: Callable[[SelectionCriteria], Set[str]],
) -> RuledTests:
    """Resolves rules to the tests of a project.

    Args:
        rules: The rules; ``None`` for none.
        index: The project.
        select: dbt's answer to a selection, as unique ids.

    Raises:
        UnknownNodeError: A rule attaches tests to a node that does not exist.
        SelectionError: dbt does not accept a selection.
    """
    if rules is None:
        return NO_RULES
    unit_tests = frozenset(test.unique_id for test in index.tests if test.is_unit_test)
    skipped: dict[str, bool] = {}
    attached: dict[str, str] = {}
    severities: dict[str, str] = {}
    blocking: dict[str, bool] = {}
    notes: list[str] = []
    for position, rule in enumerate(rules.rules):
        key = f"checks.rules[{position}]"
        try:
            tests = select(rule.criteria) & index.test_by_id.keys()
            if rule.attach is not None:
                node = index.find_asset_node(rule.attach)
                attached.update(dict.fromkeys(tests, node.unique_id))
        except SelectionError as error:
            error.key = f"{key}.{rule.criteria.main_key}"
            raise
        except UnknownNodeError as error:
            error.key = f"{key}.attach"
            raise
        if not tests:
            notes.append(f"`{key}` selects no test: {rule.criteria}.")
        if rule.skip is not None:
            skipped.update(dict.fromkeys(tests, rule.skip))
        if rule.severity is not None:
            severities.update(dict.fromkeys(tests - unit_tests, rule.severity))
        if rule.blocking is not None:
            blocking.update(dict.fromkeys(tests - unit_tests, rule.blocking))
    without = {test for test, is_skipped in skipped.items() if is_skipped}
    return RuledTests(
        skipped=frozenset(without | (unit_tests if rules.unit_tests == "never" else set())),
        on_request=unit_tests if rules.unit_tests == "only_on_request" else frozenset(),
        attached=attached,
        severities=severities,
        blocking=blocking,
        notes=tuple(notes),
    )
