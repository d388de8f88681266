"""Arguments of dbt that select exactly a set of nodes, worked out from the index without dbt."""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from dbt_component.cloud.execution.node_matching import Entry, NodeMatching
from dbt_component.dbt_process.commands import DbtCommand
from dbt_component.definitions.listing import counted, listed
from dbt_component.errors import SelectionError
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import may_compare

EVERYTHING = "fqn:*"
"""Always passed: without a selection dbt applies the project's default selector."""
_SPECIAL = re.compile(r"[\s,*?\[\]:+@\"'`$\\]")
_CHILDREN = "+1"
_TESTS = frozenset({"test", "unit_test"})


@dataclass(frozen=True)
class OwnSelection:
    """A selection that the project's owner wrote, and the unique ids that dbt selects for it."""

    criteria: SelectionCriteria
    unique_ids: frozenset[str]


def select_exactly(
    index: ManifestIndex,
    wanted: Set[str],
    command: DbtCommand,
    *,
    own: OwnSelection | None = None,
) -> list[str]:
    """Arguments that make a command run exactly the wanted nodes among those that it can run.

    The shortest is taken of: the list of the nodes; everything but the others; and the owner's selection if it selects
    the same. Nodes are listed by fqn, which also matches nodes below a folder of that name, and others of the same
    name; such a term is narrowed by resource type, package, file, kind of test, or parent until it matches wanted nodes
    only.

    Each term is a token of its own. A command line on Linux holds 2 MiB, that is some 30,000 terms; the limit of the
    platform for the text of a step is not documented.

    Args:
        index: The project.
        wanted: Unique ids. Those that the command does not run, such as ephemeral models, are ignored.
        command: The command.
        own: The selection of the definitions. A selector of selectors.yml, and a selection that compares with another
            run, are not used: on the platform they may select other nodes.

    Raises:
        SelectionError: No terms of dbt tell some wanted nodes from others; the message names them.
    """
    runnable = _runnable(index, command)
    chosen, others = runnable & wanted, runnable - wanted
    indirect = ["--indirect-selection", "empty"] if command.reports_on & _TESTS else []
    if not others:
        return ["--select", EVERYTHING, *indirect]
    terms = _Terms(index)
    candidates: list[list[str]] = []
    if own is not None and own.unique_ids & runnable == chosen and not may_compare(own.criteria):
        candidates.append(_own_arguments(own.criteria))
    refused: SelectionError | None = None
    try:
        candidates.append(["--select", *terms.covering(chosen, but=others), *indirect])
    except SelectionError as error:
        refused = error
    if chosen and (refused is not None or len(others) < len(chosen)):
        try:
            excluded = terms.covering(others, but=chosen)
            candidates.append(["--select", EVERYTHING, "--exclude", *excluded, *indirect])
        except SelectionError:
            pass  # the list of the nodes is the better one to report
    if not candidates:
        assert refused is not None, "without candidates the list was refused"
        raise refused
    return min(candidates, key=lambda arguments: len(" ".join(arguments)))


def _runnable(index: ManifestIndex, command: DbtCommand) -> frozenset[str]:
    """The nodes that the command runs and reports if they are selected."""
    types = command.reports_on
    nodes = (n.unique_id for n in index.nodes if n.resource_type in types and not n.is_ephemeral)
    tests = (t.unique_id for t in index.tests if t.resource_type in types)
    return frozenset(nodes) | frozenset(tests)


def _own_arguments(criteria: SelectionCriteria) -> list[str]:
    excluded = ["--exclude", *criteria.exclude.split()] if criteria.exclude else []
    return ["--select", *criteria.select.split(), *excluded]


class _Terms:
    """Finds terms for nodes of a project."""

    def __init__(self, index: ManifestIndex) -> None:
        self._index = index
        self._matching = NodeMatching(index)
        self._narrowing: dict[str, frozenset[str]] = {}

    def covering(self, unique_ids: Set[str], *, but: Set[str]) -> list[str]:
        """Terms that together match all of ``unique_ids`` and none of ``but``.

        Raises:
            SelectionError: There are no such terms.
        """
        terms: list[str] = []
        covered: set[str] = set()
        unnameable: dict[str, Set[str]] = {}
        for unique_id in sorted(unique_ids, key=self._index.positions.__getitem__):
            if unique_id in covered:
                continue
            term, matched, left = self._term_of(self._entry(unique_id), but)
            if left:
                unnameable[unique_id] = left
            else:
                terms.append(term)
                covered |= matched
        if unnameable:
            alike = frozenset[str]().union(*unnameable.values())
            raise SelectionError(
                f"No selection of dbt's command line tells {counted(len(unnameable), 'node')} from others of the same"
                f" name: {listed(sorted(unnameable))} from {listed(sorted(alike))}.",
                hint="Select them together, or give them different names in the dbt project.",
            )
        return terms

    def _entry(self, unique_id: str) -> Entry:
        return self._index.node_by_id.get(unique_id) or self._index.test_by_id[unique_id]

    def _term_of(self, entry: Entry, but: Set[str]) -> tuple[str, frozenset[str], Set[str]]:
        """A term, what it matches, and what it should not match but does."""
        value = _fqn_of(entry)
        parts = [f"fqn:{value}"]
        matched = self._matching.by_fqn(value)
        left: Set[str] = matched & but
        if not left:
            return parts[0], matched, left
        for part in self._narrowing_parts(entry):
            narrowed = matched & self._narrowing[part]
            if len(narrowed & but) < len(left):
                kind = f"resource_type:{entry.resource_type}"
                if part.endswith(_CHILDREN) and kind not in parts:
                    # `dbt build` adds edges from tests to models, which other commands don't have.
                    parts.append(kind)
                    narrowed &= self._narrowing[kind]
                parts.append(part)
                matched, left = narrowed, narrowed & but
            if not left:
                break
        return ",".join(parts), matched, left

    def _narrowing_parts(self, entry: Entry) -> Iterator[str]:
        """Terms that match the node too, those with the widest effect first."""
        matching = self._matching

        def part(text: str, match: Callable[[], frozenset[str]]) -> str:
            if text not in self._narrowing:
                self._narrowing[text] = match()
            return text

        kind, package = entry.resource_type, entry.package_name
        yield part(f"resource_type:{kind}", lambda: matching.by_resource_type(kind))
        yield part(f"package:{package}", lambda: matching.by_package(package))
        file = _pattern(PurePosixPath(entry.original_file_path).name)
        yield part(f"file:{file}", lambda: matching.by_file(file))
        if not isinstance(entry, DbtTest):
            return
        if entry.is_unit_test:
            unit = _pattern(entry.name).replace(".", "?")
            yield part(f"unit_test:{package}.{unit}", lambda: matching.by_unit_test(package, unit))
        elif entry.test_type != "singular":
            generic = _pattern(entry.test_type)
            yield part(f"test_name:{generic}", lambda: matching.by_test_name(generic))
        for parent_id in entry.depends_on:
            parent = self._index.node_by_id.get(parent_id)
            if parent is not None:
                for term, match in self._parent_terms(parent):
                    yield part(term + _CHILDREN, partial(self._with_children, match))

    def _with_children(self, match: Callable[[], frozenset[str]]) -> frozenset[str]:
        return self._matching.with_children(match())

    def _parent_terms(self, parent: Node) -> Iterator[tuple[str, Callable[[], frozenset[str]]]]:
        """Single terms that match a parent, and what finds all that they match."""
        matching = self._matching
        if parent.is_source:
            names = [parent.package_name, parent.source_name or "", parent.name]
            values = [_pattern(name).replace(".", "?") for name in names]
            yield f"source:{'.'.join(values)}", partial(matching.by_source, *values)
            return
        value = _fqn_of(parent)
        yield f"fqn:{value}", partial(matching.by_fqn, value)
        file = _pattern(PurePosixPath(parent.original_file_path).name)
        yield f"file:{file}", partial(matching.by_file, file)


def _fqn_of(entry: Entry) -> str:
    return ".".join(_pattern(part) for part in entry.fqn)


def _pattern(name: str) -> str:
    """A name as part of a term: what has a meaning there becomes ``?``, which matches any one character."""
    return _SPECIAL.sub("?", name)
