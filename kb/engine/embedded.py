"""The embedded engine: rows of the store as arrays in memory, searched by ``ranking``.

A **snapshot** is one committed state of the index: immutable, shared by all threads. Before each search the engine compares
the index folder's stamp with the snapshot's and opens a new one when a commit or a switch of builds has happened, in
whichever process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from kb.engine import Concept, Contribution, DocumentMatch, Form, Matches, Request, ranking
from kb.engine.ranking import Bools, Floats, Ints
from kb.engine.whoosh import Record, Segment, document_of, open_segments, page_of
from kb.model import FACETS, Document, Page

TITLE_WEIGHT = 0.5
"""A word of the document's title adds this share of its idf to each page of the document that matches otherwise."""
HEADING_WEIGHT = 0.3
"""A word of the page's heading adds this share of its idf."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A concept's weight on pages: those with it in the text, and those where only title or heading has it."""

    rows: Ints
    weights: Floats
    context_rows: Ints
    context_weights: Floats
    idf: float

    @property
    def nbytes(self) -> int:
        """Memory used, in bytes."""
        return self.rows.nbytes + self.weights.nbytes + self.context_rows.nbytes + self.context_weights.nbytes + 200


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The rows of one form, or one lemma of a word, in one field, with what it adds to each."""

    field: str
    steps: Sequence[Sequence[str]]
    weight: float
    idf: float
    rows: Ints
    frequencies: Floats
    weights: Floats

    def at(self, row: int) -> int | None:
        """Where a row stands in ``rows``."""
        at = int(np.searchsorted(self.rows, row))
        return at if at < len(self.rows) and self.rows[at] == row else None


class Snapshot:
    """One committed state of the index."""

    def __init__(self, segments: Sequence[Segment], cache_bytes: int) -> None:
        self._segments = segments
        self._bases = np.cumsum([0] + [segment.size for segment in segments])
        self._cache: LRUCache[tuple[Form, ...], Scored] = LRUCache(cache_bytes, lambda scored: scored.nbytes)
        self._cache_lock = threading.Lock()
        joined = self._joined
        self.numbers = joined([segment.numbers for segment in segments])
        lengths = joined([segment.lengths for segment in segments])
        deleted = np.zeros(len(self.numbers), dtype=bool)
        for segment, base in zip(segments, self._bases, strict=False):
            deleted[segment.deleted + base] = True
        self.starts = np.flatnonzero(self.numbers == 0)
        self.alive = ~deleted[self.starts]
        self._deleted = deleted
        self._any_deleted = bool(deleted.any())
        pages = (self.numbers > 0) & ~deleted
        self.page_count = int(np.count_nonzero(pages))
        self._norms = ranking.norms(lengths, float(lengths[pages].mean()) if pages.any() else 1.0)
        self.records: list[Record] = [record for segment in segments for record in segment.records()]
        self._ordinals = {record.id: i for i, record in enumerate(self.records) if self.alive[i]}
        self._facets = {
            "edition": _Facet([[r.edition] if r.edition else [] for r in self.records]),
            "topic": _Facet([r.topics for r in self.records]),
            "kind": _Facet([[r.kind] if r.kind else [] for r in self.records]),
            "year": _Facet([[r.published[:4]] if r.published else [] for r in self.records]),
        }
        self._dates = np.array([r.published or "" for r in self.records])

    @staticmethod
    def _joined(arrays: Sequence[Ints]) -> Ints:
        return np.concatenate(arrays) if arrays else np.empty(0, np.int32)

    # Reading rows

    def _stored(self, row: int) -> dict[str, object]:
        at = int(np.searchsorted(self._bases, row, side="right")) - 1
        return self._segments[at].stored(row - int(self._bases[at]))

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        ordinal = self._ordinals.get(id)
        return None if ordinal is None else document_of(self._stored(int(self.starts[ordinal])))

    def documents(self) -> list[Document]:
        """All documents, newest first, without a date last, then by id."""
        ids = sorted(self._ordinals)
        ids.sort(key=lambda name: self.records[self._ordinals[name]].published or "", reverse=True)
        return [document for id in ids if (document := self.document(id)) is not None]

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        ordinal = self._ordinals.get(document)
        if ordinal is None or not 1 <= number <= self.records[ordinal].pages:
            return None
        return page_of(self._stored(int(self.starts[ordinal]) + number))

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        ordinal = self._ordinals.get(document)
        if ordinal is not None:
            start = int(self.starts[ordinal])
            for row in range(start + 1, start + 1 + self.records[ordinal].pages):
                yield page_of(self._stored(row))

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        rows = np.flatnonzero((self.numbers > 0) & ~self._deleted)
        for row in rows[:: max(1, -(-len(rows) // count))].tolist():
            yield page_of(self._stored(row))

    def headings(self) -> Iterator[tuple[str, int, str]]:
        """(document id, page number, text) of each title (page 0) and of each page's heading where it has one."""
        names = [name for segment in self._segments for name in segment.names()]
        for ordinal, start in enumerate(self.starts.tolist()):
            if self.alive[ordinal]:
                record = self.records[ordinal]
                for number, name in enumerate(names[start : start + record.pages + 1]):
                    if name:
                        yield record.id, number, name

    def vocabulary(self) -> Mapping[str, int]:
        """Every surface form with the number of pages it stands on."""
        return self._vocabulary

    @cached_property
    def _vocabulary(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for segment in self._segments:
            for word, pages in segment.vocabulary():
                counts[word] = counts.get(word, 0) + pages
        return counts

    def counts(self) -> tuple[int, int]:
        """Documents and pages in the index."""
        return int(np.count_nonzero(self.alive)), self.page_count

    # Matching

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        if not len(self.starts):
            return Matches(documents=(), total=0, total_pages=0, facets={name: {} for name in FACETS})
        scores = self._page_scores(request.concepts, request.min_coverage)
        best = np.maximum.reduceat(scores, self.starts)
        best[~self.alive] = 0
        kept = {
            name: facet.mask(request.filters[name]) for name, facet in self._facets.items() if request.filters.get(name)
        }
        found = best > 0
        facets = {}
        for name, facet in self._facets.items():
            mask = found
            for other, other_mask in kept.items():
                if other != name:
                    mask = mask & other_mask
            facets[name] = facet.counts(mask)
        for mask in kept.values():
            best = np.where(mask, best, np.float32(0))
        matching = np.add.reduceat((scores > 0).astype(np.int32), self.starts)
        matched = best > 0
        chosen = self._order(best, request)[request.offset : request.offset + request.limit]
        return Matches(
            documents=tuple(self._document_match(int(i), scores, int(matching[i]), request) for i in chosen),
            total=int(np.count_nonzero(matched)),
            total_pages=int(matching[matched].sum()),
            facets=facets,
        )

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        return len(self._scored(concept).rows)

    def _order(self, best: Floats, request: Request) -> Sequence[int]:
        if request.sort == "relevance":
            return list(ranking.top(best, request.offset + request.limit))
        matched = np.flatnonzero(best > 0)
        dates = self._dates[matched]
        # Documents without a date come last in both orders; equals by relevance.
        by_score = np.argsort(-best[matched], kind="stable")
        order = by_score[np.argsort(dates[by_score], kind="stable")]
        if request.sort == "newest":
            order = by_score[np.lexsort((np.arange(len(by_score)), _descending(dates[by_score])))]
        undated = dates[order] == ""
        return list(matched[np.concatenate([order[~undated], order[undated]])])

    def _document_match(self, ordinal: int, scores: Floats, matching: int, request: Request) -> DocumentMatch:
        start, record = int(self.starts[ordinal]), self.records[ordinal]
        own = scores[start : start + 1 + record.pages]
        pages = ranking.top(own, request.pages_per_document)
        return DocumentMatch(
            id=record.id,
            score=float(own.max()),
            matching_pages=matching,
            pages=tuple((int(i), float(own[i])) for i in pages),
        )

    def _page_scores(self, concepts: Sequence[Concept], min_coverage: float) -> Floats:
        """The score of every row, 0 where it does not match."""
        size = len(self.numbers)
        scores = np.zeros(size, dtype=np.float32)
        asked = [concept for concept in concepts if not concept.excluded and not concept.bonus]
        if not asked:  # nothing but filters and exclusions: every document by its first page
            scores[self.starts[self.alive] + 1] = 1
        coverage = np.zeros(size, dtype=np.float32)
        scored = [self._scored(concept) for concept in asked]
        for s in scored:
            scores[s.rows] += s.weights
            coverage[s.rows] += s.idf
        # A word of the title or heading alone makes no page a match, unless it is the document's first page.
        in_text = coverage > 0
        for s in scored:
            if len(s.context_rows):
                counts = in_text[s.context_rows] | (self.numbers[s.context_rows] == 1)
                scores[s.context_rows[counts]] += s.context_weights[counts]
                coverage[s.context_rows[counts]] += s.idf
        for concept in concepts:
            if concept.bonus:
                bonus = self._scored(concept)
                matches = scores[bonus.rows] > 0
                scores[bonus.rows[matches]] += bonus.weights[matches]
        if len(scored) > 1:
            scores[coverage < min_coverage * sum(s.idf for s in scored)] = 0
        for concept, s in zip(asked, scored, strict=True):
            if concept.required:
                absent = np.ones(size, dtype=bool)
                absent[s.rows] = False
                absent[s.context_rows] = False
                scores[absent] = 0
        for concept in concepts:
            if concept.excluded:
                scores[self._scored(concept).rows] = 0
        scores[self._deleted] = 0
        return scores

    def _scored(self, concept: Concept) -> Scored:
        with self._cache_lock:
            known = self._cache.get(concept.forms)
        if known is not None:
            return known
        scored = self._score(concept.forms)
        with self._cache_lock:
            if scored.nbytes <= self._cache.maxsize:
                self._cache[concept.forms] = scored
        return scored

    def _score(self, forms: Sequence[Form]) -> Scored:
        text: dict[str, list[tuple[Ints, Floats]]] = {"lemma": [], "surface": []}
        context: dict[str, list[tuple[Ints, Floats]]] = {"title": [], "heading": []}
        for part in self._parts(forms):
            (context if part.field in context else text)[part.field].append((part.rows, part.weights))
        rows, weights = ranking.sum_of([ranking.best_of(lists) for lists in text.values()])
        extra_rows, extra = ranking.sum_of([ranking.best_of(lists) for lists in context.values()])
        both = np.isin(extra_rows, rows, assume_unique=True)
        if both.any():
            weights = weights.copy()
            weights[np.searchsorted(rows, extra_rows[both])] += extra[both]
        idf = ranking.idf(self.page_count, len(rows))
        return Scored(rows, weights, extra_rows[~both], extra[~both], idf)

    def _parts(self, forms: Sequence[Form]) -> Iterator[_Part]:
        """Every way in which forms add to a score; of the parts of one field the best counts, fields add up."""
        for form in forms:
            for steps in [((term,),) for term in form.steps[0]] if len(form.steps) == 1 else [form.steps]:
                rows, frequencies = self._find(form.field, steps)
                idf = ranking.idf(self.page_count, len(rows))
                weights = (form.weight * idf) * ranking.impacts(rows, frequencies, self._norms)
                yield _Part(form.field, steps, form.weight, idf, rows, frequencies, weights)
                if form.field == "lemma":
                    found = {
                        "title": (self._pages_of(self._find("title", steps)[0]), TITLE_WEIGHT),
                        "heading": (self._find("heading", steps)[0], HEADING_WEIGHT),
                    }
                    for field, (rows, share) in found.items():
                        once = np.ones(len(rows), np.float32)
                        weight = form.weight * share
                        yield _Part(field, steps, weight, idf, rows, once, once * np.float32(weight * idf))

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> list[Contribution]:
        """What makes the score of a page, part by part."""
        ordinal = self._ordinals.get(document)
        if ordinal is None:
            return []
        row = int(self.starts[ordinal]) + number
        found = []
        for concept in concepts:
            here = [part for part in self._parts(() if concept.excluded else concept.forms) if part.at(row) is not None]
            for part in here:
                rivals = [other for other in here if other.field == part.field]
                best = max(rivals, key=lambda other: other.weights[other.at(row)])
                at = part.at(row)
                found.append(
                    Contribution(
                        concept=concept.label,
                        field=part.field,
                        terms=" ".join("|".join(step) or "*" for step in part.steps),
                        frequency=int(part.frequencies[at]),
                        idf=part.idf,
                        weight=part.weight,
                        score=float(part.weights[at]),
                        counted=part is best,
                    )
                )
        return found

    def _pages_of(self, document_rows: Ints) -> Ints:
        """The page rows of documents given by their document rows."""
        if not len(document_rows):
            return document_rows
        ends = np.append(self.starts[1:], len(self.numbers))
        spans = [np.arange(row + 1, ends[np.searchsorted(self.starts, row)], dtype=np.int32) for row in document_rows]
        return np.concatenate(spans)

    def _find(self, field: str, steps: Sequence[Sequence[str]]) -> tuple[Ints, Floats]:
        """Rows with the steps at consecutive positions, and how often; deleted rows left out, from the statistics too."""
        found: list[tuple[Ints, Floats]] = []
        for segment, base in zip(self._segments, self._bases, strict=False):
            if len(steps) == 1 and len(steps[0]) == 1:
                postings = segment.postings(field, steps[0][0])
                rows, frequencies = postings.rows, postings.frequencies
            else:
                rows, frequencies = ranking.phrase(
                    [_occurrences(segment, field, step) if step else None for step in steps]
                )
            found.append((rows + np.int32(base), frequencies))
        if not found:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        rows, frequencies = np.concatenate([r for r, _ in found]), np.concatenate([f for _, f in found])
        if not self._any_deleted:
            return rows, frequencies
        alive = ~self._deleted[rows]
        return rows[alive], frequencies[alive]


def _occurrences(segment: Segment, field: str, step: Sequence[str]) -> tuple[Ints, Ints]:
    found = [segment.occurrences(field, term) for term in step]
    return np.concatenate([o.rows for o in found]), np.concatenate([o.positions for o in found])


def _descending(values: np.ndarray) -> Ints:
    _, ranks = np.unique(values, return_inverse=True)
    return (-ranks).astype(np.int32)


class _Facet:
    """A facet's values of every document, as (document, value) pairs."""

    def __init__(self, values: Sequence[Sequence[str]]) -> None:
        self.names = sorted({value for own in values for value in own})
        codes = {name: i for i, name in enumerate(self.names)}
        self._size = len(values)
        self._documents = np.array([i for i, own in enumerate(values) for _ in own], dtype=np.int32)
        self._codes = np.array([codes[value] for own in values for value in own], dtype=np.int32)

    def mask(self, wanted: frozenset[str]) -> Bools:
        """Documents with any of the wanted values."""
        codes = [i for i, name in enumerate(self.names) if name in wanted]
        mask = np.zeros(self._size, dtype=bool)
        mask[self._documents[np.isin(self._codes, codes)]] = True
        return mask

    def counts(self, documents: Bools) -> dict[str, int]:
        """Documents of the mask per value, values without any left out."""
        counts = np.bincount(self._codes[documents[self._documents]], minlength=len(self.names))
        return {name: int(count) for name, count in zip(self.names, counts, strict=True) if count}


class EmbeddedEngine:
    """The engine over a folder of builds; ``locate`` gives the live build's folder and a stamp that changes with each commit."""

    def __init__(self, locate: Callable[[], tuple[Path, object]], cache_bytes: int = 128 * 1024 * 1024) -> None:
        self._locate = locate
        self._cache_bytes = cache_bytes
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
                    self._current = Snapshot(open_segments(folder), self._cache_bytes)
                    self._stamp = stamp
                snapshot = self._current
        return snapshot

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        return self.current().match(request)

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        return self.current().frequency(concept)

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        return self.current().document(id)

    def documents(self) -> Sequence[Document]:
        """All documents, newest first."""
        return self.current().documents()

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        return self.current().page(document, number)

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        return self.current().pages(document)

    def vocabulary(self) -> Mapping[str, int]:
        """Every surface form with the number of pages it stands on."""
        return self.current().vocabulary()

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        return self.current().sample(count)

    def headings(self) -> Iterator[tuple[str, int, str]]:
        """(document id, page number, text) of each title (page 0) and of each page's heading where it has one."""
        return self.current().headings()

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> Sequence[Contribution]:
        """What makes the score of a page, part by part."""
        return self.current().explain(concepts, document, number)

    def counts(self) -> tuple[int, int]:
        """Documents and pages in the index."""
        return self.current().counts()
