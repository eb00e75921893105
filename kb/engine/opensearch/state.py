"""One committed state of an index in the cluster."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from cachetools import LRUCache

from kb.deadline import check
from kb.engine import (
    Concept,
    Contribution,
    DocumentMatch,
    Field,
    Heading,
    Matches,
    Near,
    PageMatch,
    Request,
    Size,
    idf,
)
from kb.engine.opensearch.commits import Commit
from kb.engine.opensearch.connection import Connection
from kb.engine.opensearch.layout import DOCUMENT, DOCUMENTS, PAGE, PAGES, Terms, day_of, place
from kb.engine.opensearch.queries import NOTHING, Part, Queries, Way, either, find, ways
from kb.engine.opensearch.ranking import Gathered, Ranked, facets_of, gathered, gathering
from kb.engine.opensearch.reading import DocumentRow, Followed, Rows, documents_of, words_of
from kb.model import Document, Page
from kb.tuning import Tuning

JSON = dict[str, Any]
_COUNTS_KEPT = 20_000
_SAMPLE_AT_ONCE = 1_000
_TEXTS_AT_ONCE = 200
_CHARACTERS_KEPT = 4_000_000
"""Of the texts of pages that were found last."""
_TEXTS = ("lemma", "surface")
_OF_A_DOCUMENT = ("document", "ord", "day", "standing", "values")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the states of a store share."""

    documents: Followed[Mapping[int, DocumentRow]] = field(default_factory=Followed)
    words: Followed[Mapping[str, Mapping[str, int]]] = field(default_factory=Followed)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A document of a slice: how many of its pages match, and the best, with their scores, joined or not."""

    ord: int
    matching: int
    pages: Sequence[tuple[int, float, bool]]


class OpenSearchState:
    """One commit: immutable, shared by all threads. What it is asked, it asks the cluster of the rows of this commit alone."""

    def __init__(self, connection: Connection, commit: Commit, tuning: Tuning, kept: Kept | None = None) -> None:
        self.key = (commit.build, commit.number)
        """Build and commit: no two states have both in common."""
        self.commit = commit
        self.size = Size(commit.documents, commit.pages)
        self._tuning = tuning
        self._kept = kept or Kept()
        self._queries = Queries(commit, tuning, self._pages_of, self._idf)
        self._rows = Rows(connection, commit)
        self._own_words: Mapping[str, Mapping[str, int]] | None = None
        self._counts: LRUCache[str, int] = LRUCache(_COUNTS_KEPT)
        self._texts: LRUCache[tuple[str, int], Mapping[str, str]] = LRUCache(
            _CHARACTERS_KEPT, lambda row: sum(map(len, row.values()))
        )
        self._lock = threading.Lock()

    # Reading rows

    def _documents(self) -> Mapping[int, DocumentRow]:
        return documents_of(self._rows, self.commit, self._kept.documents)

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        found = self._hits(DOCUMENT, {"term": {"document": id}})
        return DOCUMENTS.validate_python(found[0]["stored"]) if found else None

    def documents(self) -> list[Document]:
        """All documents, newest first, without a date last, then by id."""
        found = [DOCUMENTS.validate_python(own.stored) for own in self._documents().values()]
        found.sort(key=lambda document: document.id)
        return sorted(found, key=day_of, reverse=True)

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        found = self._hits(PAGE, {"term": {"place": place(document, number)}})
        return PAGES.validate_python(found[0]["stored"]) if found else None

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        own = {"term": {"document": document}}
        found = self._rows.each(PAGE, own, source=["stored"], sort=("number",), size=200)
        return (PAGES.validate_python(row["stored"]) for row in found)

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        everything = [
            (own.stored["id"], number) for own in self._documents().values() for number in range(1, own.pages + 1)
        ]
        chosen = [place(*each) for each in everything[:: max(1, -(-len(everything) // count))]]
        for start in range(0, len(chosen), _SAMPLE_AT_ONCE):
            for row in self._hits(PAGE, {"terms": {"place": chosen[start : start + _SAMPLE_AT_ONCE]}}):
                yield PAGES.validate_python(row["stored"])

    def headings(self) -> Iterator[Heading]:
        """Each title, and what each page is listed under."""
        for own in self._documents().values():
            id, title = own.stored["id"], own.stored["title"]
            if title:
                yield Heading(id, 0, title)
            yield from (Heading(id, number, text) for number, text in own.names)

    def lexicon(self) -> Mapping[str, int]:
        """Every surface form with the number of pages it stands on."""
        return self._words()["surface"]

    def _words(self) -> Mapping[str, Mapping[str, int]]:
        if self._own_words is None:
            self._own_words = words_of(self._rows, self.commit, self._kept.words)
        return self._own_words

    def _hits(self, row: str, *filters: JSON, source: Sequence[str] = ("stored",)) -> list[JSON]:
        """At most as many rows as one search gives."""
        body = {
            "size": _SAMPLE_AT_ONCE,
            "query": self._queries.alive.rows(row, *filters),
            "_source": list(source),
            "sort": ["_doc"],
            "track_total_hits": False,
        }
        return [hit["_source"] for hit in self._rows.search([body])[0]["hits"]["hits"]]

    # How many pages

    def frequencies(self, concepts: Sequence[Concept]) -> list[int]:
        """On how many pages each concept stands in the text."""
        counts: list[tuple[str, int | None]] = []
        asked: dict[str, JSON] = {}
        for concept in concepts:
            query = self._queries.in_text(concept)
            key = json.dumps(query)
            known = self._known(query)
            counts.append((key, known))
            if known is None:
                asked[key] = query
        found = self._counted(asked)
        return [found[key] if known is None else known for key, known in counts]

    def _pages_of(self, field: str, term: str) -> int:
        """On how many pages a term stands."""
        return self._words()[field].get(term, 0)

    def _known(self, query: JSON) -> int | None:
        """How many pages a query finds, where nobody need be asked: those of nothing, and of one term."""
        if query == NOTHING:
            return 0
        [(kind, own)] = query.items()
        if kind != "terms":
            return None
        [(field, terms)] = own.items()
        return self._pages_of(field, terms[0]) if len(terms) == 1 else None

    def _idf(self, way: Way) -> float:
        there = self._queries.there(way)
        if there is None or there.single:
            return idf(self.commit.pages, self._pages_of(there.field, there.steps[0][0]) if there else 0)
        query = find(there)
        key = json.dumps(query)
        return idf(self.commit.pages, self._counted({key: query})[key])

    def _counted(self, queries: Mapping[str, JSON]) -> dict[str, int]:
        """How many pages each query finds, all in one request."""
        with self._lock:
            found = {key: self._counts[key] for key in queries if key in self._counts}
        new = {key: query for key, query in queries.items() if key not in found}
        if new:
            # A search of its own for each: together they would be tried on each page that any of them finds.
            alive = self._queries.alive
            answers = self._rows.search(
                [{"size": 0, "track_total_hits": True, "query": alive.pages(query)} for query in new.values()]
            )
            counts = {key: answer["hits"]["total"]["value"] for key, answer in zip(new, answers, strict=True)}
            with self._lock:
                self._counts.update(counts)
            found |= counts
        return found

    def _count_phrases(self, concepts: Sequence[Concept]) -> None:
        """Have all phrases of a request counted at once."""
        every = dict.fromkeys(way for concept in concepts for form in concept.forms for way in ways(form))
        phrases = [find(there) for way in every if (there := self._queries.there(way)) and not there.single]
        self._counted({json.dumps(query): query for query in phrases})

    # Where terms stand

    def locate(
        self, terms: Mapping[Field, Collection[str]], pages: Sequence[tuple[str, int]]
    ) -> Sequence[Sequence[int]]:
        """The words of each page's text that have one of the terms, by number from 0, ascending."""
        check()
        rows = self._texts_of(pages)
        asked = Terms(terms)
        return [asked.where(rows[page]) if page in rows else () for page in pages]

    def _texts_of(self, pages: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Mapping[str, str]]:
        """The rows with the texts of pages: those that were just found are at hand."""
        with self._lock:
            rows = {page: self._texts[page] for page in pages if page in self._texts}
        places = [place(*page) for page in pages if page not in rows]
        for start in range(0, len(places), _TEXTS_AT_ONCE):
            those = {"terms": {"place": places[start : start + _TEXTS_AT_ONCE]}}
            for row in self._hits(PAGE, those, source=("document", "number", *_TEXTS)):
                rows[row["document"], row["number"]] = row
        return rows

    def _keep(self, rows: Iterable[JSON]) -> None:
        with self._lock:
            for row in rows:
                with suppress(ValueError):  # a text longer than all that is kept
                    self._texts[row["document"], row["number"]] = {field: row[field] for field in _TEXTS}

    # Matching

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        near = request.near if any(concept.asked for concept in request.concepts) else ()
        wanted = request.offset + request.limit if request.limit else 0
        self._count_phrases([concept for concept in request.concepts if not concept.excluded])
        scoring = self._queries.matching(request)
        raised = {own.document for own in near}
        bodies = [self._gathering(scoring, request, wanted + len(raised) if wanted else 0)]
        if near:
            bodies += self._asking_near(scoring, request, near)
        answers = self._rows.search(bodies)
        found = gathered(answers[0])
        joined = 0
        if near:
            ranked, joined = self._with_near(found, request, near, answers[1:])
        else:
            ranked = [(own, _chosen(own)) for own in found.best]
        chosen = [own for _, own in ranked[request.offset : wanted]]
        return Matches(
            documents=self._documents_of(chosen, request.pages_per_document),
            total=found.documents,
            total_pages=found.pages,
            facets=facets_of(found.counts, self.commit.values, request.facets),
            joined=joined,
        )

    def totals(self, requests: Sequence[Request]) -> list[int]:
        """How many documents match each request."""
        self._count_phrases([own for each in requests for own in each.concepts if not own.excluded])
        bodies = [
            self._gathering(self._queries.matching(each), replace(each, facets=(), order=()), 0) for each in requests
        ]
        return [gathered(answer).documents for answer in self._rows.search(bodies)]

    def _gathering(self, scoring: JSON, request: Request, most: int, apart: Sequence[str] = ()) -> JSON:
        aggs = gathering(request, self._tuning, self.commit.values, most, apart)
        return {"size": 0, "track_total_hits": False, "query": scoring, "aggs": aggs}

    # Near pages

    def _asking_near(self, scoring: JSON, request: Request, near: Sequence[Near]) -> list[JSON]:
        """What must be known of near pages: those that may join, and what their documents are without them."""
        places = [place(own.document, own.page) for own in near]
        joining = [place(own.document, own.page) for own in near if own.joins and own.bonus > 0]
        rows = {"_source": False, "docvalue_fields": [*_OF_A_DOCUMENT, "number", "contents"]}
        documents = {"terms": {"document": sorted({own.document for own in near})}}
        return [
            {
                **self._gathering(
                    {"bool": {"must": [scoring], "filter": [documents]}}, request, len(near), apart=places
                ),
                **rows,
                "size": len(near),
                "post_filter": {"terms": {"place": places}},
            },
            {**rows, "size": max(len(joining), 1), "query": self._queries.joining(request, joining)},
        ]

    def _with_near(
        self, found: Gathered, request: Request, near: Sequence[Near], answers: Sequence[JSON]
    ) -> tuple[list[tuple[Ranked, _Chosen]], int]:
        """The documents in their order with near pages raised, and how many have nothing but such pages."""
        bonuses = {place(own.document, own.page): own.bonus for own in near}
        unit = max(found.top, request.near_least) or 1.0
        apart = {own.ord: own for own in gathered(answers[0]).best}
        pages: dict[int, list[tuple[int, float, bool]]] = {}
        rows: dict[int, JSON] = {}
        matching: set[str] = set()
        for answer, joined in zip(answers, (False, True), strict=True):
            for hit in answer["hits"]["hits"]:
                own = hit["fields"]
                at = place(own["document"][0], own["number"][0])
                if (joined and at in matching) or not self._passes(own, request):
                    continue
                matching.add(at)
                factor = self._tuning.contents_page if own["contents"][0] else 1.0
                score = (0.0 if joined else hit["_score"]) + bonuses[at] * unit * factor
                pages.setdefault(own["ord"][0], []).append((own["number"][0], score, joined))
                rows[own["ord"][0]] = own
        ranked = [(own, _chosen(own)) for own in found.best if own.ord not in pages]
        joined_documents = 0
        for ord, raised in pages.items():
            others = apart.get(ord)
            joined_documents += others is None
            if others is None:
                own = rows[ord]
                others = Ranked(ord, self._key(own, request), 0.0, own["standing"][0], 0, ())
            best = sorted([*raised, *_chosen(others).pages], key=lambda page: (-page[1], page[0]))
            rank = best[0][1] + self._tuning.second_page * (best[1][1] if len(best) > 1 else 0.0)
            ranked.append((others._replace(rank=rank), _Chosen(ord, others.pages, best)))
        ranked.sort(key=lambda own: own[0].order)
        return ranked, joined_documents

    def _passes(self, row: JSON, request: Request) -> bool:
        """Whether a row is of a document that passes the filters."""
        own = [self.commit.values[number] for number in row.get("values", ())]
        return all(any((name, value) in own for value in wanted) for name, wanted in request.filters.items() if wanted)

    def _key(self, row: JSON, request: Request) -> float:
        """What a document that nothing but near pages finds is ordered by before its rank, as the cluster would say."""
        if request.order:
            order = list(request.order)
            return order.index(row["document"][0]) if row["document"][0] in order else len(order)
        day = row["day"][0]
        if request.sort == "newest":
            return float(-day)
        return float(day or 1e9) if request.sort == "oldest" else 0.0

    # The documents of a slice

    def _documents_of(self, chosen: Sequence[_Chosen], pages: int) -> tuple[DocumentMatch, ...]:
        if not chosen:
            return ()
        wanted = [
            {"bool": {"filter": [{"term": {"ord": own.ord}}, {"terms": {"number": [page for page, *_ in best]}}]}}
            for own in chosen
            if (best := own.pages[:pages])
        ]
        asked = [
            (DOCUMENT, len(chosen), {"terms": {"ord": [own.ord for own in chosen]}}, ["stored", "ord"]),
            # A whole row is sent faster than parts of it.
            (PAGE, sum(len(own.pages[:pages]) for own in chosen), either(wanted), True),
        ]
        answers = self._rows.search(
            [
                {
                    "size": size,
                    "query": self._queries.alive.rows(row, those),
                    "_source": source,
                    "sort": ["_doc"],
                    "track_total_hits": False,
                }
                for row, size, those, source in asked
            ]
        )
        documents, found = ([hit["_source"] for hit in answer["hits"]["hits"]] for answer in answers)
        self._keep(found)
        document_of = {row["ord"]: DOCUMENTS.validate_python(row["stored"]) for row in documents}
        page_of = {(row["ord"], row["number"]): PAGES.validate_python(row["stored"]) for row in found}
        return tuple(
            DocumentMatch(
                document=document_of[own.ord],
                score=own.pages[0][1],
                matching_pages=own.matching,
                pages=tuple(
                    PageMatch(page_of[own.ord, number], score, joined) for number, score, joined in own.pages[:pages]
                ),
            )
            for own in chosen
        )

    # Why

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> list[Contribution]:
        """What makes the score of a page, part by part."""
        asked = [concept for concept in concepts if not concept.excluded]
        parts = [(at, part) for at, concept in enumerate(asked) for part in self._queries.parts(concept)]
        here = self._queries.alive.rows(PAGE, {"term": {"place": place(document, number)}})
        bodies: list[JSON] = [{"size": 1, "query": here, "_source": False, "docvalue_fields": ["length", "contents"]}]
        bodies += [
            {"size": 1, "query": {"bool": {"must": [find(part.found)], "filter": [here]}}, "_source": False}
            for _, part in parts
        ]
        page, *answers = (answer["hits"]["hits"] for answer in self._rows.search(bodies))
        if not page:
            return []
        length, contents = (page[0]["fields"][name][0] for name in ("length", "contents"))
        factor = self._tuning.contents_page if contents else 1.0
        found: list[list[Contribution]] = [[] for _ in asked]
        for (at, part), hits in zip(parts, answers, strict=True):
            if hits:
                told = self._contribution(asked[at], part, hits[0]["_score"], length, factor)
                found[at].append(told)
        return [one for own in zip(asked, found, strict=True) for one in _counted_of(*own)]

    def _contribution(self, concept: Concept, part: Part, told: float, length: int, factor: float) -> Contribution:
        """What a part adds to a page, where the cluster told so much of it."""
        frequency, saturated = 1.0, 1.0
        if part.found.field == part.way.field:
            frequency = told if part.found.single else float(round(told / (1 - told)))
            saturated = frequency / (frequency + self._norm(length))
        return Contribution(
            concept=concept.label,
            field=part.found.field,
            terms=" ".join("|".join(step) or "*" for step in part.way.steps),
            frequency=int(frequency),
            idf=part.rarity,
            weight=part.weight * factor,
            score=part.weight * part.rarity * saturated * factor,
            counted=False,
        )

    def _norm(self, length: int) -> float:
        tuning = self._tuning
        return tuning.k1 * (1 - tuning.b + tuning.b * max(length / self._queries.average, tuning.shortest))


def _chosen(own: Ranked) -> _Chosen:
    return _Chosen(own.ord, own.pages, [(number, score, False) for number, score in own.best])


def _counted_of(concept: Concept, parts: Sequence[Contribution]) -> list[Contribution]:
    """A concept's parts, of each field the first best one counted; none of a bonus that the text has not."""
    if concept.bonus and all(part.field in ("title", "heading") for part in parts):
        return []
    best: dict[str, Contribution] = {}
    for part in parts:
        if part.field not in best or part.score > best[part.field].score:
            best[part.field] = part
    return [replace(part, counted=part is best[part.field]) for part in parts]
