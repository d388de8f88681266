"""dbt starts ready nodes in the order of the chains that wait for them, and nothing before its parents."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx
import pytest
from dbt.graph.queue import GraphQueue
from dbt.task.runnable import GraphRunnableTask
from hypothesis import given
from hypothesis import strategies as st

from dbt_component.dbt_process import child
from dbt_component.dbt_process.child import child_queue
from dbt_component.dbt_process.child.child_queue import LongestFirstPool

Edges = list[tuple[int, int]]

# Runs dbt with the priorities of the first argument, if there are any, and prints the nodes as they started.
RUN = """
import importlib, json, sys
from dbt.cli.main import dbtRunner
sys.path.insert(0, sys.argv[1])
priorities = json.loads(sys.argv[2])
if priorities:
    importlib.import_module("child.child_queue").start_long_chains_first(priorities)
started = []
def note(event):
    if event.info.name == "NodeStart":
        started.append(event.data.node_info.node_name)
outcome = dbtRunner(callbacks=[note]).invoke(sys.argv[3:])
assert outcome.success, outcome
print(json.dumps(started))
"""


@pytest.fixture(autouse=True)
def _unpatched() -> Iterator[None]:
    originals = GraphQueue._get_scores, GraphRunnableTask.run_queue
    yield
    GraphQueue._get_scores, GraphRunnableTask.run_queue = originals


def queue_of(nodes: int, edges: Edges) -> GraphQueue:
    graph = networkx.DiGraph()
    graph.add_nodes_from(f"n{node}" for node in range(nodes))
    graph.add_edges_from((f"n{parent}", f"n{child}") for parent, child in edges)
    manifest = SimpleNamespace(expect=lambda unique_id: SimpleNamespace(unique_id=unique_id))
    return GraphQueue(graph, manifest, set(graph.nodes))


def taken_from(queue: GraphQueue, running_at_once: int) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each node as dbt's queue gives it out, the nodes that were ready then, and those that had ended."""
    running: list[str] = []
    ended: set[str] = set()
    while not queue.empty() or running:
        if running and (len(running) == running_at_once or not queue.queued):
            ended.add(running[0])
            queue.mark_done(running.pop(0))
            continue
        ready = set(queue.queued)
        node = queue.get(block=False).unique_id
        running.append(node)
        yield node, ready, set(ended)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    nodes = draw(st.integers(1, 12))
    pairs = [(parent, child) for child in range(nodes) for parent in range(child)]
    return nodes, draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []


@given(
    graph=graphs(),
    seconds=st.dictionaries(st.integers(0, 11), st.sampled_from([0.0, 0.5, 2.0, 90.0])),
    running_at_once=st.integers(1, 4),
)
def test_the_queue_gives_out_the_ready_node_of_the_longest_chain(
    graph: tuple[int, Edges], seconds: dict[int, float], running_at_once: int
) -> None:
    nodes, edges = graph
    priorities = {f"n{node}": value for node, value in seconds.items()}
    original = GraphQueue._get_scores
    child_queue.start_long_chains_first(priorities)
    try:
        queue = queue_of(nodes, edges)
    finally:
        GraphQueue._get_scores = original
    given_out = []
    for node, ready, ended in taken_from(queue, running_at_once):
        given_out.append(node)
        assert priorities.get(node, -1.0) == max(priorities.get(other, -1.0) for other in ready)
        assert {f"n{p}" for p, c in edges if f"n{c}" == node} <= ended
    assert sorted(given_out) == sorted(f"n{node}" for node in range(nodes))


@given(graph=graphs(), running_at_once=st.integers(1, 4))
def test_without_priorities_the_order_is_dbts_own(
    graph: tuple[int, Edges], running_at_once: int
) -> None:
    expected = [node for node, _, _ in taken_from(queue_of(*graph), running_at_once)]
    original = GraphQueue._get_scores
    child_queue.start_long_chains_first({})
    try:
        queue = queue_of(*graph)
    finally:
        GraphQueue._get_scores = original
    assert [node for node, _, _ in taken_from(queue, running_at_once)] == expected


def test_nodes_without_a_priority_come_last_in_dbts_order() -> None:
    child_queue.start_long_chains_first({"n4": 0.0, "n2": 3.0})
    queue = queue_of(5, [(0, 1)])
    order = [node for node, _, _ in taken_from(queue, 5)]
    assert order == ["n2", "n4", "n0", "n3", "n1"]


class Task:
    """Submits nodes to a pool as a task of dbt does, without a graph."""

    def __init__(self, pool: ThreadPool, priorities: dict[str, float]) -> None:
        self.queue = SimpleNamespace(
            lock=threading.Lock(), queued=set(), in_progress=set(), graph=networkx.DiGraph()
        )
        self.pool = LongestFirstPool(pool, self.queue, priorities)
        self.order: list[str] = []
        self.reported: list[str] = []

    def submit(self, unique_id: str, *, has_unit_tests: bool = False) -> None:
        node = SimpleNamespace(unique_id=unique_id)
        first = node if has_unit_tests else SimpleNamespace(node=node)
        self.queue.in_progress.add(unique_id)
        self.pool.apply_async(self.run, args=[first, unique_id], callback=self.report)

    def run(self, first: Any, unique_id: str) -> str:
        self.order.append(unique_id)
        return unique_id

    def report(self, unique_id: str) -> None:
        self.queue.in_progress.discard(unique_id)
        self.reported.append(unique_id)


@pytest.fixture
def busy() -> Iterator[tuple[ThreadPool, threading.Event]]:
    """A pool whose only thread is busy until the event is set."""
    free = threading.Event()
    pool = ThreadPool(1)
    pool.apply_async(free.wait, [60])
    yield pool, free
    free.set()
    pool.terminate()


def test_a_free_thread_takes_the_longest_chain_of_those_that_wait(
    busy: tuple[ThreadPool, threading.Event],
) -> None:
    pool, free = busy
    task = Task(pool, {"short": 1.0, "long": 9.0, "tested": 5.0})
    for unique_id in ("unknown", "short", "other", "long"):
        task.submit(unique_id)
    task.submit("tested", has_unit_tests=True)
    free.set()
    pool.close()
    pool.join()
    assert task.order == task.reported == ["long", "tested", "short", "unknown", "other"]


def test_the_batches_of_a_running_model_come_before_other_nodes(
    busy: tuple[ThreadPool, threading.Event],
) -> None:
    pool, free = busy
    task = Task(pool, {"batched": 1.0, "long": 9.0})
    for unique_id in ("batched", "long", "batched"):
        task.submit(unique_id)
    free.set()
    pool.close()
    pool.join()
    assert task.order == ["batched", "long", "batched"]


def test_a_task_that_raises_takes_no_other_with_it(
    busy: tuple[ThreadPool, threading.Event],
) -> None:
    pool, free = busy
    task = Task(pool, {"broken": 9.0})
    task.submit("whole")
    broken = SimpleNamespace(unique_id="broken")
    task.pool.apply_async(lambda node: 1 / 0, args=[broken], callback=task.report)
    task.submit("last")
    free.set()
    task.pool.close()
    task.pool.join()
    assert task.reported == ["whole", "last"]


def test_a_free_thread_waits_for_a_node_that_becomes_ready_as_another_ends() -> None:
    with ThreadPool(1) as pool:
        task = Task(pool, {"first": 9.0, "second": 8.0, "short": 1.0})
        task.queue.graph.add_edge("first", "second")
        handed_over = threading.Event()

        def report(unique_id: str) -> None:
            time.sleep(0.02)  # so long dbt does not know that the node has ended
            with task.queue.lock:
                task.report(unique_id)
                task.queue.graph.remove_node(unique_id)
                task.queue.queued.add("second")
            threading.Timer(0.02, hand_over).start()  # dbt's main thread takes its time

        def hand_over() -> None:
            with task.queue.lock:
                task.queue.queued.discard("second")
                task.queue.in_progress.add("second")
            task.submit("second")
            handed_over.set()

        first = SimpleNamespace(unique_id="first")
        task.queue.in_progress.add("first")
        task.pool.apply_async(task.run, args=[first, "first"], callback=report)
        task.submit("short")
        assert handed_over.wait(30)
        pool.close()
        pool.join()
    assert task.order == ["first", "second", "short"]


def test_a_node_that_dbt_holds_back_delays_the_others_only_once() -> None:
    with ThreadPool(1) as pool:
        task = Task(pool, {"held": 9.0})
        task.queue.in_progress.add("held")
        begin = time.monotonic()
        names = [str(number) for number in range(200)]
        for name in names:
            task.submit(name)
        pool.close()
        pool.join()
        seconds = time.monotonic() - begin
    assert task.order == names
    assert seconds < 20 * child_queue.HANDOVER_SECONDS


@pytest.mark.server
def test_a_real_run_starts_the_links_of_a_long_chain_before_short_models(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    project = {"name": "chains", "version": "1.0", "profile": "chains"}
    output = {"type": "duckdb", "path": str(tmp_path / "chains.duckdb"), "threads": 1}
    profile = {"chains": {"target": "dev", "outputs": {"dev": output}}}
    (tmp_path / "dbt_project.yml").write_text(json.dumps(project))
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    shorts = [f"a_short_{number}" for number in range(4)]
    for name in shorts:
        (tmp_path / "models" / f"{name}.sql").write_text("select 1 as id")
    links = [f"link_{number}" for number in range(3)]
    for number, name in enumerate(links):
        source = f"{{{{ ref('{links[number - 1]}') }}}}" if number else "(select 1 as id)"
        (tmp_path / "models" / f"{name}.sql").write_text(f"select * from {source}")
    chains = {f"model.chains.{name}": float(3 - number) for number, name in enumerate(links)}
    shorts_too = {f"model.chains.{name}": 0.1 for name in shorts}
    assert _started(tmp_path, {**chains, **shorts_too}) == [*links, *shorts]
    assert _started(tmp_path, {}) == [*shorts, *links]


def _started(project: Path, priorities: dict[str, float]) -> list[str]:
    """The names of the nodes of `dbt run`, in the order in which they started."""
    package = str(Path(child.__file__).parents[1])
    options = ["--quiet", "--project-dir", str(project), "--profiles-dir", str(project)]
    done = subprocess.run(
        [sys.executable, "-c", RUN, package, json.dumps(priorities), "run", *options],
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    started: list[str] = json.loads(done.stdout.splitlines()[-1])
    return started
