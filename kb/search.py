"""Query → results: reading the query, ranking by the engine, grouping by document, facets, snippets.

``KnowledgeBase`` is what pages, the API and the command line share: everything that a reader may ask of an index.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kb.addresses import document_url, page_url
from kb.catalogue import TAXONOMY_FILE, load_taxonomy
from kb.engine import Concept, Contribution, DocumentMatch, Engine, Request, Source
from kb.engine.embedded.builds import Builds
from kb.engine.embedded.snapshot import EmbeddedEngine
from kb.engine.embedded.store import SCHEMA_VERSION
from kb.errors import IndexMismatch, NotFound, TaxonomyError
from kb.finding.answer import LEAST_LEAD, LEAST_WORDS, best_fragment
from kb.finding.related import vector
from kb.finding.relax import nearest_topics, relaxations
from kb.finding.snippets import Highlighter
from kb.finding.suggest import PHRASE_PAGES, Entry, Suggester, frequent_phrases, short_enough
from kb.model import (
    FACETS,
    Answer,
    Document,
    FacetValue,
    Hit,
    Page,
    PageHit,
    Query,
    Relaxation,
    Results,
    Suggestion,
    Taxonomy,
)
from kb.polish import Analyzer
from kb.reading.reader import Read, Reader
from kb.reading.synonyms import SYNONYMS_FILE, Synonyms
from kb.reading.vocabulary import Vocabulary
from kb.settings import Settings

_HEADING_NUMBER = re.compile(r"^\d+(\.\d+)*\.?\s+")


class KnowledgeBase:
    """An index with its taxonomy and synonyms, both read again when their files change. Safe to use from many threads."""

    def __init__(self, settings: Settings, source: Source | None = None) -> None:
        self.settings = settings
        self.builds = Builds(settings.index)
        self._source: Source = source or EmbeddedEngine(self._locate, settings.cache_mb * 1024 * 1024)
        self.analyzer = Analyzer()
        self._lock = threading.Lock()
        self._readable: Path | None = None
        self._taxonomy: tuple[object, Taxonomy] = (None, Taxonomy())
        self._synonyms: tuple[object, Synonyms] = (None, Synonyms(self.analyzer))
        self._vocabulary: tuple[object, Vocabulary] = (None, Vocabulary({}))
        self._suggester: tuple[object, Suggester] = (None, Suggester(()))

    def _locate(self) -> tuple[Path, object]:
        """The live build. Raises IndexMissing, or IndexMismatch when its rows were written in another way than we read."""
        build, stamp = self.builds.locate()
        if build != self._readable:
            if not self.builds.info(build).fingerprint.startswith(f"schema-{SCHEMA_VERSION} "):
                raise IndexMismatch(
                    "Indeks zbudowała inna wersja programu. Uruchom „kb index”, żeby zbudować go od nowa."
                )
            self._readable = build
        return build, stamp

    @property
    def engine(self) -> Engine:
        """The newest committed state of the index: ask for it once where several answers must fit together."""
        return self._source.current()

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy; while its file cannot be used, the last good one."""
        stamp = _stamp(self.settings.documents / TAXONOMY_FILE)
        if self._taxonomy[0] != stamp:
            try:
                self._taxonomy = (stamp, load_taxonomy(self.settings.documents))
            except TaxonomyError:
                self._taxonomy = (stamp, self._taxonomy[1])
        return self._taxonomy[1]

    @property
    def synonyms(self) -> Synonyms:
        """The synonyms; while their file cannot be used, the last good ones."""
        stamp = _stamp(self.settings.documents / SYNONYMS_FILE)
        if self._synonyms[0] != stamp:
            try:
                self._synonyms = (stamp, Synonyms.load(self.settings.documents, self.analyzer))
            except TaxonomyError:
                self._synonyms = (stamp, self._synonyms[1])
        return self._synonyms[1]

    @property
    def vocabulary(self) -> Vocabulary:
        """The collection's words, for repair."""
        return self._vocabulary_of(self.engine)

    def _vocabulary_of(self, engine: Engine) -> Vocabulary:
        pages = engine.vocabulary()
        if self._vocabulary[0] is not pages:
            with self._lock:
                if self._vocabulary[0] is not pages:
                    self._vocabulary = (pages, Vocabulary(pages))
        return self._vocabulary[1]

    def read(self, query: Query) -> Read:
        """How a query is read."""
        return self._read(query, self.engine)

    def _read(self, query: Query, engine: Engine) -> Read:
        vocabulary = self._vocabulary_of(engine)
        return Reader(self.analyzer, vocabulary, self.synonyms, engine.frequency).read(query.clauses)

    def highlighter(self, query: Query) -> Highlighter:
        """Marks the query's words in any text."""
        concepts = self.read(query).concepts
        return Highlighter(self.analyzer, concepts, _weights(self.engine, concepts))

    def search(self, query: Query) -> Results:
        """One page of results; what to do instead when nothing is found."""
        started = time.perf_counter()
        engine = self.engine
        read = self._read(query, engine)
        matches = engine.match(_request(query, read.concepts, query.per_page))
        weights = _weights(engine, read.concepts)
        highlighter = Highlighter(self.analyzer, read.concepts, weights)
        hits = tuple(_hit(engine, match, highlighter) for match in matches.documents)
        answer = None
        if query.page == 1 and query.sort == "relevance" and sum(map(bool, weights)) >= LEAST_WORDS:
            answer = _answer(engine, hits, highlighter, weights)
        relaxed: tuple[Relaxation, ...] = ()
        if not matches.total:
            relaxed = relaxations(query, lambda q: engine.match(_request(q, self._read(q, engine).concepts, 0)).total)
        return Results(
            query=query,
            reading=read.reading,
            total=matches.total,
            total_pages=matches.total_pages,
            hits=hits,
            facets={name: self._facet(name, matches.facets[name], query) for name in FACETS},
            took_ms=round((time.perf_counter() - started) * 1000, 1),
            answer=answer,
            relaxations=relaxed,
            nearest_topics=() if matches.total else nearest_topics(query, self.taxonomy, self.analyzer),
        )

    def explain(self, query: Query, document: str, number: int) -> Sequence[Contribution]:
        """What makes the score of a page for a query, part by part."""
        engine = self.engine
        return engine.explain(self._read(query, engine).concepts, document, number)

    def _facet(self, name: str, counts: Mapping[str, int], query: Query) -> tuple[FacetValue, ...]:
        """A facet's values: editions, topics and kinds in the taxonomy's order, years newest first; chosen ones always."""
        labels = self.taxonomy.labels(name)
        chosen = query.filters.get(name, ())
        values = [value for value in labels if value in counts or value in chosen]
        values += sorted((set(counts) | set(chosen)) - set(labels), reverse=True)
        return tuple(
            FacetValue(
                value=value, label=labels.get(value, value), count=counts.get(value, 0), selected=value in chosen
            )
            for value in values
        )

    def document(self, id: str) -> Document:
        """A document. Raises NotFound."""
        document = self.engine.document(id)
        if document is None:
            raise NotFound("Nie ma takiego dokumentu. Mógł zostać usunięty; poszukaj go po tytule.")
        return document

    def page(self, document: str, number: int) -> Page:
        """A page of a document. Raises NotFound that says how many pages there are."""
        page = self.engine.page(document, number)
        if page is None:
            count = self.document(document).pages
            raise NotFound(f"Nie ma strony {number}. Ten dokument ma strony od 1 do {count}.")
        return page

    def pages(self, document: str) -> Iterator[Page]:
        """All pages of a document, in order."""
        return self.engine.pages(document)

    def documents(self) -> Sequence[Document]:
        """All documents, newest first."""
        return self.engine.documents()

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """Completions of what is being typed."""
        return self._suggestions().suggest(text, limit)

    def _suggestions(self) -> Suggester:
        engine, synonyms = self.engine, self.synonyms
        key = (engine, synonyms)
        if self._suggester[0] != key:
            with self._lock:
                if self._suggester[0] != key:
                    self._suggester = (key, Suggester(self._suggestion_entries(engine, synonyms)))
        return self._suggester[1]

    def _suggestion_entries(self, engine: Engine, synonyms: Synonyms) -> Iterator[Entry]:
        for abbreviation in synonyms.abbreviations:
            long = abbreviation.long[0]
            yield Entry(Suggestion(text=abbreviation.short, kind="abbreviation", detail=long))
            yield Entry(Suggestion(text=long, kind="abbreviation", detail=abbreviation.short))
        headings: Counter[str] = Counter()
        for document, number, text in engine.headings():
            if number == 0:
                yield Entry(Suggestion(text=text, kind="title", url=document_url(document)))
            else:
                # „2.3 Wkład własny" is looked for by its words, not by its number.
                headings[_HEADING_NUMBER.sub("", text)] += 1
        for text, count in headings.items():
            if short_enough(text):
                yield Entry(Suggestion(text=text, kind="heading"), count)
        yield from frequent_phrases((page.text for page in engine.sample(PHRASE_PAGES)), self.analyzer)

    def related(self, document: str, limit: int = 5) -> tuple[Document, ...]:
        """Documents about the same things, nearest first. Raises NotFound."""
        own = self.document(document)
        engine = self.engine
        concepts = vector(own.title, engine.pages(document), self.analyzer, engine.frequency, engine.counts()[1])
        matches = engine.match(Request(concepts=concepts, limit=limit + 1, pages_per_document=1, min_coverage=0))
        found = [engine.document(match.id) for match in matches.documents if match.id != document]
        return tuple(other for other in found if other is not None)[:limit]


def _request(query: Query, concepts: tuple[Concept, ...], limit: int) -> Request:
    return Request(
        concepts=concepts,
        filters={name: frozenset(values) for name, values in query.filters.items()},
        sort=query.sort,
        offset=(query.page - 1) * query.per_page,
        limit=limit,
    )


def _weights(engine: Engine, concepts: Sequence[Concept]) -> list[float]:
    """How telling each concept is; 0 for one that nothing is to be marked of."""
    pages = engine.counts()[1]
    return [
        0.0 if concept.excluded or concept.bonus else math.log1p(pages / (1 + engine.frequency(concept)))
        for concept in concepts
    ]


def _hit(engine: Engine, match: DocumentMatch, highlighter: Highlighter) -> Hit:
    document = engine.document(match.id)
    assert document is not None
    pages = []
    for number, score in match.pages:
        page = engine.page(match.id, number)
        assert page is not None
        pages.append(
            PageHit(
                number=number,
                label=page.label,
                heading=page.heading,
                url=page_url(match.id, number),
                score=round(score, 3),
                snippet=highlighter.snippet(page.whole_text),
            )
        )
    return Hit(
        document=document,
        url=document_url(match.id),
        score=round(match.score, 3),
        matching_pages=match.matching_pages,
        pages=tuple(pages),
    )


def _answer(engine: Engine, hits: Sequence[Hit], highlighter: Highlighter, weights: Sequence[float]) -> Answer | None:
    """The sentence of the best page that answers, when that page leads clearly and the sentence covers the question."""
    if not hits:
        return None
    best, *others = hits[0].pages
    rivals = [page.score for page in others] + [hit.score for hit in hits[1:]]
    if rivals and best.score < LEAST_LEAD * max(rivals):
        return None
    page = engine.page(hits[0].document.id, best.number)
    assert page is not None
    text = page.whole_text
    fragment = best_fragment(text, highlighter, weights)
    if fragment is None:
        return None
    sentence = highlighter.mark_all(text[fragment.start : fragment.end])
    return Answer(sentence=sentence, document=hits[0].document, page=best)


def _stamp(path: Path) -> object:
    try:
        at = path.stat()
    except OSError:
        return None
    return (at.st_ino, at.st_size, at.st_mtime_ns)
