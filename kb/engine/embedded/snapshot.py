"""The embedded engine: rows of the store as arrays in memory, searched by ``ranking``.

A **snapshot** is one committed state of the index: immutable, shared by all threads. Before each search the engine compares
the index folder's stamp with the snapshot's and opens a new one when a commit or a switch of builds has happened, in
whichever process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from kb.engine import Concept, Contribution, DocumentMatch, Matches, Request
from kb.engine.embedded import ranking
from kb.engine.embedded.facets import Facets
from kb.engine.embedded.ranking import Bools, Floats, Indices, Ints
from kb.engine.embedded.rows import Rows
from kb.engine.embedded.scoring import Scored, Scorer
from kb.engine.embedded.store import KeptLists, Segment, document_of, open_segments, page_of
from kb.model import Document, Page

_SHARE_OF_LISTS = 0.25
"""Of the memory for caches, what goes to posting lists as read; the rest to the rows of whole concepts."""
_ROUNDING = 1e-4
"""Sums have 32 bits: a page that holds just enough must not be lost by their last digits."""


class Snapshot:
    """One committed state of the index."""

    def __init__(self, segments: Sequence[Segment], cache_bytes: int) -> None:
        rows = self.rows = Rows(segments)
        self._scorer = Scorer(rows, cache_bytes)
        self._facets = Facets(rows.records)
        self._alive = ~rows.deleted[rows.starts]
        self._ordinals = {record.id: i for i, record in enumerate(rows.records) if self._alive[i]}
        self._days = np.array([record.day for record in rows.records], dtype=np.int32)

    # Reading rows

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        ordinal = self._ordinals.get(id)
        return None if ordinal is None else document_of(self.rows.stored(int(self.rows.starts[ordinal])))

    def documents(self) -> list[Document]:
        """All documents, newest first, without a date last, then by id."""
        ids = sorted(self._ordinals)
        ids.sort(key=lambda name: self.rows.records[self._ordinals[name]].day, reverse=True)
        return [document for id in ids if (document := self.document(id)) is not None]

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        ordinal = self._ordinals.get(document)
        if ordinal is None or not 1 <= number <= self.rows.records[ordinal].pages:
            return None
        return page_of(self.rows.stored(int(self.rows.starts[ordinal]) + number))

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        ordinal = self._ordinals.get(document)
        if ordinal is not None:
            start = int(self.rows.starts[ordinal])
            for row in range(start + 1, start + 1 + self.rows.records[ordinal].pages):
                yield page_of(self.rows.stored(row))

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        rows = np.flatnonzero((self.rows.numbers > 0) & ~self.rows.deleted)
        for row in rows[:: max(1, -(-len(rows) // count))].tolist():
            yield page_of(self.rows.stored(row))

    def headings(self) -> Iterator[tuple[str, int, str]]:
        """(document id, page number, text) of each title (page 0) and of each page's heading where it has one."""
        names = [name for segment in self.rows.segments for name in segment.names()]
        for ordinal, start in enumerate(self.rows.starts.tolist()):
            if self._alive[ordinal]:
                record = self.rows.records[ordinal]
                for number, name in enumerate(names[start : start + record.pages + 1]):
                    if name:
                        yield record.id, number, name

    def vocabulary(self) -> Mapping[str, int]:
        """Every surface form with the number of pages it stands on."""
        return self._vocabulary

    @cached_property
    def _vocabulary(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for segment in self.rows.segments:
            for word, pages in segment.vocabulary():
                counts[word] = counts.get(word, 0) + pages
        return counts

    def counts(self) -> tuple[int, int]:
        """Documents and pages in the index."""
        return int(np.count_nonzero(self._alive)), self.rows.page_count

    # Matching

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        rows, scores = self._matching_pages(request.concepts, request.min_coverage)
        owners = self.rows.owners[rows]
        best = np.zeros(len(self._alive), np.float32)
        np.maximum.at(best, owners, scores)
        found = best > 0
        matching = self._facets.pack(found)
        facets = {
            name: self._facets.counts(name, self._facets.filtered(matching, request.filters, left_out=name))
            for name in request.facets
        }
        total_pages = len(rows)
        if request.filters:
            found = self._facets.unpack(self._facets.filtered(matching, request.filters))
            total_pages = int(np.count_nonzero(found[owners]))
        documents = np.flatnonzero(found)
        order = self._order(documents, best[documents], request)[request.offset : request.offset + request.limit]
        return Matches(
            documents=self._document_matches(documents[order], rows, scores, request.pages_per_document),
            total=len(documents),
            total_pages=total_pages,
            facets=facets,
        )

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        return len(self._scorer.scored(concept).rows)

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> list[Contribution]:
        """What makes the score of a page, part by part."""
        ordinal = self._ordinals.get(document)
        return [] if ordinal is None else self._scorer.explain(concepts, int(self.rows.starts[ordinal]) + number)

    def _order(self, documents: Indices, best: Floats, request: Request) -> Indices:
        """The order of matching documents; without a date last in both orders of time, equals by relevance."""
        if request.sort == "relevance":
            return ranking.top(best, request.offset + request.limit)
        days = self._days[documents]
        key = -days if request.sort == "newest" else np.where(days == 0, np.iinfo(np.int32).max, days)
        return np.lexsort((-best, key))

    def _document_matches(
        self, documents: Indices, rows: Indices, scores: Floats, pages: int
    ) -> tuple[DocumentMatch, ...]:
        """The documents with the best of their pages; ``rows`` are all that match, ascending."""
        firsts = rows.searchsorted(self.rows.starts[documents]).tolist()
        lasts = rows.searchsorted(self.rows.ends[documents]).tolist()
        found = []
        for document, first, last in zip(documents.tolist(), firsts, lasts, strict=True):
            best = ranking.top(scores[first:last], pages) + first
            chosen = tuple(zip(self.rows.numbers[rows[best]].tolist(), scores[best].tolist(), strict=True))
            id = self.rows.records[document].id
            found.append(DocumentMatch(id=id, score=chosen[0][1], matching_pages=last - first, pages=chosen))
        return tuple(found)

    def _matching_pages(self, concepts: Sequence[Concept], min_coverage: float) -> tuple[Indices, Floats]:
        """The rows that match, ascending, with their scores, all above 0."""
        scored_by = self._scorer.scored
        asked = [concept for concept in concepts if not concept.excluded and not concept.bonus]
        if asked:
            scored = [scored_by(concept) for concept in asked]
            matching, scores = self._sums(scored, min_coverage)
            for concept, own in zip(asked, scored, strict=True):
                if concept.required:
                    matching &= self._present(own.rows, own.context_rows)
            for bonus in (scored_by(concept) for concept in concepts if concept.bonus):
                np.add.at(scores, bonus.rows, bonus.weights)
        else:  # nothing but filters and exclusions: every document by its first page
            matching = self._present(self.rows.starts[self._alive] + 1)
            scores = self.rows.weights
        for concept in concepts:
            if concept.excluded:
                matching[scored_by(concept).rows] = False
        rows = np.flatnonzero(matching)
        return rows, scores[rows]

    def _sums(self, scored: Sequence[Scored], min_coverage: float) -> tuple[Bools, Floats]:
        """Which rows hold enough of the concepts, and the sum of the weights on every row."""
        size = len(self.rows)
        scores = ranking.totals(((own.rows, own.weights) for own in scored), size)
        floor = min_coverage * sum(own.idf for own in scored) - _ROUNDING
        if all(own.idf >= floor for own in scored):  # any concept is enough
            covered, floor = scores, 0.0
        else:
            covered = ranking.totals(((own.rows, np.float32(own.idf)) for own in scored), size)
        # A word of the title or heading alone makes no page a match, unless it is the document's first page.
        context = [
            (own, (covered[own.context_rows] > 0) | (self.rows.numbers[own.context_rows] == 1))
            for own in scored
            if len(own.context_rows)
        ]
        for own, counted in context:
            rows = own.context_rows[counted]
            np.add.at(scores, rows, own.context_weights[counted])
            if covered is not scores:
                covered[rows] += own.idf
        return covered > floor, scores

    def _present(self, *lists: Ints | Indices) -> Bools:
        present = np.zeros(len(self.rows), dtype=bool)
        for rows in lists:
            present[rows] = True
        return present


class EmbeddedEngine:
    """The engine over a folder of builds; ``locate`` gives the live build's folder and a stamp that changes with each commit."""

    def __init__(self, locate: Callable[[], tuple[Path, object]], cache_bytes: int = 128 * 1024 * 1024) -> None:
        self._locate = locate
        self._kept = KeptLists(int(cache_bytes * _SHARE_OF_LISTS))
        self._cache_bytes = cache_bytes - int(cache_bytes * _SHARE_OF_LISTS)
        self._lock = threading.Lock()
        self._stamp: object = None
        self._current: Snapshot | None = None

    def current(self) -> Snapshot:
        """The newest committed state; later commits do not change it."""
        folder, stamp = self._locate()
        snapshot = self._current
        if snapshot is None or stamp != self._stamp:
            with self._lock:
                if self._current is None or stamp != self._stamp:
                    before = self._current.rows.segments if self._current else ()
                    self._current = Snapshot(open_segments(folder, before, self._kept), self._cache_bytes)
                    self._stamp = stamp
                snapshot = self._current
        return snapshot
