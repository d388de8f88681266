"""Python's garbage collector, told of definitions that stay for the life of the process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY_NODES = 2_000


@contextmanager
def built_for_good(node_count: int) -> Iterator[None]:
    """Keeps the collector from walking through large definitions, over and over, that are never garbage.

    While they are built it rests; afterwards all that is there is frozen (``gc.freeze``), so that only
    what comes later is looked through. It matters from some thousand nodes on, where one collection
    takes 0.3 s and Dagster's loading sets off dozens; below, nothing is changed.

    Args:
        node_count: Nodes and tests of the project.
    """
    was_enabled = gc.isenabled()
    if node_count < _MANY_NODES or not was_enabled:
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
