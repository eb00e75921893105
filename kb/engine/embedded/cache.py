"""A cache with a limit in bytes."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The values of the latest keys, in at most so many bytes. Safe to use from many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._values: LRUCache[Hashable, tuple[Value, int]] = LRUCache(most_bytes, lambda kept: kept[1])
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key; None where it is not kept."""
        with self._lock:
            known = self._values.get(key)
        return known[0] if known else None

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of so many bytes, its key counted in, unless it is larger than the whole cache."""
        with self._lock:
            if size <= self._values.maxsize:
                self._values[key] = value, size
