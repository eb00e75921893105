"""Memory that is free again goes back to the system: the heaps that glibc keeps for each thread seldom shrink by themselves."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from contextlib import suppress

TIDY_SECONDS = 10.0
"""How often memory is given back while requests come: it takes some milliseconds, in which other threads may work."""


def give_back() -> None:
    """Give free memory back, where the C library does not do so itself."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


async def keep_tidy(answered: Callable[[], int], seconds: float = TIDY_SECONDS) -> None:
    """Give memory back from time to time, where requests were ``answered`` that may have left some."""
    seen = -1
    while True:
        if answered() != seen:
            seen = answered()
            await asyncio.to_thread(give_back)
        await asyncio.sleep(seconds)
