"""Values that follow what they are made of: a file that may change, a state of the index that a commit may replace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

from kb.deadline import untimed
from kb.disk import stamp
from kb.errors import TaxonomyError

Value = TypeVar("Value")


class FileValue(Generic[Value]):
    """What was read from a file, read again when the file changes; while it cannot be used, the last good value."""

    def __init__(self, path: Path, read: Callable[[], Value], first: Value) -> None:
        self._path = path
        self._read = read
        self._kept: tuple[object, Value] = (None, first)

    def current(self) -> Value:
        """The value of the file as it is now."""
        now = stamp(self._path)
        if self._kept[0] != now:
            try:
                with untimed():
                    self._kept = (now, self._read())
            except TaxonomyError:
                self._kept = (now, self._kept[1])
        return self._kept[1]


class KeyedValue(Generic[Value]):
    """A value that takes a while to make, kept for the latest key alone; threads that want a new one wait for the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, Value] | None = None

    def of(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value for this key."""
        kept = self._kept
        if kept is None or kept[0] != key:
            with untimed(), self._lock:
                kept = self._kept
                if kept is None or kept[0] != key:
                    kept = self._kept = (key, make())
        return kept[1]
