"""Sets of numbers in few bytes, as the cluster reads them: the portable format of Roaring bitmaps, in base64.

Numbers are grouped by their upper 16 bits. Of each group the lower 16 bits are listed where they are few, else there is a bit for
each of the 65,536: so no set takes more than an eighth of a byte for each number up to its greatest.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection

import numpy as np

_COOKIE = 12_346
"""Begins a bitmap without run-length encoding, which the cluster could read, too."""
_MOST_LISTED = 4_096
_GROUP = 1 << 16


def packed(numbers: Collection[int]) -> str:
    """A set of numbers, each from 0 to 2³² - 1."""
    ordered = np.unique(np.fromiter(numbers, np.uint32, len(numbers)))
    groups, starts = np.unique(ordered >> 16, return_index=True)
    heads, parts = [], []
    for group, low in zip(groups, np.split((ordered & (_GROUP - 1)).astype("<u2"), starts[1:]), strict=False):
        heads.append((group, len(low) - 1))
        parts.append(low.tobytes() if len(low) <= _MOST_LISTED else _bits(low))
    sizes = [len(part) for part in parts]
    offsets = 8 + 8 * len(parts) + np.cumsum([0, *sizes])[:-1]
    head = np.array([_COOKIE, len(parts)], "<u4").tobytes() + np.array(heads, "<u2").tobytes()
    return b64encode(b"".join([head, offsets.astype("<u4").tobytes(), *parts])).decode()


def unpacked(text: str) -> frozenset[int]:
    """The numbers of a set that ``packed`` has made."""
    data = b64decode(text)
    count = int(np.frombuffer(data, "<u4", 1, 4)[0])
    heads = np.frombuffer(data, "<u2", 2 * count, 8).reshape(count, 2)
    at, found = 8 + 8 * count, set()
    for group, last in heads.tolist():
        if last < _MOST_LISTED:
            low = np.frombuffer(data, "<u2", last + 1, at)
        else:
            low = np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8, _GROUP // 8, at), bitorder="little"))
        at += 2 * (last + 1) if last < _MOST_LISTED else _GROUP // 8
        found.update((low.astype(np.int64) + group * _GROUP).tolist())
    return frozenset(found)


def _bits(low: np.ndarray[tuple[int], np.dtype[np.uint16]]) -> bytes:
    there = np.zeros(_GROUP, bool)
    there[low] = True
    return np.packbits(there, bitorder="little").tobytes()
