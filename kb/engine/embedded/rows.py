"""The rows of one committed state as arrays: what stands in which row, and in which rows something stands.

Segments are joined: a row is counted over all of them. Deleted rows keep their numbers and are left out of everything found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.engine.embedded import ranking
from kb.engine.embedded.ranking import Bools, Indices, Ints, Numbers, Postings
from kb.engine.embedded.segments import Record, Segment
from kb.tuning import Tuning

Steps = Sequence[Sequence[str]]
"""Alternative terms at consecutive positions; an empty step is any word."""
_NOTHING = np.empty(0, np.intp), np.empty(0, np.intp)


class Rows:
    """All rows of all segments."""

    def __init__(self, segments: Sequence[Segment], tuning: Tuning) -> None:
        self.segments = segments
        self._bases: list[int] = np.cumsum([0, *(segment.size for segment in segments)]).tolist()[:-1]
        """The first row of each segment."""
        columns = [segment.columns for segment in segments]
        self.numbers: Ints = _joined([own.numbers for own in columns])
        """The page number of each row, 0 for a document row."""
        self.weights = np.where(_joined([own.contents for own in columns]), tuning.contents_page, 1).astype(np.float32)
        """What a page's score is multiplied by."""
        self.weighted = bool((self.weights != 1).any())
        """Whether it is anything but 1."""
        self.records: list[Record] = [record for own in columns for record in own.records]
        self.deleted: Bools = np.zeros(len(self.numbers), dtype=bool)
        for segment, base in zip(segments, self._bases, strict=False):
            self.deleted[segment.deleted + base] = True
        self._any_deleted = bool(self.deleted.any())
        self.starts = np.flatnonzero(self.numbers == 0)
        """The document row of each document, deleted ones included."""
        self.ends = np.append(self.starts[1:], len(self.numbers))
        self._page_counts: Indices = self.ends - self.starts - 1
        self.owners: Ints = (np.cumsum(self.numbers == 0) - 1).astype(np.int32)
        """Which document each row belongs to."""
        pages = (self.numbers > 0) & ~self.deleted
        self.page_count = int(np.count_nonzero(pages))
        lengths: Ints = _joined([own.lengths for own in columns])
        self.norms = ranking.norms(lengths, float(lengths[pages].mean()) if pages.any() else 1.0, tuning)

    def __len__(self) -> int:
        return len(self.numbers)

    def stored(self, row: int) -> dict[str, Any]:
        """A row's stored values."""
        at = bisect_right(self._bases, row) - 1
        return self.segments[at].stored(row - self._bases[at])

    def find(self, field: str, steps: Steps) -> tuple[Indices, Numbers]:
        """Rows with the steps at consecutive positions, ascending, and how often they stand there."""
        if len(self.segments) == 1:
            found = _found(self.segments[0], 0, field, steps)
        else:
            parts = [
                _found(segment, base, field, steps) for segment, base in zip(self.segments, self._bases, strict=True)
            ]
            found = _concatenated([part for part in parts if part is not None])
        if found is None:
            return _NOTHING
        rows, frequencies = found
        if not self._any_deleted:
            return rows, frequencies
        alive = ~self.deleted[rows]
        return rows[alive], frequencies[alive]

    def locate(self, terms: Sequence[tuple[str, str]], rows: Indices) -> list[list[int]]:
        """The positions of any of the terms, as (field, term), in each of the rows, which are ascending."""
        borders = rows.searchsorted([*self._bases, len(self.numbers)]).tolist()
        found: list[list[int]] = []
        for segment, base, (first, end) in zip(self.segments, self._bases, pairwise(borders), strict=True):
            if first < end:
                found += _located(segment, terms, rows[first:end] - base)
        return found

    def pages_of(self, document_rows: Indices) -> Indices:
        """The page rows of documents given by their document rows."""
        return ranking.runs(document_rows + 1, self._page_counts[self.owners[document_rows]])


def _found(segment: Segment, base: int, field: str, steps: Steps) -> tuple[Indices, Numbers] | None:
    """The rows of one segment, counted over all of them, and how often the steps stand there; None where nowhere."""
    if len(steps) == 1 and len(steps[0]) == 1:
        term = segment.postings(field, steps[0][0])
        found = term.counts if term else None
    else:
        postings: list[list[Postings] | None] = []
        for step in steps:
            there = [term for name in step if (term := segment.postings(field, name))]
            if step and not there:  # no list need be read, nor the others be looked for
                return None
            postings.append(there if step else None)
        found = ranking.phrase(postings)
    if found is None or not len(found[0]):
        return None
    return (found[0] + base, found[1]) if base else found


def _located(segment: Segment, terms: Sequence[tuple[str, str]], rows: Indices) -> list[list[int]]:
    """The positions of any of the terms in each of the rows of one segment, which are ascending."""
    parts = [part for field, term in terms if (part := segment.places(field, term, rows))]
    if not parts:
        return [[]] * len(rows)
    which, counts, positions = (np.concatenate(part) for part in zip(*parts, strict=True))
    return ranking.by_row(ranking.keys_of(which, counts, positions), len(rows))


def _concatenated(parts: Sequence[tuple[Indices, Numbers]]) -> tuple[Indices, Numbers] | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([frequencies for _, frequencies in parts])


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32)
