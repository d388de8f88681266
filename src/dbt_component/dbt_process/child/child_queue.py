"""The order in which dbt starts nodes that are ready: those first that the longest chain of nodes waits for."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

HANDOVER_SECONDS = 0.1
"""How long a free thread waits at most for the nodes that have just become ready. Usually it is a millisecond."""


def start_long_chains_first(priorities: Dict[str, float]) -> None:
    """Makes dbt start ready nodes in the order of ``priorities``, the greatest first.

    By itself dbt orders ready nodes by depth, and only those that are ready at the same moment: it passes each
    to its thread pool at once, which starts them in the order in which they came. A node that is ready later
    waits for all of them, however many. So this changes two places: the order of dbt's queue, and which of
    the waiting nodes a free thread takes. What a node waits for stays dbt's decision.

    Nodes without a priority come after those with one. Among them, and among nodes of equal priority,
    dbt's own order holds.

    Args:
        priorities: By unique id: the seconds of the longest chain of nodes that starts with this one.
    """
    try:
        from dbt.graph.queue import GraphQueue
        from dbt.task.runnable import GraphRunnableTask

        get_scores, run_queue = GraphQueue._get_scores, GraphRunnableTask.run_queue
    except (ImportError, AttributeError):
        return

    def _get_scores(self: Any, graph: Any) -> Dict[str, Tuple[float, int]]:
        depths = get_scores(self, graph)
        return {node: (_rank(priorities, node), depth) for node, depth in depths.items()}

    def _run_queue(self: Any, pool: Any) -> Any:
        queue = self.job_queue
        if all(hasattr(queue, name) for name in ("lock", "queued", "in_progress", "graph")):
            pool = LongestFirstPool(pool, queue, priorities)
        return run_queue(self, pool)

    GraphQueue._get_scores = _get_scores
    GraphRunnableTask.run_queue = _run_queue


class LongestFirstPool:
    """dbt's thread pool, whose free threads take the waiting task of the greatest priority.

    For each task the pool gets a turn; which task it runs is decided when its turn comes. Everything but
    ``apply_async`` is the pool's own.

    Args:
        pool: dbt's.
        queue: dbt's, which the tasks come from.
        priorities: By unique id.
    """

    def __init__(self, pool: Any, queue: Any, priorities: Dict[str, float]) -> None:
        self._pool = pool
        self._queue = queue
        self._priorities = priorities
        self._arrivals = itertools.count()
        self._changed = threading.Condition()  # guards all of these:
        # A heap of rank, arrival, node (but not for batches) and task:
        self._waiting: List[Tuple[float, int, Optional[str], Callable[[], Any]]] = []
        self._submitted: Set[str] = set()  # nodes that dbt does not know to have ended
        self._ended: Set[str] = set()  # those of them that have ended
        self._is_held_up = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Any = (),
        kwds: Optional[Dict[str, Any]] = None,
        callback: Optional[Callable[[Any], None]] = None,
    ) -> Any:
        node = _unique_id(args)
        with self._changed:
            is_batch = node in self._submitted
            # The model of a batch holds a thread until all its batches have ended.
            rank = -float("inf") if is_batch else _rank(self._priorities, node)
            if is_batch:
                node = None
            elif node is not None:
                self._submitted.add(node)

            def run() -> Any:
                return node, callback, func(*args, **(kwds or {}))

            heapq.heappush(self._waiting, (rank, next(self._arrivals), node, run))
            self._is_held_up = False
            self._changed.notify_all()
        return self._pool.apply_async(self._take_turn, callback=self._report)

    def _take_turn(self) -> Any:
        with self._changed:
            if not self._is_held_up:  # by dbt, which limits how many microbatch models run at once
                self._is_held_up = not self._changed.wait_for(
                    lambda: not self._is_better_coming(), HANDOVER_SECONDS
                )
            _, _, node, run = heapq.heappop(self._waiting)
        outcome = run()
        if node is not None:
            with self._changed:
                self._ended.add(node)
        return outcome

    def _is_better_coming(self) -> bool:
        """Whether dbt is about to submit a node that goes before all that wait."""
        queue = self._queue
        with queue.lock:
            coming = self._made_ready()
            # As a rule nothing is on its way, which the numbers tell without comparing thousands of nodes.
            if queue.queued or len(queue.in_progress) != len(self._submitted):
                coming |= (queue.queued | queue.in_progress) - self._submitted
        return any(_rank(self._priorities, node) < self._waiting[0][0] for node in coming)

    def _made_ready(self) -> Set[str]:
        """The nodes that are ready as soon as dbt knows which nodes have ended."""
        graph = self._queue.graph
        return {
            child
            for node in self._ended
            if node in graph
            for child in graph.successors(node)
            if self._ended.issuperset(graph.predecessors(child))
        }

    def _report(self, outcome: Any) -> None:
        node, callback, result = outcome
        with self._changed:
            self._submitted.discard(node)
        try:
            if callback is not None:
                callback(result)
        finally:
            with self._changed:
                self._ended.discard(node)
                self._changed.notify_all()


def _rank(priorities: Dict[str, float], unique_id: Optional[str]) -> float:
    """Smaller is earlier, as in dbt's queue."""
    priority = None if unique_id is None else priorities.get(unique_id)
    return float("inf") if priority is None else -priority


def _unique_id(args: Any) -> Optional[str]:
    """The node of a task: dbt passes its runner, or the node itself if it has unit tests."""
    first = args[0] if args else None
    unique_id = getattr(getattr(first, "node", first), "unique_id", None)
    return unique_id if isinstance(unique_id, str) else None
