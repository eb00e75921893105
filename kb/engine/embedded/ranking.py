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

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.tuning import Tuning

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Keys = NDArray[np.int64]
"""Rows with positions in them."""

_POSITION_BITS = 32
_POSITIONS = 2**_POSITION_BITS - 1


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
    starts = np.flatnonzero(_new(rows))
    return rows[starts], how.reduceat(weights, starts)


def _new(ordered: NDArray[np.integer[Any]]) -> Bools:
    """Which of the numbers are other than the one before."""
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


def totals(lists: Iterable[tuple[Ints, Floats | np.float32]], size: int) -> Floats:
    """The sum of the weights of each of ``size`` rows; a list has a weight for each of its rows or one for all."""
    sums = np.zeros(size, np.float32)
    for rows, weights in lists:
        np.add.at(sums, rows, weights)
    return sums


class Standing(NamedTuple):
    """A term's rows, ascending, its frequency in each, and what reads its positions in all of them, row after row."""

    rows: Ints
    frequencies: NDArray[np.integer[Any]]
    positions: Callable[[], NDArray[np.integer[Any]]]


def phrase(steps: Sequence[Sequence[Standing] | None]) -> tuple[Ints, Floats]:
    """Rows where the steps stand at consecutive positions, and how often.

    ``steps`` holds the alternative terms of each step, or None for any word. A row and a position make one 64-bit key, so
    that „the next word" is „the key plus one" and a phrase is an intersection of sorted keys. Positions are looked at in the
    rows alone that have every step.
    """
    places = [(distance, step) for distance, step in enumerate(steps) if step is not None]
    common = _common([[term.rows for term in step] for _, step in places])
    found: Keys | None = None
    for distance, step in places if common.any() else ():
        keys = _alternatives([_keys(term, common, distance) for term in step])
        found = keys if found is None else _both(found, keys)
        if not len(found):
            break
    if found is None or not len(found):
        return np.empty(0, np.int32), np.empty(0, np.float32)
    rows = (found >> _POSITION_BITS).astype(np.int32)
    first = np.flatnonzero(_new(rows))
    return rows[first], np.diff(first, append=len(rows)).astype(np.float32)


def _common(steps: Sequence[Sequence[Ints]]) -> Bools:
    """Which rows have every step, by row."""
    size = min((max((int(rows[-1]) + 1 for rows in step if len(rows)), default=0) for step in steps), default=0)
    common = np.ones(size, dtype=bool)
    for step in steps if size else ():
        present = np.zeros(size, dtype=bool)
        for rows in step:
            present[_below(rows, size)] = True
        common &= present
    return common


def _below(rows: Ints, size: int) -> Ints:
    return rows[: rows.searchsorted(size)]


def _keys(term: Standing, common: Bools, distance: int) -> Keys:
    """The keys of a term's places in the rows that count, each moved back to where the phrase would begin."""
    keys = _places(term, np.flatnonzero(common[_below(term.rows, len(common))]))
    if not distance:
        return keys
    # A place too near the text's beginning would give a key of the row before.
    moved: Keys = keys[keys & _POSITIONS >= distance] - distance
    return moved


def _places(term: Standing, chosen: Indices) -> Keys:
    """The keys of a term's places in the ``chosen`` of its rows."""
    if not len(chosen):
        return np.empty(0, np.int64)
    rows, positions = term.rows[chosen].astype(np.int64), term.positions()
    if len(positions) == len(term.rows):
        places = positions[chosen]
    else:
        counts = term.frequencies[chosen].astype(np.intp)
        # Where each row's positions begin among all, less where they are to be among those that are chosen.
        shift = np.cumsum(term.frequencies, dtype=np.intp)[chosen] - np.cumsum(counts)
        places = positions[np.repeat(shift, counts) + np.arange(int(counts.sum()))]
        rows = np.repeat(rows, counts)
    keys: Keys = (rows << _POSITION_BITS) + places
    return keys


def _alternatives(lists: Sequence[Keys]) -> Keys:
    """The keys of any of a step's terms, each once, ascending; those of one term are so already."""
    lists = [keys for keys in lists if len(keys)]
    if len(lists) < 2:
        return lists[0] if lists else np.empty(0, np.int64)
    keys: Keys = np.concatenate(lists)
    keys.sort(kind="stable")
    distinct: Keys = keys[_new(keys)]
    return distinct


def _both(one: Keys, other: Keys) -> Keys:
    """The keys that are in both."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    if not len(many):
        return few
    at = many.searchsorted(few)
    at[at == len(many)] = 0
    shared: Keys = few[many[at] == few]
    return shared


def places(terms: Iterable[Standing], wanted: Ints) -> Keys:
    """The keys of all places of any of the terms in those of the ``wanted`` rows, ascending, that have it; each once."""
    found = []
    for term in terms:
        at = term.rows.searchsorted(wanted)
        at[at == len(term.rows)] = 0
        found.append(_places(term, at[term.rows[at] == wanted] if len(term.rows) else at[:0]))
    return _alternatives(found)


def by_row(keys: Keys, rows: Ints) -> list[list[int]]:
    """The positions of each of the ``rows``, ascending, which are all that the keys are of."""
    positions = (keys & _POSITIONS).tolist()
    firsts = keys.searchsorted(rows.astype(np.int64) << _POSITION_BITS).tolist()
    return [positions[first:end] for first, end in pairwise([*firsts, len(keys)])]


def top(scores: Floats, count: int) -> Indices:
    """Indices of the ``count`` greatest scores, greatest first, ties in index order."""
    if not count:
        return np.empty(0, np.intp)
    if len(scores) <= count:
        return (-scores).argsort(kind="stable")
    border = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= border)
    return candidates[(-scores[candidates]).argsort(kind="stable")][:count]
