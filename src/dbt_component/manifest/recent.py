"""The most recently used values of a kind, so that a process reads and builds each only once."""

from collections import OrderedDict
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_MAX_KEPT = 8


class Recent(Generic[_Key, _Value]):
    """The most recently used values, at most ``_MAX_KEPT``."""

    def __init__(self) -> None:
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def find(self, key: _Key) -> _Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: _Key, value: _Value) -> None:
        self._values[key] = value
        if len(self._values) > _MAX_KEPT:
            self._values.popitem(last=False)
