"""What can be reached in a graph of numbered ops."""

from collections.abc import Iterable, Sequence


def reachable(children: Sequence[Iterable[int]], start: int) -> set[int]:
    """The numbers that are reached from ``start`` by one step or more.

    Args:
        children: The numbers that are reached by one step, for each number.
        start: Where to begin; in the result only if it is in a circle.
    """
    found: set[int] = set()
    waiting = list(children[start])
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(children[number])
    return found
