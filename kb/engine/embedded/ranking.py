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

from collections.abc import Callable, Sequence
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
"""Of two lists, one that is so many times as long is searched for each row of the other; else marking its rows is faster."""
_LONG = 2_000
"""Of a list of so many rows, or of no more than are wanted, all places are looked at: to choose among them takes longer."""
_POSITION_BITS = 32
_POSITIONS = 2**_POSITION_BITS - 1


def norms(lengths: Ints, average: float, tuning: Tuning) -> Floats:
    """The denominator's share that depends on the page alone: k1 · (1 - b + b · max(shortest, length / average))."""
    relative = np.maximum(lengths / max(average, 1.0), tuning.shortest)
    return (tuning.k1 * (1 - tuning.b + tuning.b * relative)).astype(np.float32)


def impacts(rows: Indices, frequencies: Numbers, norm: Floats) -> Floats:
    """A term's weight on each of its rows, between 0 and 1, idf left out."""
    times = frequencies.astype(np.float32)
    found: Floats = norm.take(rows)
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
    """Lists one after the other, each with how its weights go together with what its rows have by then.

    The rows are put in order only as far as a later list has others than those before: mostly it has none.
    """
    lists = [each for each in lists if len(each[0])]
    if len(lists) < 2:
        return lists[0][:2] if lists else nothing()
    weights = np.zeros(1 + max(int(rows[-1]) for rows, _, _ in lists), np.float32)
    known: list[Indices] = []
    for rows, own, how in lists:
        before = weights.take(rows) if known else own
        weights[rows] = how(before, own) if known else own
        known.append(rows[before == 0] if known else rows)
    known = [rows for rows in known if len(rows)]
    rows = known[0]
    if len(known) > 1:  # runs in order, which a stable sort only has to merge
        rows = np.concatenate(known)
        rows.sort(kind="stable")
    return rows, weights.take(rows)


def _new(ordered: NDArray[np.integer[Any]]) -> Bools:
    """Which of the numbers are other than the one before."""
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


class Postings:
    """A term's list: on how many rows it stands, and the rest when it is asked for.

    The rest is its rows, ascending, with its frequency in each, and its positions in all of them, row after row.
    """

    def __init__(
        self, count: int, counts: Callable[[], tuple[Indices, Numbers]], positions: Callable[[], Numbers]
    ) -> None:
        self.count = count
        self._read = counts
        self._counts: tuple[Indices, Numbers] | None = None
        self.positions = positions

    @property
    def counts(self) -> tuple[Indices, Numbers]:
        """Its rows, and its frequency in each."""
        if self._counts is None:
            self._counts = self._read()
        return self._counts

    @property
    def rows(self) -> Indices:
        """Its rows."""
        return self.counts[0]


def phrase(steps: Sequence[Sequence[Postings] | None]) -> tuple[Indices, Numbers]:
    """Rows where the steps stand at consecutive positions, and how often.

    ``steps`` holds the alternative terms of each step, or None for any word. A row and a position make one 64-bit key, so
    that „the next word" is „the key plus one" and a phrase is an intersection of sorted keys.
    """
    # The rarest first: of a long list only the rows are looked at in which all steps before were found.
    ordered = sorted(
        ((distance, [term for term in step if term.count]) for distance, step in enumerate(steps) if step is not None),
        key=lambda place: sum(term.count for term in place[1]),
    )
    found: Keys | None = None
    all_long = all(sum(term.count for term in step) > _LONG for _, step in ordered)
    rows = _common([step for _, step in ordered]) if all_long and len(ordered) > 1 else None
    for distance, step in ordered:
        keys = _alternatives([_places(term, rows) for term in step])
        if distance:
            # A place too near the text's beginning would give a key of the row before.
            keys = keys[(keys & _POSITIONS >= distance).nonzero()[0]] - distance
        found = keys if found is None else _both(found, keys)
        if not len(found):
            break
        all_rows = found >> _POSITION_BITS
        first = _new(all_rows).nonzero()[0]
        rows = all_rows[first]
    if found is None or not len(found):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    return all_rows[first], np.diff(first, append=len(found))


def _common(steps: Sequence[Sequence[Postings]]) -> Indices:
    """The rows that have every step, ascending."""
    common = np.ones(1 + max(int(term.rows[-1]) for step in steps for term in step), dtype=bool)
    for step in steps:
        present = np.zeros_like(common)
        for term in step:
            present[term.rows] = True
        common &= present
    return common.nonzero()[0]


def _places(term: Postings, wanted: Indices | None) -> Keys:
    """The keys of a term's places, of a long list those in the ``wanted`` rows, ascending, alone."""
    if wanted is None or term.count <= max(_LONG, len(wanted)):
        (rows, frequencies), positions = term.counts, term.positions()
        rows = rows << _POSITION_BITS
        keys: Keys = rows if len(positions) == term.count else np.repeat(rows, frequencies)
        keys += positions
        return keys
    chosen = _chosen(term, wanted)
    if not len(chosen):
        return np.empty(0, np.int64)
    (all_rows, frequencies), positions = term.counts, term.positions()
    counts = frequencies[chosen]
    keys = np.repeat(all_rows[chosen] << _POSITION_BITS, counts)
    keys += positions[runs(before(frequencies, chosen), counts)]
    return keys


def _chosen(term: Postings, rows: Indices) -> Indices:
    """Where in a term's rows those of the rows, ascending, stand that have it."""
    if term.count > _FEW * len(rows):
        at = term.rows.searchsorted(rows)
        at[at == term.count] = 0
        chosen: Indices = at[(term.rows[at] == rows).nonzero()[0]]
        return chosen
    marked = np.zeros(1 + max(int(rows[-1]), int(term.rows[-1])), dtype=bool)
    marked[rows] = True
    return marked[term.rows].nonzero()[0]


def before(counts: Numbers, chosen: Indices) -> Indices:
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
    return _distinct(lists)


def _distinct(lists: Sequence[Keys]) -> Keys:
    keys: Keys = np.concatenate([np.empty(0, np.int64), *lists])
    keys.sort(kind="stable")
    distinct: Keys = keys[_new(keys).nonzero()[0]]
    return distinct


def _both(one: Keys, other: Keys) -> Keys:
    """The keys that are in both."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    if not len(many):
        return few
    at = many.searchsorted(few)
    at[at == len(many)] = 0
    shared: Keys = few[(many[at] == few).nonzero()[0]]
    return shared


def keys_of(rows: Indices, counts: Numbers, positions: Numbers) -> Keys:
    """The keys of places, ascending, each once: of the positions so many are of each of the rows, which are in any order."""
    keys = np.repeat(rows << _POSITION_BITS, counts)
    keys += positions
    return _distinct([keys])


def by_row(keys: Keys, rows: int) -> list[list[int]]:
    """The positions of each of the rows, from 0 to so many, which are all that the keys are of."""
    positions = (keys & _POSITIONS).tolist()
    firsts = keys.searchsorted(np.arange(rows) << _POSITION_BITS).tolist()
    return [positions[first:end] for first, end in pairwise([*firsts, len(keys)])]


def runs(firsts: Indices, lengths: Numbers) -> Indices:
    """The numbers of several runs, one after the other: so many from each of the ``firsts`` on."""
    ends = lengths.cumsum(dtype=np.intp)
    numbers: Indices = np.repeat(firsts - (ends - lengths), lengths)
    numbers += np.arange(len(numbers))
    return numbers
