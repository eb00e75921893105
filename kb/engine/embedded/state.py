"""One committed state of the embedded index: its rows as arrays, matched and ranked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from sys import getsizeof
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.cache import Cache
from kb.deadline import check
from kb.engine import (
    Concept,
    Contribution,
    DocumentMatch,
    Field,
    Heading,
    Matches,
    PageMatch,
    Request,
    Size,
    standing,
)
from kb.engine.embedded import ranking
from kb.engine.embedded.facets import Facets
from kb.engine.embedded.ranking import Bools, Floats, Indices, Ints
from kb.engine.embedded.rows import Rows
from kb.engine.embedded.scoring import Scored, Scorer, bytes_of
from kb.engine.embedded.segments import Segment, document_of, page_of
from kb.model import Document, Page
from kb.tuning import Tuning

_ROUNDING = 1e-4
"""float32 tolerance at the floor: a page that holds just enough must not be lost by the last digits of a sum."""
_ROOM = 1.001
"""A document is ranked by at most this and the second page's share times its best page: 1, and the same tolerance."""
_SHARE_OF_MATCHES = 0.5
"""Of the memory for what concepts weigh, what goes to the matches of whole questions."""
_SHARE_OF_RANKED = 0.1
"""And of that again, what goes to the lists that were shown of them."""
_SHARE_OF_DOCUMENTS = 0.05
"""And what goes to the metadata of the latest documents: some thousands, of which each question shows ten."""


class RankedDocument(NamedTuple):
    """A document by its number, its best page's score, how many of its pages match, the best as (row, score, joined)."""

    document: int
    score: float
    matching_pages: int
    pages: list[tuple[int, float, bool]]


class Ranked(NamedTuple):
    """A slice of the ranked documents, with the totals and counts of ``Matches``."""

    documents: list[RankedDocument]
    total: int
    total_pages: int
    facets: Mapping[str, Mapping[str, int]]
    """Not to be changed: others are given the same."""
    joined: int


class _Found(NamedTuple):
    """Pages that are found: rows, ascending, their scores, and which of them do not match by words."""

    rows: Indices
    scores: Floats
    joined: Bools


class EmbeddedState:
    """One committed state of the index: immutable, shared by all threads."""

    def __init__(self, key: tuple[str, int], segments: Sequence[Segment], cache_bytes: int, tuning: Tuning) -> None:
        self.key = key
        """Build and commit: no two states have both in common."""
        rows = self.rows = Rows(segments, tuning)
        for_matches, for_documents = int(cache_bytes * _SHARE_OF_MATCHES), int(cache_bytes * _SHARE_OF_DOCUMENTS)
        self._scorer = Scorer(rows, cache_bytes - for_matches - for_documents, tuning)
        self._documents: Cache[Document] = Cache(for_documents)
        self._ranked: Cache[Ranked] = Cache(int(for_matches * _SHARE_OF_RANKED))
        self._matches: Cache[tuple[NDArray[np.uint8], Floats]] = Cache(for_matches - self._ranked.most_bytes)
        self._facets = Facets(rows.records)
        self._alive = ~rows.deleted[rows.starts]
        self._ordinals = {record.id: i for i, record in enumerate(rows.records) if self._alive[i]}
        self.size = Size(int(np.count_nonzero(self._alive)), rows.page_count)
        self._second_page = tuning.second_page
        self._days = np.array([record.day for record in rows.records], dtype=np.int32)
        self._places = np.empty(len(rows.records), np.int32)
        self._places[np.argsort([standing(record.id, record.day) for record in rows.records])] = range(
            len(rows.records)
        )
        """Where each document stands among equals."""

    # Reading rows

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        ordinal = self._ordinals.get(id)
        return None if ordinal is None else self._document(ordinal)

    def _document(self, ordinal: int) -> Document:
        known = self._documents.get(ordinal)
        if known is None:
            stored = self.rows.stored(int(self.rows.starts[ordinal]))
            known = document_of(stored)
            self._documents.put(ordinal, known, _bytes_of(stored))
        return known

    def documents(self) -> list[Document]:
        """All documents, newest first, without a date last, then by id."""
        ids = sorted(self._ordinals)
        ids.sort(key=lambda name: self.rows.records[self._ordinals[name]].day, reverse=True)
        # Not from those that are kept: so many would only push them out.
        return [document_of(self.rows.stored(int(self.rows.starts[self._ordinals[id]]))) for id in ids]

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        row = self._row(document, number)
        return None if row is None else page_of(self.rows.stored(row))

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        ordinal = self._ordinals.get(document)
        if ordinal is not None:
            start = int(self.rows.starts[ordinal])
            for row in range(start + 1, start + 1 + self.rows.records[ordinal].pages):
                check()
                yield page_of(self.rows.stored(row))

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        rows = np.flatnonzero((self.rows.numbers > 0) & ~self.rows.deleted)
        for row in rows[:: max(1, -(-len(rows) // count))].tolist():
            yield page_of(self.rows.stored(row))

    def headings(self) -> Iterator[Heading]:
        """Each title, and what each page is listed under."""
        names = [name for segment in self.rows.segments for name in segment.names()]
        for ordinal, start in enumerate(self.rows.starts.tolist()):
            if self._alive[ordinal]:
                record = self.rows.records[ordinal]
                for number, name in enumerate(names[start : start + record.pages + 1]):
                    for text in filter(None, name.split("\n")):
                        yield Heading(record.id, number, text)

    def lexicon(self) -> Mapping[str, int]:
        """Every surface form with the number of pages it stands on."""
        return self._lexicon

    @cached_property
    def _lexicon(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for segment in self.rows.segments:
            for word, pages in segment.lexicon():
                counts[word] = counts.get(word, 0) + pages
        return counts

    # Matching

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        ranked = self.rank(request)
        return Matches(
            documents=tuple(
                DocumentMatch(
                    document=self._document(best.document),
                    score=best.score,
                    matching_pages=best.matching_pages,
                    pages=tuple(
                        PageMatch(page_of(self.rows.stored(row)), score, joined) for row, score, joined in best.pages
                    ),
                )
                for best in ranked.documents
            ),
            total=ranked.total,
            total_pages=ranked.total_pages,
            facets=ranked.facets,
            joined=ranked.joined,
        )

    def rank(self, request: Request) -> Ranked:
        """What ``match`` finds, before anything stored is read; that of the latest requests is kept."""
        if request.order or request.near:  # many names, which hardly anybody asks for twice
            return self._rank(request)
        filters = frozenset(request.filters.items())
        key = (
            *(request.concepts, request.floor, filters, request.sort, request.facets),
            *(request.offset, request.limit, request.pages_per_document),
        )
        ranked = self._ranked.get(key)
        if ranked is None:
            ranked = self._rank(request)
            size = 1_000 + sum(bytes_of(concept.forms) for concept in request.concepts)
            size += sum(200 + 150 * len(each.pages) for each in ranked.documents)
            size += 150 * sum(map(len, (*ranked.facets.values(), *request.filters.values())))
            self._ranked.put(key, ranked, size)
        return ranked

    def _rank(self, request: Request) -> Ranked:
        rows, scores = self._matching_pages(request)
        owners = self.rows.owners[rows]
        best = np.zeros(len(self._alive), np.float32)
        np.maximum.at(best, owners, scores)
        matching = self._facets.pack(best > 0)
        facets = {
            name: self._facets.counts(name, self._facets.filtered(matching, request.filters, left_out=name))
            for name in request.facets
        }
        total_pages = len(rows)
        if request.filters:
            found = self._facets.unpack(self._facets.filtered(matching, request.filters))
            total_pages = int(np.count_nonzero(found[owners]))
            best[~found] = 0
        total = documents = int(np.count_nonzero(best))
        pages = _Found(rows, scores, np.zeros(len(rows), dtype=bool))
        if request.near:
            pages = self._with_near(pages, request)
            owners = self.rows.owners[pages.rows]
            best[:] = 0
            np.maximum.at(best, owners, pages.scores)
            if request.filters:
                raised = self._facets.filtered(self._facets.pack(best > 0), request.filters)
                best[~self._facets.unpack(raised)] = 0
            documents = int(np.count_nonzero(best))
        return Ranked(
            documents=self._ranked_documents(
                self._in_order_of(request, best, pages), pages, request.pages_per_document
            ),
            total=total,
            total_pages=total_pages,
            facets=facets,
            joined=documents - total,
        )

    def totals(self, requests: Sequence[Request]) -> list[int]:
        """How many documents match each request."""
        return [self.rank(replace(request, limit=0, facets=())).total for request in requests]

    def _in_order_of(self, request: Request, best: Floats, found: _Found) -> Indices:
        """The documents asked for, in their order; ``best`` is what each one's best page has, 0 of those not found.

        A document is ranked by its best page and a share of the next, so one whose best page is far from the others' has no
        part in it: the next pages of a few are looked at, not those of all.
        """
        last = request.offset + request.limit
        if not last:
            return np.empty(0, np.intp)
        by_relevance = not request.order and request.sort == "relevance"
        documents = (best > 0).nonzero()[0]  # of floats it would take ten times as long
        best = best[documents]
        if by_relevance and last < len(best):
            least = np.partition(best, len(best) - last)[len(best) - last] / np.float32(_ROOM + self._second_page)
            near = (best >= least).nonzero()[0]
            documents, best = documents[near], best[near]
        ranked = best + np.float32(self._second_page) * self._second(documents, best, found)
        keys = [self._places[documents], -ranked]
        if not by_relevance:
            keys.append(self._key_of(documents, request))
        return documents[np.lexsort(keys)[request.offset : last]]

    def _second(self, documents: Indices, best: Floats, found: _Found) -> Floats:
        """What the second of each document's pages has, 0 where there is none; of equals one is the first."""
        at, counts = self._pages_of(documents, found)
        owners = np.repeat(np.arange(len(documents)), counts)
        others = found.scores[at]
        at_best = (others == best[owners]).nonzero()[0]
        first = np.zeros(len(documents), np.intp)
        first[owners[at_best]] = at_best
        others[first] = 0
        second = np.zeros(len(documents), np.float32)
        np.maximum.at(second, owners, others)
        return second

    def _pages_of(self, documents: Indices, found: _Found) -> tuple[Indices, Indices]:
        """Where each document's pages stand among those that are found, one document after the other; how many it has."""
        firsts = found.rows.searchsorted(self.rows.starts[documents])
        counts = found.rows.searchsorted(self.rows.ends[documents]) - firsts
        return ranking.runs(firsts, counts), counts

    def frequencies(self, concepts: Sequence[Concept]) -> list[int]:
        """On how many pages each concept stands in the text."""
        return [self._scorer.count(concept) for concept in concepts]

    def locate(self, terms: Mapping[Field, Collection[str]], pages: Sequence[tuple[str, int]]) -> list[list[int]]:
        """The words of each page's text that have one of the terms, by number from 0, ascending."""
        check()
        rows = [self._row(*page) for page in pages]
        there = sorted({row for row in rows if row is not None})
        asked = [(field, term) for field, own in terms.items() for term in own]
        found = dict(zip(there, self.rows.locate(asked, np.array(there, np.intp)), strict=True))
        return [[] if row is None else found[row] for row in rows]

    def _row(self, document: str, number: int) -> int | None:
        ordinal = self._ordinals.get(document)
        if ordinal is None or not 1 <= number <= self.rows.records[ordinal].pages:
            return None
        return int(self.rows.starts[ordinal]) + number

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> list[Contribution]:
        """What makes the score of a page, part by part."""
        row = self._row(document, number)
        return [] if row is None else self._scorer.explain(concepts, row)

    def _key_of(self, documents: Indices, request: Request) -> Ints:
        """What matching documents are ordered by before their relevance; without a date or a given place last."""
        if request.order:
            places = np.full(len(self._alive), len(request.order), dtype=np.int32)
            for place, id in enumerate(request.order):
                if id in self._ordinals:
                    places[self._ordinals[id]] = place
            return places[documents]
        days = self._days[documents]
        return -days if request.sort == "newest" else np.where(days == 0, np.iinfo(np.int32).max, days)

    def _ranked_documents(self, documents: Indices, found: _Found, pages: int) -> list[RankedDocument]:
        """The documents with the best of their pages."""
        at, counts = self._pages_of(documents, found)
        owners = np.repeat(np.arange(len(documents)), counts)
        joined = np.bincount(owners[found.joined[at]], minlength=len(documents))
        order = np.lexsort((-found.scores[at], owners))
        firsts = counts.cumsum() - counts
        shown = np.minimum(counts, max(pages, 1))
        best = at[order[ranking.runs(firsts, shown)]]
        chosen = zip(found.rows[best].tolist(), found.scores[best].tolist(), found.joined[best].tolist(), strict=True)
        ranked = []
        for document, count, matching in zip(
            documents.tolist(), shown.tolist(), (counts - joined).tolist(), strict=True
        ):
            own = list(islice(chosen, count))
            ranked.append(RankedDocument(document, own[0][1], matching, own[:pages]))
        return ranked

    def _with_near(self, matching: _Found, request: Request) -> _Found:
        """Pages that match, raised by what is near, and those that join them."""
        rows, scores, _ = matching
        if not any(concept.asked for concept in request.concepts):
            return matching
        raised = np.zeros(len(self.rows), np.float32)
        joining = np.zeros(len(self.rows), dtype=bool)
        for near in request.near:
            ordinal = self._ordinals.get(near.document)
            if ordinal is not None and 1 <= near.page <= self.rows.records[ordinal].pages:
                row = int(self.rows.starts[ordinal]) + near.page
                raised[row] = near.bonus
                joining[row] = near.joins and near.bonus > 0
        raised *= self.rows.weights * np.float32(max(float(scores.max(initial=0)), request.near_least) or 1.0)
        for concept in request.concepts:
            if concept.required or concept.excluded:
                scored = self._scorer.scored(concept)
                if concept.excluded:
                    joining[scored.rows] = False
                else:
                    joining &= self._present(scored.rows, scored.context_rows)
        joining[rows] = True
        raised[rows] += scores
        found = np.flatnonzero(joining)
        joining[rows] = False
        return _Found(found, raised[found], joining[found])

    def _matching_pages(self, request: Request) -> tuple[Indices, Floats]:
        """The rows that match, ascending, with their scores, all above 0.

        Those of the latest questions are kept: their next pages, other filters and another order ask for the same.
        """
        key = request.concepts, request.floor
        kept = self._matches.get(key)
        if kept is not None:
            return np.unpackbits(kept[0], count=len(self.rows)).view(np.bool_).nonzero()[0], kept[1]
        matching, scores = self._worked_out(request)
        rows = matching.nonzero()[0]
        scores = scores[rows]
        scores.flags.writeable = False  # whoever asks the same next gets it too
        bits = np.packbits(matching)  # a question matches many of the pages: their numbers would take more room
        size = bits.nbytes + scores.nbytes + sum(bytes_of(concept.forms) for concept in request.concepts)
        self._matches.put(key, (bits, scores), size)
        return rows, scores

    def _worked_out(self, request: Request) -> tuple[Bools, Floats]:
        """Which rows match, and the scores of all rows."""
        scored_by, concepts = self._scorer.scored, request.concepts
        asked = [concept for concept in concepts if concept.asked]
        if asked:
            scored = [scored_by(concept) for concept in asked]
            matching, scores = self._sums(scored, [concept.worth for concept in asked], request.floor - _ROUNDING)
            for concept, found in zip(asked, scored, strict=True):
                if concept.required:
                    matching &= self._present(found.rows, found.context_rows)
            for bonus in (scored_by(concept) for concept in concepts if concept.bonus):
                np.add.at(scores, bonus.rows, bonus.weights)
        else:  # nothing but filters and exclusions: every document by its first page
            matching = self._present(self.rows.starts[self._alive] + 1)
            scores = self.rows.weights
        for concept in concepts:
            if concept.excluded:
                matching[scored_by(concept).rows] = False
        matching &= scores > 0
        return matching, scores

    def _sums(self, scored: Sequence[Scored], worths: Sequence[float], floor: float) -> tuple[Bools, Floats]:
        """Which rows are worth enough, and the sum of the weights on every row."""
        scores = np.zeros(len(self.rows), np.float32)
        for found in scored:
            np.add.at(scores, found.rows, found.weights)
        if all(worth >= floor for worth in worths):  # any concept is enough
            held, floor = scores, 0.0
        else:
            held = np.zeros_like(scores)
            for found, worth in zip(scored, worths, strict=True):
                np.add.at(held, found.rows, np.float32(worth))
        # A word of the title or heading alone makes no page a match, unless it is the document's first page.
        context = [
            (found, worth, (scores[found.context_rows] > 0) | (self.rows.numbers[found.context_rows] == 1))
            for found, worth in zip(scored, worths, strict=True)
            if len(found.context_rows)
        ]
        for found, worth, counted in context:
            rows = found.context_rows[counted]
            np.add.at(scores, rows, found.context_weights[counted])
            if held is not scores:
                held[rows] += worth
        return held > floor, scores

    def _present(self, *lists: Ints | Indices) -> Bools:
        present = np.zeros(len(self.rows), dtype=bool)
        for rows in lists:
            present[rows] = True
        return present


def _bytes_of(stored: Mapping[str, Any]) -> int:
    """The memory that a document takes that was stored like this."""
    values = [value for value in stored.values() if value]  # the empty ones are shared by all
    lists = (value for value in values if type(value) is list)
    return 800 + sum(map(getsizeof, values)) + sum(map(getsizeof, chain.from_iterable(lists)))
