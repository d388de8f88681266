"""Rejects assets, checks, and names of ops, jobs and schedules that two components of a Dagster project define.

Dagster rejects them as well, but only when it has merged all definitions, without the files.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import dagster as dg

from dbt_component.definitions.listing import listed
from dbt_component.errors import DefinitionError, DuplicateAssetKeyError

_KEY_HINT = (
    "Give one of them its own keys: `translation: {key_prefix: …}`. If both use the same dbt project and its"
    " assets should exist once, select each node in one of them only, with `select` or `exclude`."
)
_CHECK_HINT = (
    "Leave the tests out of one of them, with `exclude`, or for tests of sources with"
    " `translation_settings: {enable_source_tests_as_checks: false}`. For checks of freshness, let `source_freshness`"
    " select each source in one of them only."
)
_SOURCE_HINT = (
    "Let `source_freshness` select each source in one of them only, with `select` or `exclude`. For assets that other"
    " definitions make, set `source_freshness: {observe: false}`."
)
_OP_HINT = "Set another name in one of them: `op: {name: …}`."


@dataclass(frozen=True)
class Claim:
    """What one component defines, and where it is written."""

    loc: Any
    assets: Set[dg.AssetKey]
    checks: Set[dg.AssetCheckKey]
    ops: Set[str]
    sources: Set[dg.AssetKey] = frozenset()
    """Those of ``assets`` that are observed only."""
    jobs: Set[str] = frozenset()
    schedules: Set[str] = frozenset()

    @classmethod
    def of(cls, context: dg.ComponentLoadContext, definitions: dg.Definitions) -> "Claim":
        """The claim of the component that is being loaded in this context."""
        built = [item for item in definitions.assets or () if isinstance(item, dg.AssetsDefinition)]
        schedules = [s for s in definitions.schedules or () if isinstance(s, dg.ScheduleDefinition)]
        return cls(
            loc=context.component_loc,
            assets=frozenset(
                [key for item in built for key in item.keys]
                + [item.key for item in definitions.assets or () if isinstance(item, dg.AssetSpec)]
            ),
            sources=frozenset(key for item in built if item.is_observable for key in item.keys),
            checks=frozenset(key for item in built for key in item.check_keys),
            ops=frozenset(item.node_def.name for item in built),
            jobs=frozenset(
                [job.name for job in definitions.jobs or ()]
                + [s.job_name for s in schedules if s.target.has_job_def]
            ),
            schedules=frozenset(schedule.name for schedule in schedules),
        )


class Claims:
    """The claims of all components, separately for each component tree, which is one load of a project."""

    def __init__(self) -> None:
        self._by_tree: WeakKeyDictionary[
            Any, dict[Any, tuple[ReferenceType[dg.Component], Claim]]
        ] = WeakKeyDictionary()

    def add(self, tree: dg.ComponentTree, component: dg.Component, claim: Claim) -> None:
        """Records a claim, in place of an earlier one of the same component.

        Raises:
            DuplicateAssetKeyError: Another component of the tree defines the same assets or checks.
            DefinitionError: Another component has an op, job or schedule of the same name.
        """
        tracker = tree.state_tracker
        known = self._by_tree.setdefault(tracker, {})
        known[claim.loc] = (ref(component), claim)
        for loc, (owner, other) in known.items():
            # A component that was removed or is loaded anew has no claim until it is built.
            in_use = tracker.get_cache_data(loc).component
            if loc != claim.loc and in_use is not None and in_use is owner():
                _refuse_shared(other, claim)


def _refuse_shared(first: Claim, second: Claim) -> None:
    where = f"{_file_of(first.loc)} and {_file_of(second.loc)}"
    if assets := first.assets & second.assets:
        raise DuplicateAssetKeyError(
            f"Two components define the same assets: {_named(key.to_user_string() for key in assets)}.",
            where=where,
            hint=_KEY_HINT if assets.isdisjoint(first.sources | second.sources) else _SOURCE_HINT,
        )
    if checks := first.checks & second.checks:
        names = (f"{key.asset_key.to_user_string()}:{key.name}" for key in checks)
        raise DuplicateAssetKeyError(
            f"Two components define the same checks: {_named(names)}.",
            where=where,
            hint=_CHECK_HINT,
        )
    if ops := first.ops & second.ops:
        raise DefinitionError(
            f"Two components have an op of the same name: {_named(ops)}.",
            where=where,
            hint=_OP_HINT,
        )
    for kind, shared in (
        ("job", first.jobs & second.jobs),
        ("schedule", first.schedules & second.schedules),
    ):
        if shared:
            raise DefinitionError(
                f"Two components have a {kind} of the same name: {_named(shared)}.",
                where=where,
                hint=f"Give the {kind} another name in one of them.",
            )


def _named(names: Any) -> str:
    return listed(repr(name) for name in sorted(names))


def _file_of(loc: Any) -> str:
    """The file of a component; a file of several YAML documents is followed by the document's number."""
    path, number = getattr(loc, "file_path", None), getattr(loc, "instance_key", None)
    if path is None:
        return repr(loc)
    if path.is_dir():
        found = [path / name for name in ("defs.yaml", "component.yaml") if (path / name).exists()]
        path = found[0] if found else path
    return f"{path} (document {number + 1})" if isinstance(number, int) and number else str(path)
