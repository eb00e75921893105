"""Which pages mean what was asked: a query's vector compared with all there are, exactly.

All vectors of a model point in much the same direction, those of one collection even more so. What counts is where they differ:
most of the mean of all passages is taken from passages and query before they are compared. Else pages that speak of many things
are near to any question (docs/relevance.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from kb.engine import Near
from kb.errors import EncoderUnavailable
from kb.meaning.encoder import Encoder, Vectors
from kb.meaning.places import Places, load, stamp_of
from kb.meaning.store import Rows, store_of

_MOST = 1_000
"""So many pages at most are raised: those farther away would gain less than any of these."""
_FEWEST = 20
"""With fewer pages there is no telling which of them stand out."""
_ROWS_AT_ONCE = 256
"""Rows turned to float32 at once, so that they stay in the cache until they are multiplied."""
_SHORTEST = 1e-6
_COMMON = 0.8
"""How much of the mean is taken away; all of it would take the subject of a small collection, too (docs/relevance.md)."""
_QUERIES_KEPT = 512
_PATIENCE = 20
"""Vectors that grow are loaded anew once that has been worth so many times what loading takes."""
_LEAST_SECONDS = 1.0


class Weights(NamedTuple):
    """``share``: what a page gains per four standard deviations; ``joins``: by how many it must stand out to be found alone."""

    share: float
    joins: float


@dataclass(frozen=True, slots=True, eq=False)
class PageVectors:
    """The vectors of all pages that have some: a page is as near as the nearest of its passages."""

    documents: tuple[str, ...]
    owners: NDArray[np.int32]
    numbers: NDArray[np.int32]
    starts: NDArray[np.intp]
    rows: Rows
    common: Vectors
    """What is taken from all vectors."""
    lengths: Vectors
    """Of the passages' vectors without it."""

    @classmethod
    def of(cls, places: Places, rows: Rows) -> Self:
        """The vectors of all these passages."""
        common = np.zeros(rows.numbers.shape[1], np.float32)
        for at, block in _blocks(rows):
            common += rows.scales[at : at + len(block)] @ block
        common *= _COMMON / len(rows.scales)
        products = _products(rows, common)
        lengths = np.sqrt(np.maximum(1 - 2 * products + common @ common, _SHORTEST))
        return cls(places.documents, places.owners, places.numbers, places.starts, rows, common, lengths)

    def near(self, query: Vectors, weights: Weights) -> tuple[Near, ...]:
        """The pages nearest to a query that stand out from all."""
        if len(self.starts) < _FEWEST:
            return ()
        asked = query - self.common
        cosines = np.maximum.reduceat((_products(self.rows, asked) - self.common @ asked) / self.lengths, self.starts)
        spread = float(cosines.std())
        if spread <= 0:
            return ()
        distances = (cosines - cosines.mean()) / spread
        best = np.flatnonzero(distances > 0)
        if len(best) > _MOST:
            best = best[np.argpartition(-distances[best], _MOST)[:_MOST]]
        at = self.starts[best]
        return tuple(
            Near(self.documents[owner], number, weights.share * distance / 4, distance >= weights.joins)
            for owner, number, distance in zip(
                self.owners[at].tolist(), self.numbers[at].tolist(), distances[best].tolist(), strict=True
            )
        )


def _products(rows: Rows, query: Vectors) -> Vectors:
    """The product of each row with a vector."""
    found = np.empty(len(rows.numbers), np.float32)
    for at, block in _blocks(rows):
        np.dot(block, query, out=found[at : at + len(block)])
    found *= rows.scales
    return found


def _blocks(rows: Rows) -> Iterator[tuple[int, Vectors]]:
    """The numbers of all rows as float32, a few at a time, with the first one's place; each is gone with the next."""
    numbers = rows.numbers
    block = np.empty((_ROWS_AT_ONCE, numbers.shape[1]), np.float32)
    for start in range(0, len(numbers), _ROWS_AT_ONCE):
        part = block[: min(_ROWS_AT_ONCE, len(numbers) - start)]
        part[...] = numbers[start : start + _ROWS_AT_ONCE]
        yield start, part


class Meaning:
    """The vectors of an index, which may grow, and the encoder of queries. Safe to use from many threads."""

    def __init__(self, index: Path, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder
        self._loading = threading.Lock()
        self._kept: tuple[Hashable, PageVectors | None] = (None, None)
        self._look_again = 0.0
        self._queries: LRUCache[str, Vectors] = LRUCache(_QUERIES_KEPT)
        self._queries_lock = threading.Lock()

    def prepare(self) -> None:
        """Load the encoder before the first question needs it; one that does not answer yet is asked again then."""
        with suppress(EncoderUnavailable):
            self._query("samorząd")

    def near(self, text: str, weights: Weights) -> tuple[Near, ...]:
        """The pages that mean what the text does; none where there are no vectors, or the encoder does not answer."""
        try:
            vectors = self._vectors()
            return () if vectors is None else vectors.near(self._query(text), weights)
        except EncoderUnavailable:
            return ()

    @property
    def stamp(self) -> Hashable:
        """Another value whenever the vectors are others; None where there are none that can be used."""
        with suppress(EncoderUnavailable):
            self._vectors()
            stamp, vectors = self._kept
            return None if vectors is None else stamp
        return None

    def _query(self, text: str) -> Vectors:
        with self._queries_lock:
            known = self._queries.get(text)
        if known is None:
            known = self._encoder.encode_queries([text])[0]
            with self._queries_lock:
                self._queries[text] = known
        return known

    def _vectors(self) -> PageVectors | None:
        """The vectors as they are now, or were a moment ago while they grow."""
        if time.monotonic() >= self._look_again and self._loading.acquire(blocking=self._kept[0] is None):
            try:
                started = time.monotonic()
                store = store_of(self._index, self._encoder)
                stamp = (store.stamp, stamp_of(store.folder))
                if self._kept[0] != stamp:
                    self._kept = (stamp, self._load())
                ended = time.monotonic()
                self._look_again = ended + max(_LEAST_SECONDS, _PATIENCE * (ended - started))
            finally:
                self._loading.release()
        return self._kept[1]

    def _load(self) -> PageVectors | None:
        store = store_of(self._index, self._encoder)
        places = load(store.folder)
        if places is None:
            return None
        rows, known = store.rows(places.digests)
        if not known.any():
            return None
        return PageVectors.of(places.only(known), Rows(rows.numbers[known], rows.scales[known]))
