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
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.tuning import Tuning

Ints = NDArray[np.int32]
Numbers = NDArray[np.integer[Any]]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Keys = NDArray[np.int64]
"""Rows with positions in them."""

_FEW = 12
"""Of so many numbers one: then adding up those between is faster than adding up one by one."""
_POSITION_BITS = 32
_POSITIONS = 2**_POSITION_BITS - 1


def norms(lengths: Ints, average: float, tuning: Tuning) -> Floats:
    """The denominator's share that depends on the page alone: k1 · (1 - b + b · max(shortest, length / average))."""
    relative = np.maximum(lengths / max(average, 1.0), tuning.shortest)
    return (tuning.k1 * (1 - tuning.b + tuning.b * relative)).astype(np.float32)


def impacts(rows: Indices, frequencies: Numbers, norm: Floats) -> Floats:
    """A term's weight on each of its rows, between 0 and 1, idf left out."""
    times = frequencies.astype(np.float32)
    found: Floats = norm[rows]
    found += times
    return np.divide(times, found, out=found)


Weighted = tuple[Indices, Floats]
"""Rows, ascending, with a weight above 0 for each."""


def nothing() -> Weighted:
    """No row at all."""
    return np.empty(0, np.intp), np.empty(0, np.float32)


def best_of(lists: Sequence[Weighted]) -> Weighted:
    """Join weighted row lists: each row once, ascending, with its greatest weight."""
    return _joined([(*weighted, np.maximum) for weighted in lists])


def sum_of_best(fields: Sequence[Sequence[Weighted]]) -> Weighted:
    """Join the lists of several fields: each row once, ascending, with the sum of its greatest weight in each field."""
    first, *rest = fields
    return _joined([*((*weighted, np.maximum) for weighted in first), *((*best_of(own), np.add) for own in rest)])


def _joined(lists: Sequence[tuple[Indices, Floats, np.ufunc]]) -> Weighted:
    """One list after the other, each put to what the rows have of those before as it says itself."""
    lists = [each for each in lists if len(each[0])]
    if len(lists) < 2:
        return lists[0][:2] if lists else nothing()
    weights = np.zeros(1 + max(int(rows[-1]) for rows, _, _ in lists), np.float32)
    known: list[Indices] = []
    for rows, own, how in lists:
        before = weights[rows] if known else own
        weights[rows] = how(before, own) if known else own
        known.append(rows[before == 0] if known else rows)
    known = [rows for rows in known if len(rows)]
    rows = known[0]
    if len(known) > 1:  # runs in order, which a stable sort only has to merge
        rows = np.concatenate(known)
        rows.sort(kind="stable")
    return rows, weights[rows]


def _new(ordered: NDArray[np.integer[Any]]) -> Bools:
    """Which of the numbers are other than the one before."""
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


class Standing:
    """Where a term stands: on how many rows, and what is read when it is asked for.

    That are its rows, ascending, with its frequency in each, and its positions in all of them, row after row.
    """

    def __init__(
        self, count: int, counts: Callable[[], tuple[Indices, Numbers]], positions: Callable[[], Numbers]
    ) -> None:
        self.count = count
        self._counts = counts
        self.positions = positions

    @cached_property
    def counts(self) -> tuple[Indices, Numbers]:
        """Its rows, and its frequency in each."""
        return self._counts()

    @property
    def rows(self) -> Indices:
        """Its rows."""
        return self.counts[0]


def phrase(steps: Sequence[Sequence[Standing] | None]) -> tuple[Indices, Numbers]:
    """Rows where the steps stand at consecutive positions, and how often.

    ``steps`` holds the alternative terms of each step, or None for any word. A row and a position make one 64-bit key, so
    that „the next word" is „the key plus one" and a phrase is an intersection of sorted keys. Positions are looked at in the
    rows alone that have every step.
    """
    # The rarest first: what has none of its rows need not be read further.
    places = sorted(
        ((distance, step) for distance, step in enumerate(steps) if step is not None),
        key=lambda place: sum(term.count for term in place[1]),
    )
    common = _common([step for _, step in places])
    found: Keys | None = None
    for distance, step in places if common is not None else ():
        assert common is not None
        keys = _alternatives([_keys(term, common, distance) for term in step])
        found = keys if found is None else _both(found, keys)
        if not len(found):
            break
    if found is None or not len(found):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    rows: Indices = found >> _POSITION_BITS
    first = np.flatnonzero(_new(rows))
    return rows[first], np.diff(first, append=len(rows))


def _common(steps: Sequence[Sequence[Standing]]) -> Bools | None:
    """Which rows have every step, by row, as far as any has; None where none has."""
    left: Indices | None = None
    for step in steps:
        own = [term.rows for term in step if term.count]
        if left is None:
            left = own[0] if len(own) == 1 else np.concatenate([np.empty(0, np.intp), *own])
        else:
            present = _marked(own, int(left.max()) + 1)
            left = left[present[left]]
        if not len(left):
            return None
    return None if left is None else _marked([left], int(left.max()) + 1)


def _marked(lists: Sequence[Indices], size: int) -> Bools:
    """Which of so many rows are in any of the lists; others of theirs, which are greater, come last if the list is in order."""
    marked = np.zeros(size, dtype=bool)
    for rows in lists:
        marked[rows if len(rows) and rows[-1] < size else rows[: rows.searchsorted(size)]] = True
    return marked


def _keys(term: Standing, common: Bools, distance: int) -> Keys:
    """The keys of a term's places in the rows that count, each moved back to where the phrase would begin."""
    rows = term.rows
    keys = _places(term, common[rows[: rows.searchsorted(len(common))]].nonzero()[0])
    if not distance:
        return keys
    # A place too near the text's beginning would give a key of the row before.
    moved: Keys = keys[keys & _POSITIONS >= distance] - distance
    return moved


def _places(term: Standing, chosen: Indices) -> Keys:
    """The keys of a term's places in the ``chosen`` of its rows."""
    if not len(chosen):
        return np.empty(0, np.int64)
    (all_rows, frequencies), positions = term.counts, term.positions()
    rows = all_rows[chosen]
    if len(positions) == term.count:
        places = positions[chosen]
    else:
        counts = frequencies[chosen].astype(np.intp)
        # Where each row's positions begin among all, less where they are to be among those that are chosen.
        shift = _before(frequencies, chosen) - (counts.cumsum() - counts)
        places = positions[np.repeat(shift, counts) + np.arange(int(counts.sum()))]
        rows = np.repeat(rows, counts)
    keys: Keys = (rows << _POSITION_BITS) + places
    return keys


def _before(counts: Numbers, chosen: Indices) -> Indices:
    """The sum of all counts before each of the ``chosen``, ascending."""
    if len(counts) < _FEW * len(chosen):
        sums = counts.cumsum(dtype=np.intp)[chosen]
        sums -= counts[chosen]
        return sums
    sums = np.empty(len(chosen), np.intp)
    sums[0] = counts[: chosen[0]].sum(dtype=np.intp)
    sums[1:] = np.add.reduceat(counts[: chosen[-1]], chosen[:-1], dtype=np.intp) if len(chosen) > 1 else 0
    return sums.cumsum()


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


def places(terms: Iterable[Standing], wanted: Indices) -> Keys:
    """The keys of all places of any of the terms in those of the ``wanted`` rows, ascending, that have it; each once."""
    found = []
    for term in terms:
        rows = term.rows
        at = rows.searchsorted(wanted)
        at[at == len(rows)] = 0
        found.append(_places(term, at[rows[at] == wanted]) if len(rows) else at)
    return _alternatives(found)


def by_row(keys: Keys, rows: Indices) -> list[list[int]]:
    """The positions of each of the ``rows``, ascending, which are all that the keys are of."""
    positions = (keys & _POSITIONS).tolist()
    firsts = keys.searchsorted(rows << _POSITION_BITS).tolist()
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
