"""Which op each node belongs to, if a project has several."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import combinations

from dbt_component.definitions.listing import counted, listed
from dbt_component.definitions.op_circles import describe_circles
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.errors import DefinitionError, SelectionError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.emptiness import explain_emptiness


@dataclass(frozen=True)
class OpDivision:
    """The ops of a project and their nodes.

    Args:
        rules: The rules of each op; the last is the default op.
        op_of: Unique ids of the models, seeds and snapshots that an op other than the default one has -> its place in ``rules``.
        attached: Tests that read assets of several ops, and are checks of no asset by default -> the node that each
            becomes a check of: Dagster can order only what is a check.
        notes: What people should know of the division.
    """

    rules: Sequence[OpRules]
    op_of: Mapping[str, int] = field(default_factory=dict)
    attached: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def number_of(self, unique_id: str) -> int:
        """The place in ``rules`` of the op that a node belongs to."""
        return self.op_of.get(unique_id, len(self.rules) - 1)


def divide_ops(
    rules: Sequence[OpRules],
    index: ManifestIndex,
    *,
    selected_ids: Set[str],
    select: Callable[[SelectionCriteria], Set[str]],
) -> OpDivision:
    """Divides the nodes of a component among its ops.

    Args:
        rules: The rules of each op; the last is the default op, which takes what is left.
        index: The project.
        selected_ids: The component's own selection.
        select: dbt's answer to a selection, as unique ids.

    Raises:
        DefinitionError: Two ops select the same nodes, or one selects none.
        SelectionError: dbt does not accept the selection of an op.
    """
    if len(rules) == 1:
        return OpDivision(rules)
    assets = {node.unique_id for node in index.nodes if node.is_asset}
    taken: list[set[str]] = []
    notes: list[str] = []
    for rule in rules[:-1]:
        assert rule.criteria is not None
        try:
            found = select(rule.criteria)
        except SelectionError as error:
            error.key = f"{rule.key}.{rule.criteria.main_key}"
            error.subject = f"Op {rule.name!r}"
            raise
        chosen = assets & found
        taken.append(chosen & selected_ids)
        if not taken[-1]:
            raise _selects_nothing(rule, index, chosen, found)
        if outside := chosen - selected_ids:
            notes.append(
                f"Op {rule.name!r} selects {counted(len(outside), 'node')} that the component itself does not select:"
                f" {listed(outside)}."
            )
    _refuse_overlaps(rules, taken)
    op_of = {unique_id: number for number, ids in enumerate(taken) for unique_id in ids}
    division = OpDivision(rules, op_of, _attached(index, op_of, selected_ids, len(rules) - 1))
    circles = describe_circles(index, assets & selected_ids, division.number_of, rules)
    return OpDivision(rules, op_of, division.attached, [*notes, *circles])


def _selects_nothing(
    rule: OpRules, index: ManifestIndex, chosen: Set[str], found: Set[str]
) -> DefinitionError:
    assert rule.criteria is not None
    if chosen:
        reason = f"{rule.criteria} matches only nodes that the component itself does not select: {listed(chosen)}"
        hint = "Compare its selection with `select` and `exclude` of the component."
    else:
        reason = explain_emptiness(index, rule.criteria, found) or str(rule.criteria)
        hint = "Change the selection, or remove the op."
    return DefinitionError(
        f"Op {rule.name!r} has no nodes: {reason.rstrip('.')}.",
        key=f"{rule.key}.{rule.criteria.main_key}",
        hint=hint,
    )


def _refuse_overlaps(rules: Sequence[OpRules], taken: Sequence[Set[str]]) -> None:
    problems: list[str] = []
    second: OpRules | None = None
    for (first, mine), (other, theirs) in combinations(zip(rules, taken, strict=False), 2):
        if both := mine & theirs:
            second = other
            problems.append(
                f"ops {first.name!r} and {other.name!r} both select {counted(len(both), 'node')}: {listed(both)}"
            )
    if second is not None:
        assert second.criteria is not None
        text = "; ".join(problems)
        raise DefinitionError(
            f"{text[0].upper()}{text[1:]}.",
            key=f"{second.key}.{second.criteria.main_key}",
            hint="A node runs in one op. Leave these nodes out of all but one, with `exclude`.",
        )


def _attached(
    index: ManifestIndex, op_of: Mapping[str, int], selected_ids: Set[str], default: int
) -> dict[str, str]:
    """The tests of several ops that are checks of no asset -> the last of the nodes that each reads."""
    found: dict[str, str] = {}
    for test in index.tests:
        if test.unique_id not in selected_ids or len(test.depends_on) < 2:
            continue
        parents = {
            node.unique_id
            for parent in test.depends_on
            for node in index.nearest_assets(parent)
            if node.is_asset and node.unique_id in selected_ids
        }
        if len({op_of.get(parent, default) for parent in parents}) < 2:
            continue
        if attached_node_of(index, test) is None:
            found[test.unique_id] = max(parents, key=index.positions.__getitem__)
    return found
