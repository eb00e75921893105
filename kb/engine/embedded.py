"""The embedded engine: rows of the store as arrays in memory, searched by ``ranking``.

A **snapshot** is one committed state of the index: immutable, shared by all threads. Before each search the engine compares
the index folder's stamp with the snapshot's and opens a new one when a commit or a switch of builds has happened, in
whichever process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from kb.engine import Concept, Contribution, DocumentMatch, Form, Matches, Request, ranking
from kb.engine.ranking import Bools, Floats, Ints
from kb.engine.whoosh import Record, Segment, document_of, open_segments, page_of
from kb.model import Document, Page

TITLE_WEIGHT = 0.5
"""A word of the document's title adds this share of its idf to each page of the document that matches otherwise."""
HEADING_WEIGHT = 0.3
"""A word of the page's heading adds this share of its idf."""
_ROUNDING = 1e-6
_NO_ROWS = np.empty(0, np.intp)


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
        self.segments = segments
        self._bases = np.cumsum([0] + [segment.size for segment in segments])
        self._cache: LRUCache[tuple[Form, ...], Scored] = LRUCache(cache_bytes, lambda scored: scored.nbytes)
        self._cache_lock = threading.Lock()
        columns = [segment.columns for segment in segments]
        self.numbers = _joined([own.numbers for own in columns])
        lengths = _joined([own.lengths for own in columns])
        self._weights = _joined([own.weights for own in columns]).astype(np.float32)
        deleted = np.zeros(len(self.numbers), dtype=bool)
        for segment, base in zip(segments, self._bases, strict=False):
            deleted[segment.deleted + base] = True
        self.starts = np.flatnonzero(self.numbers == 0)
        self._ends = np.append(self.starts[1:], len(self.numbers))
        self.alive = ~deleted[self.starts]
        self._deleted = deleted
        self._any_deleted = bool(deleted.any())
        self._owners = (np.cumsum(self.numbers == 0) - 1).astype(np.int32)
        pages = (self.numbers > 0) & ~deleted
        self.page_count = int(np.count_nonzero(pages))
        self._norms = ranking.norms(lengths, float(lengths[pages].mean()) if pages.any() else 1.0)
        self.records: list[Record] = [record for own in columns for record in own.records]
        self._ordinals = {record.id: i for i, record in enumerate(self.records) if self.alive[i]}
        self._facets = {
            "edition": _Facet([[r.edition] if r.edition else [] for r in self.records]),
            "topic": _Facet([r.topics for r in self.records]),
            "kind": _Facet([[r.kind] if r.kind else [] for r in self.records]),
            "year": _Facet([[str(date.fromordinal(r.day).year)] if r.day else [] for r in self.records]),
        }
        self._days = np.array([r.day for r in self.records], dtype=np.int32)

    # Reading rows

    def _stored(self, row: int) -> dict[str, object]:
        at = int(np.searchsorted(self._bases, row, side="right")) - 1
        return self.segments[at].stored(row - int(self._bases[at]))

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        ordinal = self._ordinals.get(id)
        return None if ordinal is None else document_of(self._stored(int(self.starts[ordinal])))

    def documents(self) -> list[Document]:
        """All documents, newest first, without a date last, then by id."""
        ids = sorted(self._ordinals)
        ids.sort(key=lambda name: self.records[self._ordinals[name]].day, reverse=True)
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
        names = [name for segment in self.segments for name in segment.names()]
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
        for segment in self.segments:
            for word, pages in segment.vocabulary():
                counts[word] = counts.get(word, 0) + pages
        return counts

    def counts(self) -> tuple[int, int]:
        """Documents and pages in the index."""
        return int(np.count_nonzero(self.alive)), self.page_count

    # Matching

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        rows, scores = self._matching_pages(request.concepts, request.min_coverage)
        owners = self._owners[rows]
        first = np.flatnonzero(np.append(True, owners[1:] != owners[:-1])) if len(owners) else _NO_ROWS
        documents, counts = owners[first], np.diff(first, append=len(rows))
        best = np.maximum.reduceat(scores, first) if len(first) else scores
        masks = {
            name: facet.mask(wanted)[documents]
            for name, facet in self._facets.items()
            if (wanted := request.filters.get(name))
        }
        facets = {
            name: self._facets[name].counts(documents[_all_but(masks, name, len(documents))]) for name in request.facets
        }
        kept = np.flatnonzero(_all_but(masks, "", len(documents)))
        order = self._order(documents[kept], best[kept], request)[request.offset : request.offset + request.limit]
        return Matches(
            documents=tuple(
                self._document_match(
                    int(documents[i]),
                    rows[first[i] : first[i] + counts[i]],
                    scores[first[i] : first[i] + counts[i]],
                    request,
                )
                for i in kept[order]
            ),
            total=len(kept),
            total_pages=int(counts[kept].sum()),
            facets=facets,
        )

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        return len(self._scored(concept).rows)

    def _order(self, documents: Ints, best: Floats, request: Request) -> NDArray[np.intp]:
        """The order of matching documents; without a date last in both orders of time, equals by relevance."""
        if request.sort == "relevance":
            return ranking.top(best, request.offset + request.limit)
        days = self._days[documents]
        key = -days if request.sort == "newest" else np.where(days == 0, np.iinfo(np.int32).max, days)
        return np.lexsort((-best, key))

    def _document_match(self, ordinal: int, rows: Ints, scores: Floats, request: Request) -> DocumentMatch:
        chosen = ranking.top(scores, request.pages_per_document)
        return DocumentMatch(
            id=self.records[ordinal].id,
            score=float(scores.max()),
            matching_pages=len(rows),
            pages=tuple((int(self.numbers[rows[i]]), float(scores[i])) for i in chosen),
        )

    def _matching_pages(self, concepts: Sequence[Concept], min_coverage: float) -> tuple[Ints, Floats]:
        """The rows that match, ascending, with their scores, all above 0."""
        asked = [concept for concept in concepts if not concept.excluded and not concept.bonus]
        scored = [self._scored(concept) for concept in asked]
        if scored:
            rows, scores = self._sums(scored, [self._scored(c) for c in concepts if c.bonus], min_coverage)
        else:  # nothing but filters and exclusions: every document by its first page
            rows = (self.starts[self.alive] + 1).astype(np.int32)
            scores = np.ones(len(rows), np.float32)
        for concept, own in zip(asked, scored, strict=True):
            if concept.required:
                kept = self._among(rows, own.rows) | self._among(rows, own.context_rows)
                rows, scores = rows[kept], scores[kept]
        for concept in concepts:
            if concept.excluded:
                kept = ~self._among(rows, self._scored(concept).rows)
                rows, scores = rows[kept], scores[kept]
        return rows, scores * self._weights[rows]

    def _sums(self, scored: Sequence[Scored], bonuses: Sequence[Scored], min_coverage: float) -> tuple[Ints, Floats]:
        """Rows that hold enough of the concepts, ascending, and the sum of their weights."""
        size = len(self.numbers)
        rows = np.concatenate([own.rows for own in scored], dtype=np.intp)
        scores = ranking.totals(rows, np.concatenate([own.weights for own in scored]), size)
        floor = min_coverage * sum(own.idf for own in scored) - _ROUNDING if len(scored) > 1 else 0.0
        if floor > 0:
            idfs = np.repeat([own.idf for own in scored], [len(own.rows) for own in scored])
            coverage = ranking.totals(rows, idfs, size)
        else:  # any concept is enough
            coverage = scores.copy()
        # A word of the title or heading alone makes no page a match, unless it is the document's first page.
        context = [(own, self._counted(own.context_rows, coverage)) for own in scored if len(own.context_rows)]
        for own, counted in context:
            scores[own.context_rows[counted]] += own.context_weights[counted]
            coverage[own.context_rows[counted]] += own.idf
        for own in bonuses:
            scores[own.rows] += own.weights
        found = np.flatnonzero(coverage > max(floor, 0.0)).astype(np.int32)
        return found, scores[found].astype(np.float32)

    def _counted(self, rows: Ints, coverage: NDArray[np.float64]) -> Bools:
        counted: Bools = (coverage[rows] > 0) | (self.numbers[rows] == 1)
        return counted

    def _among(self, rows: Ints, others: Ints) -> Bools:
        """Which of the rows are among the others."""
        present = np.zeros(len(self.numbers), dtype=bool)
        present[others] = True
        return present[rows]

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
            if concept.bonus and all(part.field in ("title", "heading") for part in here):
                continue  # a bonus is for what stands in the text
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
        ends = self._ends[np.searchsorted(self.starts, document_rows)]
        lengths = ends - document_rows - 1
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return (np.repeat(document_rows + 1, lengths) + within).astype(np.int32)

    def _find(self, field: str, steps: Sequence[Sequence[str]]) -> tuple[Ints, Floats]:
        """Rows with the steps at consecutive positions, and how often; deleted rows left out, from the statistics too."""
        found: list[tuple[Ints, Floats]] = []
        for segment, base in zip(self.segments, self._bases, strict=False):
            if len(steps) == 1 and len(steps[0]) == 1:
                rows, counts, _ = segment.postings(field, steps[0][0])
                frequencies = counts.astype(np.float32)
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
    """Every single occurrence of a step's terms, as rows and positions."""
    found = [segment.postings(field, term) for term in step]
    rows = [np.repeat(own, frequencies) for own, frequencies, _ in found]
    return np.concatenate(rows), np.concatenate([positions for _, _, positions in found])


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32)


def _all_but(masks: Mapping[str, Bools], name: str, size: int) -> Bools:
    """Where all masks but the named one hold."""
    kept = np.ones(size, dtype=bool)
    for other, mask in masks.items():
        if other != name:
            kept &= mask
    return kept


class _Facet:
    """A facet's values of every document: a table of codes, as wide as the most values of one, filled up with -1."""

    def __init__(self, values: Sequence[Sequence[str]]) -> None:
        self.names = sorted({value for own in values for value in own})
        codes = {name: i for i, name in enumerate(self.names)}
        self._codes = np.full((len(values), max(map(len, values), default=0)), -1, dtype=np.int32)
        for document, own in enumerate(values):
            self._codes[document, : len(own)] = [codes[value] for value in own]

    def mask(self, wanted: frozenset[str]) -> Bools:
        """Documents with any of the wanted values."""
        codes = [i for i, name in enumerate(self.names) if name in wanted]
        mask: Bools = np.asarray(np.isin(self._codes, codes).any(axis=1))
        return mask

    def counts(self, documents: Ints) -> dict[str, int]:
        """How many of the documents have each value, values without any left out."""
        counts = np.bincount(self._codes[documents].ravel() + 1, minlength=len(self.names) + 1)[1:]
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
                    before = self._current.segments if self._current else ()
                    self._current = Snapshot(open_segments(folder, before), self._cache_bytes)
                    self._stamp = stamp
                snapshot = self._current
        return snapshot
