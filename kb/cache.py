"""A cache with a limit in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The values of the latest keys, in at most so many bytes. Safe to use from many threads.

    A search asks for some dozens of values: each by ``cachetools`` would take several times as long.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key; None where it is not kept."""
        with self._lock:
            known = self._values.get(key)
            if known is None:
                return None
            self._values.move_to_end(key)
        return known[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of so many bytes, its key counted in, unless it is larger than the whole cache."""
        if size > self.most_bytes:
            return
        with self._lock:
            before = self._values.pop(key, None)
            self._values[key] = value, size
            self.bytes += size - (before[1] if before else 0)
            while self.bytes > self.most_bytes:
                _, (_, dropped) = self._values.popitem(last=False)
                self.bytes -= dropped
