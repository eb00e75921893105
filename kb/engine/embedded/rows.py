"""The rows of one committed state as arrays: what stands in which row, and in which rows something stands.

Segments are joined: a row is counted over all of them. Deleted rows keep their numbers and are left out of everything found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.engine.embedded import ranking
from kb.engine.embedded.ranking import Bools, Floats, Ints
from kb.engine.embedded.segments import Record, Segment
from kb.tuning import Tuning

Steps = Sequence[Sequence[str]]
"""Alternative terms at consecutive positions; an empty step is any word."""


class Rows:
    """All rows of all segments."""

    def __init__(self, segments: Sequence[Segment], tuning: Tuning) -> None:
        self.segments = segments
        self._bases = np.cumsum([0] + [segment.size for segment in segments])
        columns = [segment.columns for segment in segments]
        self.numbers: Ints = _joined([own.numbers for own in columns])
        """The page number of each row, 0 for a document row."""
        self.weights = np.where(_joined([own.contents for own in columns]), tuning.contents_page, 1).astype(np.float32)
        """What a page's score is multiplied by."""
        self.records: list[Record] = [record for own in columns for record in own.records]
        self.deleted: Bools = np.zeros(len(self.numbers), dtype=bool)
        for segment, base in zip(segments, self._bases, strict=False):
            self.deleted[segment.deleted + base] = True
        self._any_deleted = bool(self.deleted.any())
        self.starts = np.flatnonzero(self.numbers == 0)
        """The document row of each document, deleted ones included."""
        self.ends = np.append(self.starts[1:], len(self.numbers))
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
        at = int(np.searchsorted(self._bases, row, side="right")) - 1
        return self.segments[at].stored(row - int(self._bases[at]))

    def find(self, field: str, steps: Steps) -> tuple[Ints, Floats]:
        """Rows with the steps at consecutive positions, ascending, and how often they stand there."""
        found = [
            part
            for segment, base in zip(self.segments, self._bases.tolist(), strict=False)
            if len((part := _found(segment, base, field, steps))[0])
        ]
        if not found:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        if len(found) == 1:
            rows, frequencies = found[0]
        else:
            rows, frequencies = np.concatenate([r for r, _ in found]), np.concatenate([f for _, f in found])
        if not self._any_deleted:
            return rows, frequencies
        alive = ~self.deleted[rows]
        return rows[alive], frequencies[alive]

    def locate(self, terms: Sequence[tuple[str, str]], rows: Ints) -> list[list[int]]:
        """The positions of any of the terms, as (field, term), in each of the rows, which are ascending."""
        borders = rows.searchsorted(self._bases).tolist()
        found: list[list[int]] = []
        for segment, base, (first, end) in zip(self.segments, self._bases.tolist(), pairwise(borders), strict=False):
            own = (rows[first:end] - base).astype(np.int32)
            if len(own):
                keys = ranking.places((_standing(segment, field, term) for field, term in terms), own)
                found += ranking.by_row(keys, own)
        return found

    def pages_of(self, document_rows: Ints) -> Ints:
        """The page rows of documents given by their document rows."""
        if not len(document_rows):
            return document_rows
        lengths = self.ends[np.searchsorted(self.starts, document_rows)] - document_rows - 1
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return (np.repeat(document_rows + 1, lengths) + within).astype(np.int32)


def _found(segment: Segment, base: int, field: str, steps: Steps) -> tuple[Ints, Floats]:
    """The rows of one segment, counted over all of them, and how often the steps stand there."""
    if len(steps) == 1 and len(steps[0]) == 1:
        rows, counts = segment.counts(field, steps[0][0])
        frequencies = counts.astype(np.float32)
    else:
        rows, frequencies = ranking.phrase(
            [[_standing(segment, field, term) for term in step] if step else None for step in steps]
        )
    return rows + np.int32(base) if base else rows, frequencies


def _standing(segment: Segment, field: str, term: str) -> ranking.Standing:
    return ranking.Standing(*segment.counts(field, term), partial(segment.positions, field, term))


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32)
