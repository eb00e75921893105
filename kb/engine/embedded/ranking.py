"""Ranking as arithmetic on arrays: BM25 over posting lists, phrases, sums and maxima over rows, the best of them.

Pure functions and frozen values; rows, positions and frequencies are NumPy arrays of one index (all segments joined).
The formula is Robertson and Zaragoza's BM25 (*The Probabilistic Relevance Framework: BM25 and Beyond*, 2009) with the idf of
Lucene, which is never negative:

    idf(t)      = ln(1 + (N - df + 0.5) / (df + 0.5))
    impact(t,p) = idf(t) · tf / (tf + k1 · (1 - b + b · length(p) / average length))

N counts pages, df the pages with the term, lengths are in words; a page shorter than ``shortest`` of the average counts as long
as that. Scores have no unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.tuning import Tuning

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_POSITION_BITS = 32


def norms(lengths: Ints, average: float, tuning: Tuning) -> Floats:
    """The denominator's share that depends on the page alone: k1 · (1 - b + b · max(shortest, length / average))."""
    relative = np.maximum(lengths / max(average, 1.0), tuning.shortest)
    return (tuning.k1 * (1 - tuning.b + tuning.b * relative)).astype(np.float32)


def impacts(rows: Ints, frequencies: Floats, norm: Floats) -> Floats:
    """A term's weight on each of its rows, between 0 and 1, idf left out."""
    return frequencies / (frequencies + norm[rows])


def best_of(lists: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Join weighted row lists: each row once, ascending, with its greatest weight."""
    lists = [(rows, weights) for rows, weights in lists if len(rows)]
    if not lists:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    if len(lists) == 1:
        return lists[0]
    return _merge(np.concatenate([r for r, _ in lists]), np.concatenate([w for _, w in lists]), np.maximum)


def sum_of(lists: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Join weighted row lists: each row once, ascending, with the sum of its weights."""
    lists = [(rows, weights) for rows, weights in lists if len(rows)]
    if not lists:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    if len(lists) == 1:
        return lists[0]
    return _merge(np.concatenate([r for r, _ in lists]), np.concatenate([w for _, w in lists]), np.add)


def _merge(rows: Ints, weights: Floats, how: np.ufunc) -> tuple[Ints, Floats]:
    order = np.argsort(rows, kind="stable")
    rows, weights = rows[order], weights[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[starts], how.reduceat(weights, starts)


def totals(lists: Iterable[tuple[Ints, Floats | np.float32]], size: int) -> Floats:
    """The sum of the weights of each of ``size`` rows; a list has a weight for each of its rows or one for all."""
    sums = np.zeros(size, np.float32)
    for rows, weights in lists:
        np.add.at(sums, rows, weights)
    return sums


def phrase(steps: Sequence[tuple[Ints, Ints] | None]) -> tuple[Ints, Floats]:
    """Rows where the steps stand at consecutive positions, and how often.

    ``steps`` holds for each step its occurrences as (rows, positions), or None for any word. A row and a position make one
    64-bit key, so that „the next word" is „the key plus one" and a phrase is an intersection of sorted keys.
    """
    places = [(distance, *step) for distance, step in enumerate(steps) if step is not None]
    if not places or not all(len(rows) for _, rows, _ in places):
        return np.empty(0, np.int32), np.empty(0, np.float32)
    # Most occurrences fall away with the rows that lack another step, before anything is sorted.
    size = min(int(rows.max()) for _, rows, _ in places) + 1
    common = np.ones(size, dtype=bool)
    for _, rows, _ in places:
        present = np.zeros(size, dtype=bool)
        present[rows[rows < size]] = True
        common &= present
    found: NDArray[np.int64] | None = None
    for distance, rows, positions in places:
        # A place too near the text's beginning would give a key of the row before.
        kept = common[np.minimum(rows, size - 1)] & (rows < size) & (positions >= distance)
        keys = (rows[kept].astype(np.int64) << _POSITION_BITS) + positions[kept] - distance
        keys.sort(kind="stable")  # each term's are in order already, so that this is a merge
        keys = keys[np.diff(keys, prepend=-1) != 0]
        if found is None:
            found = keys
        else:
            both = np.concatenate((found, keys))
            both.sort(kind="stable")
            found = both[:-1][both[1:] == both[:-1]]
    assert found is not None
    rows = (found >> _POSITION_BITS).astype(np.int32)
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[first], np.diff(first, append=len(rows)).astype(np.float32)


def top(scores: Floats, count: int) -> Indices:
    """Indices of the ``count`` greatest scores, greatest first, ties in index order."""
    if not count:
        return np.empty(0, np.intp)
    if len(scores) <= count:
        return (-scores).argsort(kind="stable")
    border = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= border)
    return candidates[(-scores[candidates]).argsort(kind="stable")][:count]
