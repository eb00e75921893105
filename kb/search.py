"""Query → results: reading the query, ranking by the engine, grouping by document, facets, snippets.

``KnowledgeBase`` is what pages, the API and the command line share: everything that a reader may ask of an index.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from kb.builds import Builds
from kb.catalogue import TAXONOMY_FILE, Taxonomy, load_taxonomy
from kb.engine import Concept, DocumentMatch, Engine, Request
from kb.engine.embedded import EmbeddedEngine
from kb.errors import NotFound, TaxonomyError
from kb.model import FACETS, Document, FacetValue, Hit, Page, PageHit, Query, Results, Suggestion
from kb.polish import Analyzer, normalise
from kb.query import parse
from kb.reading import Read, Reader
from kb.settings import Settings
from kb.snippets import Highlighter
from kb.synonyms import SYNONYMS_FILE, Synonyms
from kb.vocabulary import Vocabulary

LONGEST_QUERY = 1_000
"""Characters of a query that are read; more is never a question, and every word costs."""


def make_query(text: str, filters: Mapping[str, Sequence[str]] | None = None, **rest: object) -> Query:
    """A query from what was typed. Long texts are cut at a word; filters without values are left out."""
    text = normalise(text).strip()
    if len(text) > LONGEST_QUERY:
        text = text[:LONGEST_QUERY].rsplit(None, 1)[0]
    kept = {name: tuple(values) for name, values in (filters or {}).items() if values}
    return Query(text=text, clauses=parse(text), filters=kept, **rest)  # type: ignore[arg-type]


def document_url(document: str) -> str:
    """Path of a document's own page."""
    return f"/dokumenty/{quote(document)}"


def page_url(document: str, number: int) -> str:
    """Path of one page of a document: a link to cite, so it never carries a query."""
    return f"{document_url(document)}/strony/{number}"


class KnowledgeBase:
    """An index with its taxonomy and synonyms, both read again when their files change. Safe to use from many threads."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self.settings = settings
        self.builds = Builds(settings.index)
        self.engine: Engine = engine or EmbeddedEngine(self.builds.locate, settings.cache_mb * 1024 * 1024)
        self.analyzer = Analyzer()
        self._lock = threading.Lock()
        self._taxonomy: tuple[object, Taxonomy] = (None, Taxonomy())
        self._synonyms: tuple[object, Synonyms] = (None, Synonyms(self.analyzer))
        self._vocabulary: tuple[object, Vocabulary] = (None, Vocabulary({}))

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
        pages = self.engine.vocabulary()
        if self._vocabulary[0] is not pages:
            with self._lock:
                if self._vocabulary[0] is not pages:
                    self._vocabulary = (pages, Vocabulary(pages))
        return self._vocabulary[1]

    def read(self, query: Query) -> Read:
        """How a query is read."""
        return Reader(self.analyzer, self.vocabulary, self.synonyms, self.engine.frequency).read(query.clauses)

    def highlighter(self, query: Query) -> Highlighter:
        """Marks the query's words in any text."""
        return self._highlighter(self.read(query).concepts)

    def _highlighter(self, concepts: Sequence[Concept]) -> Highlighter:
        weights = [1 / math.log2(2 + self.engine.frequency(concept)) for concept in concepts]
        return Highlighter(self.analyzer, concepts, weights)

    def search(self, query: Query) -> Results:
        """One page of results."""
        started = time.perf_counter()
        read = self.read(query)
        matches = self.engine.match(
            Request(
                concepts=read.concepts,
                filters={name: frozenset(values) for name, values in query.filters.items()},
                sort=query.sort,
                offset=(query.page - 1) * query.per_page,
                limit=query.per_page,
            )
        )
        highlighter = self._highlighter(read.concepts)
        hits = tuple(self._hit(match, highlighter) for match in matches.documents)
        return Results(
            query=query,
            reading=read.reading,
            total=matches.total,
            total_pages=matches.total_pages,
            hits=hits,
            facets={name: self._facet(name, matches.facets[name], query) for name in FACETS},
            took_ms=round((time.perf_counter() - started) * 1000, 1),
        )

    def _hit(self, match: DocumentMatch, highlighter: Highlighter) -> Hit:
        document = self.document(match.id)
        pages = []
        for number, score in match.pages:
            page = self.page(match.id, number)
            pages.append(
                PageHit(
                    number=number,
                    label=page.label,
                    heading=page.heading,
                    url=page_url(match.id, number),
                    score=round(score, 3),
                    snippet=highlighter.snippet(f"{page.text} {page.continuation}".strip()),
                )
            )
        return Hit(
            document=document,
            url=document_url(match.id),
            score=round(match.score, 3),
            matching_pages=match.matching_pages,
            pages=tuple(pages),
        )

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
        return ()

    def related(self, document: str, limit: int = 5) -> tuple[Document, ...]:
        """Documents about the same things, nearest first. Raises NotFound."""
        return ()


def _stamp(path: Path) -> object:
    try:
        at = path.stat()
    except OSError:
        return None
    return (at.st_ino, at.st_size, at.st_mtime_ns)
