"""Until when a request may work: every dear step asks ``check`` first, so that no query runs on after its time or its reader.

The deadline of the present request is held in a context variable, which goes along into the thread of the handler. Where there
is none (command line, indexer, tests of single parts), nothing is limited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kb.errors import Abandoned, TooSlow


class Deadline:
    """Some seconds from now on. ``clock`` counts seconds; one thread works under a deadline, another may cancel it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._end = clock() + seconds
        self._cancelled = False

    @property
    def left(self) -> float:
        """Seconds until the end; below 0 after it."""
        return self._end - self.clock()

    def cancel(self) -> None:
        """End the work at its next step: nobody waits for it any more."""
        self._cancelled = True

    def move(self, seconds: float) -> None:
        """Set the end so much later, or earlier."""
        self._end += seconds

    def check(self) -> None:
        """Raises TooSlow after the end, Abandoned when cancelled."""
        if self._cancelled:
            raise Abandoned("Żądanie przerwano.")
        if self.left <= 0:
            raise TooSlow("Odpowiedź trwała zbyt długo. Zadaj krótsze pytanie albo spróbuj ponownie za chwilę.")


_present: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def check() -> None:
    """Before a dear step: raises TooSlow or Abandoned when the present request should not go on."""
    deadline = _present.get()
    if deadline is not None:
        deadline.check()


def left() -> float | None:
    """Seconds that the present request may still work; None where nothing is limited."""
    deadline = _present.get()
    return None if deadline is None else deadline.left


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Work under a deadline."""
    token = _present.set(deadline)
    try:
        yield
    finally:
        _present.reset(token)


@contextmanager
def optional() -> Iterator[None]:
    """Work that an answer can do without: it has half of the time that is left, and is left out when it takes longer."""
    deadline = _present.get()
    if deadline is None:
        yield
        return
    kept_back = max(deadline.left, 0.0) / 2
    deadline.move(-kept_back)
    try:
        yield
    except TooSlow:
        pass
    finally:
        deadline.move(kept_back)


@contextmanager
def untimed() -> Iterator[None]:
    """Work done once for all readers to come: it is always finished, and the request that it fell to has its time after it."""
    deadline = _present.get()
    if deadline is None:
        yield
        return
    started = deadline.clock()
    token = _present.set(None)
    try:
        yield
    finally:
        _present.reset(token)
        deadline.move(deadline.clock() - started)
