"""The critical path of a run: the nodes that determined when it ended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from dbt_component.execution.timeline.bar import TimelineBar

AT_ONCE_SECONDS = 0.1
"""A node that starts this soon after its last parent ended was waiting for it, and not for a thread."""
CLOCK_SECONDS = 0.002
"""A node may start this much before what it waited for has ended, because times are rounded."""


def critical_path(
    bars: Sequence[TimelineBar], parents: Mapping[str, Collection[str]]
) -> tuple[TimelineBar, ...]:
    """The chain of nodes that determined the end of the run, in the order in which they ran.

    It ends with the node that ended last. Before each node comes what it waited for:

    - the parent that ended last, if the node started at once when that ended;
    - otherwise, the parent that ended last or the node before it on the same thread, whichever ended later:
      the node was ready, and no thread was free.

    Of equals, the longer one counts, then the one whose unique id comes first. Skipped nodes take no time, so
    they are on no path. Apart from sorting, takes time in proportion to nodes and edges.

    Args:
        bars: The nodes of the run.
        parents: What each node waited for, by unique id; see ``gated_parents`` for `dbt build`. Those without a
            bar are ignored.

    Returns:
        Empty if nothing ran.
    """
    ran = {bar.unique_id: bar for bar in bars if bar.kind != "skipped"}
    if not ran:
        return ()
    before_on_thread = _before_on_thread(list(ran.values()))
    node = _last(list(ran.values()))
    path = [node]
    seen = {node.unique_id}
    while True:
        named = {name for name in parents.get(node.unique_id, ()) if name not in seen}
        waited_for = [ran[name] for name in named if name in ran and _is_before(ran[name], node)]
        parent = _last(waited_for) if waited_for else None
        before = before_on_thread.get(node.unique_id)
        candidates = [] if parent is None else [parent]
        is_at_once = parent is not None and node.started - parent.ended <= AT_ONCE_SECONDS
        if not is_at_once and before is not None and before.unique_id not in seen:
            candidates.append(before)
        if not candidates:
            return tuple(reversed(path))
        node = _last(candidates)
        path.append(node)
        seen.add(node.unique_id)


def _before_on_thread(bars: Sequence[TimelineBar]) -> dict[str, TimelineBar]:
    """The node that ended before each one on its thread, by unique id."""
    threads: defaultdict[str, list[TimelineBar]] = defaultdict(list)
    for bar in bars:
        if bar.thread:
            threads[bar.thread].append(bar)
    found = {}
    for members in threads.values():
        members.sort(key=lambda bar: (bar.started, bar.ended))
        for before, bar in pairwise(members):
            if _is_before(before, bar):
                found[bar.unique_id] = before
    return found


def _is_before(one: TimelineBar, other: TimelineBar) -> bool:
    return one.ended <= other.started + CLOCK_SECONDS


def _last(bars: Sequence[TimelineBar]) -> TimelineBar:
    return min(bars, key=lambda bar: (-bar.ended, -bar.seconds, bar.unique_id))
