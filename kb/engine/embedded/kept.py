"""What was worked out is kept for those who ask again, in at most so many bytes."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What was worked out for the latest keys."""

    def __init__(self, most_bytes: int) -> None:
        self._values: LRUCache[Hashable, tuple[Value, int]] = LRUCache(most_bytes, lambda kept: kept[1])
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """What is kept of a key."""
        with self._lock:
            known = self._values.get(key)
        return known[0] if known else None

    def keep(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of so many bytes, its key counted in; what is larger than all that may be kept is not."""
        with self._lock:
            if size <= self._values.maxsize:
                self._values[key] = value, size
