"""Query → results: reading the query, ranking by the engine, grouping by document, facets, snippets.

``KnowledgeBase`` is what pages, the API and the command line share: everything that a reader may ask of an index.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from sys import getsizeof

from cachetools import LRUCache

from kb import deadline, limits
from kb.addresses import document_url, page_url
from kb.cache import Cache
from kb.catalogue import TAXONOMY_FILE, load_taxonomy
from kb.engine import (
    Concept,
    Contribution,
    DocumentMatch,
    Explains,
    Form,
    Locates,
    Matches,
    Near,
    PageMatch,
    Request,
    State,
    Store,
    idf,
    open_store,
)
from kb.errors import NotFound
from kb.facets import FACETS
from kb.finding.answer import answer
from kb.finding.hits import Count, PageHits, count, hits_of
from kb.finding.related import related
from kb.finding.relax import THIN, nearest_topics, relaxations
from kb.finding.snippets import Highlighter
from kb.finding.suggest import Suggester, harvest
from kb.formats import SYNONYMS_FILE
from kb.live import FileValue, KeyedValue
from kb.meaning import open_meaning
from kb.meaning.nearest import Meaning, Weights
from kb.model import (
    Answer,
    Clause,
    ClauseKind,
    Document,
    FacetValue,
    Hit,
    Page,
    PageHit,
    Query,
    Reading,
    Relaxation,
    Results,
    Suggestion,
    Taxonomy,
)
from kb.polish import Analyzer, normalise, shared_analyzer, surface, words
from kb.quoting.places import Checked, check_quotation
from kb.quoting.words import quotation
from kb.reading.frequencies import Frequencies
from kb.reading.reader import Reader, ReadQuery
from kb.reading.synonyms import Steps, Synonyms
from kb.reading.vocabulary import Vocabulary
from kb.settings import Settings
from kb.tuning import Tuning

_KEY_PAGES = 10
"""What the text of a query takes where counts are kept, as if it were pages."""
_ALONE = 0.5
_SHORT_NUMBER = 3
"""Figures of a number that is the one of a section or an annex, not a year."""
_SURE = 0.7
"""The share of the best form's weight from which on a form surely is what was asked for."""


class KnowledgeBase:
    """An index with its taxonomy and synonyms, both read again when their files change. Safe to use from many threads."""

    def __init__(
        self,
        settings: Settings,
        tuning: Tuning | None = None,
        store: Store | None = None,
        analyzer: Analyzer | None = None,
    ) -> None:
        self.settings = settings
        self.tuning = tuning or Tuning()
        self.analyzer = analyzer or shared_analyzer()
        self.store = store or open_store(settings, self.tuning)
        documents = settings.documents
        self._taxonomy = FileValue(documents / TAXONOMY_FILE, lambda: load_taxonomy(documents), Taxonomy())
        self._synonyms = FileValue(
            documents / SYNONYMS_FILE,
            lambda: Synonyms.load(documents, self.analyzer),
            Synonyms.common(self.analyzer),
        )
        self._vocabulary: KeyedValue[Vocabulary] = KeyedValue()
        self._suggester: KeyedValue[Suggester] = KeyedValue()
        self._meaning: Meaning | None = open_meaning(settings)
        self._counts: LRUCache[Hashable, tuple[Count, ...]] = LRUCache(
            limits.KEPT_HIT_PAGES, lambda counts: len(counts) + _KEY_PAGES
        )
        self._counts_lock = threading.Lock()
        self._kept_results: KeyedValue[Cache[Results]] = KeyedValue()

    @property
    def state(self) -> State:
        """The newest committed state of the index: ask for it once where several answers must fit together."""
        return self.store.current()

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy; while its file cannot be used, the last good one."""
        return self._taxonomy.current()

    @property
    def synonyms(self) -> Synonyms:
        """The synonyms; while their file cannot be used, the last good ones."""
        return self._synonyms.current()

    def prepare(self) -> None:
        """Make what the first questions would wait for: the encoder's weights and the suggestions."""
        if self._meaning:
            self._meaning.prepare()
        self.suggest("sa")

    # Searching

    def search(self, query: Query) -> Results:
        """One page of results; what to do instead when nothing is found.

        Those of the latest questions are kept, while all that they are made of is the same: people turn back to a list, and ask
        for what others have asked for.
        """
        started = time.perf_counter()
        deadline.check()
        state = self.state
        vectors = self._meaning.stamp if self._meaning and self._means(query) else None
        kept = self._kept_results.of((state.key, self.taxonomy, self.synonyms), self._no_results)
        asked = query.text, query.clauses, tuple(query.filters.items()), query.sort, query.page, query.per_page
        key = asked, vectors
        results = kept.get(key)
        if results is None:
            results, near = self._search(query, state)
            # Looser searches may have been left out for want of time, what is near for want of an encoder.
            if results.total > THIN and (near or vectors is None):
                kept.put(key, results, _bytes_of(results))
        return replace(results, took_ms=round((time.perf_counter() - started) * 1000, 1))

    def _no_results(self) -> Cache[Results]:
        return Cache(int(self.settings.cache_mb * 1024 * 1024 * limits.SHARE_OF_RESULTS))

    def _search(self, query: Query, state: State) -> tuple[Results, bool]:
        """The results, and whether there are pages that mean what was asked."""
        frequencies = Frequencies(state)
        reader = self._reader(state, frequencies)
        read = reader.read(query.clauses)
        request = self._request(query, read, state, frequencies)
        near = self._near(query, read)
        matches = state.match(replace(request, near=near))
        highlighter = self._highlighter(read, state, frequencies)
        among = _located(state, highlighter, matches)
        hits = tuple(_hit(match, highlighter, among) for match in matches.documents)
        quoted = None
        if hits and query.page == 1 and query.sort == "relevance":
            quoted = (
                None
                if hits[0].document.unread
                else self._answer(hits, matches.documents[0].pages[0].page, highlighter, among)
            )
        relaxed: tuple[Relaxation, ...] = ()
        if matches.total <= THIN:
            with deadline.optional():
                relaxed = relaxations(
                    query, matches.total, lambda queries: self._totals(queries, reader, state, frequencies)
                )
        results = Results(
            query=query,
            reading=replace(read.reading, absent=reader.absent(read)),
            total=matches.total,
            total_pages=matches.total_pages,
            hits=hits,
            facets={name: self._facet(name, matches.facets[name], query) for name in FACETS},
            took_ms=0.0,
            answer=quoted,
            relaxations=relaxed,
            nearest_topics=() if matches.total else nearest_topics(query, self.taxonomy, self.analyzer),
            by_meaning=matches.joined,
        )
        return results, bool(near)

    def _answer(self, hits: Sequence[Hit], page: Page, highlighter: Highlighter, among: Located) -> Answer | None:
        return answer(hits, page, highlighter, self.tuning, among.get((hits[0].document.id, page.number)))

    def _near(self, query: Query, read: ReadQuery) -> tuple[Near, ...]:
        """The pages that mean what was asked; none for a query of quotations alone, which asks for words, or in order of time."""
        if self._meaning is None or not self._means(query):
            return ()
        asked = [clause for clause in query.clauses if not clause.excluded]
        text = _as_read(asked, read.reading, {surface(entry.short) for entry in self.synonyms.abbreviations})
        return self._meaning.near(text, Weights(self.tuning.meaning, self.tuning.meaning_joins))

    def _means(self, query: Query) -> bool:
        asked = [clause for clause in query.clauses if not clause.excluded]
        strict = all(clause.kind is ClauseKind.PHRASE for clause in asked)
        return not strict and query.sort == "relevance" and bool(self.tuning.meaning)

    def found(self, query: Query, limit: int) -> tuple[tuple[Document, ...], int]:
        """The first documents of a whole list of results, in its order, without what is shown of them; and how many it has."""
        state = self.state
        frequencies = Frequencies(state)
        read = self._reader(state, frequencies).read(query.clauses)
        request = self._request(replace(query, page=1, per_page=limit), read, state, frequencies)
        matches = state.match(replace(request, near=self._near(query, read)))
        return tuple(match.document for match in matches.documents), matches.total + matches.joined

    def in_order(self, query: Query, order: Sequence[str]) -> tuple[tuple[Hit, ...], int]:
        """A page of what a search finds by words, in an order of documents' ids; and how many documents it finds."""
        state = self.state
        frequencies = Frequencies(state)
        read = self._reader(state, frequencies).read(query.clauses)
        request = replace(self._request(query, read, state, frequencies), order=order, facets=(), pages_per_document=1)
        matches = state.match(request)
        highlighter = self._highlighter(read, state, frequencies)
        among = _located(state, highlighter, matches)
        return tuple(_hit(match, highlighter, among) for match in matches.documents), matches.total

    def highlighter(self, query: Query) -> Highlighter:
        """Marks the query's words in any text."""
        state = self.state
        frequencies = Frequencies(state)
        return self._highlighter(self._reader(state, frequencies).read(query.clauses), state, frequencies)

    def hits(self, query: Query, document: str, highlighter: Highlighter) -> tuple[PageHits, ...]:
        """The query's found places on each page of a document; none where there is no time to count them all.

        The next one who asks goes on from there.
        """
        state = self.state
        found = _found(state.document(document))
        pages = 0 if found.unread else found.pages
        key = (state.key, self.synonyms, query.text, document)
        with self._counts_lock:
            counts = list(self._counts.get(key, ()))
        if len(counts) < pages:
            with deadline.optional():
                left = [(document, number) for number in range(len(counts) + 1, pages + 1)]
                among = _locate(state, highlighter, left)
                for place in left:
                    deadline.check()
                    page = state.page(*place)
                    assert page is not None
                    counts.append(count(highlighter, page, among.get(place)))
            with self._counts_lock, suppress(ValueError):  # a document of more pages than are kept
                # Somebody else may have come further meanwhile.
                self._counts[key] = max(tuple(counts), self._counts.get(key, ()), key=len)
        return hits_of(counts, highlighter.weights) if len(counts) == pages else ()

    def explain(self, query: Query, document: str, number: int) -> Sequence[Contribution] | None:
        """What makes the score of a page for a query, part by part; None where the engine cannot say."""
        state = self.state
        if not isinstance(state, Explains):
            return None
        read = self._reader(state, Frequencies(state)).read(query.clauses)
        concepts = (*read.concepts, read.title) if read.title else read.concepts
        return state.explain(concepts, document, number)

    def _reader(self, state: State, frequencies: Frequencies) -> Reader:
        return Reader(self.analyzer, self._vocabulary_of(state), self.synonyms, frequencies, self.tuning)

    def _vocabulary_of(self, state: State) -> Vocabulary:
        return self._vocabulary.of(state.key, lambda: self._new_vocabulary(state))

    def _new_vocabulary(self, state: State) -> Vocabulary:
        titles = {word for _, page, text in state.headings() if page == 0 for word in words(normalise(text))}
        terms = {term for word in titles for term in self.analyzer.terms(word)}
        return Vocabulary(state.lexicon(), set(map(surface, titles)), terms)

    def _request(self, query: Query, read: ReadQuery, state: State, frequencies: Frequencies) -> Request:
        """The request for a page of results; what a concept is worth is its idf.

        That is the idf of what was surely meant, where it stands anywhere: the page with a rare word is worth no less for the
        many that have a word of its family.
        """
        count = len(read.concepts)
        shared = Counter(steps for concept in read.concepts for steps in {form.steps for form in _inflected(concept)})
        pages = frequencies.of([*read.concepts, *(_surely(concept, shared) for concept in read.concepts)])
        concepts = tuple(
            replace(concept, worth=idf(state.size.pages, surely or found))
            for concept, found, surely in zip(read.concepts, pages[:count], pages[count:], strict=True)
        )
        concepts = _no_more_than_words(concepts)
        asked = [
            concept.worth for concept, found in zip(concepts, pages[:count], strict=True) if concept.asked and found
        ]
        # Of words put side by side each carries its part; of a question the rare ones alone may be the answer's.
        side_by_side = bool(self.tuning.floor and asked and not read.reading.dropped)
        share = max(self.tuning.floor, 1 / len(asked)) if side_by_side else self.tuning.floor
        return Request(
            concepts=(*concepts, read.title) if read.title else concepts,
            filters={name: frozenset(values) for name, values in query.filters.items()},
            sort=query.sort,
            offset=(query.page - 1) * query.per_page,
            limit=query.per_page,
            # A word that no page has must not empty the answer: it counts for nothing.
            floor=share * sum(asked),
            near_least=self.tuning.meaning_least * sum(concept.worth for concept in concepts if concept.asked),
        )

    def _totals(
        self, queries: Sequence[Query], reader: Reader, state: State, frequencies: Frequencies
    ) -> Sequence[int]:
        """How many documents each query finds, in two calls to the engine."""
        reader.prepare([query.clauses for query in queries])
        reads = [reader.read(query.clauses) for query in queries]
        frequencies.of(concept for read in reads for concept in read.concepts)
        return state.totals(
            [self._request(query, read, state, frequencies) for query, read in zip(queries, reads, strict=True)]
        )

    def _highlighter(self, read: ReadQuery, state: State, frequencies: Frequencies) -> Highlighter:
        pages = frequencies.of(read.concepts)
        weights = [_weight(concept, found, state) for concept, found in zip(read.concepts, pages, strict=True)]
        return Highlighter(self.analyzer, read.concepts, weights)

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

    def check_quotation(self, text: str) -> Checked:
        """Where a quotation stands, and with which differences. Raises BadRequest for one that cannot be checked."""
        asked = quotation(text)
        state = self.state
        return check_quotation(asked, state, self._vocabulary_of(state))

    # Documents

    def document(self, id: str) -> Document:
        """A document. Raises NotFound."""
        return _found(self.state.document(id))

    def page(self, document: str, number: int) -> Page:
        """A page of a document. Raises NotFound that says how many pages there are, or that none can be shown."""
        state = self.state
        found = _found(state.document(document))
        if found.unread:
            raise NotFound(
                "Tekstu tego dokumentu nie udało się odczytać, więc jego stron nie ma w bazie. Otwórz sam plik."
            )
        page = state.page(document, number)
        if page is None:
            raise NotFound(f"Nie ma strony {number}. Ten dokument ma strony od 1 do {found.pages}.")
        return page

    def pages(self, document: str) -> Iterator[Page]:
        """All pages of a document, in order; none of one that could not be read."""
        state = self.state
        found = state.document(document)
        return iter(()) if found is None or found.unread else state.pages(document)

    def position(self, document: str, label: str) -> int | None:
        """Where in a document the page is that has this number printed on it; in that letter case rather than another."""
        labels = [(page.number, page.label) for page in self.pages(document) if page.label]
        wanted = label.strip()
        exactly = [number for number, text in labels if text == wanted]
        nearly = [number for number, text in labels if text.casefold() == wanted.casefold()]
        return next(iter(exactly or nearly), None)

    def documents(self) -> Sequence[Document]:
        """All documents, newest first."""
        return self.state.documents()

    def related(self, document: str, limit: int = 5) -> tuple[Document, ...]:
        """Documents about the same things, nearest first. Raises NotFound."""
        state = self.state
        return related(_found(state.document(document)), state, self.analyzer, limit)

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """Completions of what is being typed."""
        state, synonyms = self.state, self.synonyms
        suggester = self._suggester.of(
            (state.key, synonyms), lambda: Suggester(harvest(state, synonyms, self.analyzer))
        )
        return suggester.suggest(text, limit)


def _bytes_of(results: Results) -> int:
    """The memory that results take, the documents counted in, which others may share."""
    pages = [page for hit in results.hits for page in hit.pages]
    texts = [text for page in pages for text in (page.snippet, page.heading)]
    texts += [text for hit in results.hits for text in (hit.document.title, hit.document.description)]
    values = sum(map(len, results.facets.values()))
    size = 2_000 + 40 * len(results.query.text) + 1_400 * len(results.hits) + 350 * len(pages) + 110 * values
    return size + sum(map(getsizeof, texts))


def _no_more_than_words(concepts: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """The concepts with short numbers no more common than the words beside them worth half of the most telling one.

    In a small collection "2" is rarer than "załącznik", and says nothing by itself.
    """
    most = max((each.worth for each in concepts if each.asked and not each.label.isdecimal()), default=0.0)
    return tuple(
        _lighter(each, _ALONE * most / each.worth)
        if each.label.isdecimal() and len(each.label) <= _SHORT_NUMBER and 0 < most <= each.worth
        else each
        for each in concepts
    )


def _lighter(concept: Concept, share: float) -> Concept:
    forms = tuple(replace(form, weight=form.weight * share) for form in concept.forms)
    return replace(concept, forms=forms, worth=concept.worth * share)


def _surely(concept: Concept, shared: Mapping[Steps, int]) -> Concept:
    """The concept by its forms that are almost as good as the best alone, as far as these are asked for inflected.

    One that stands for several words has its weight shared out among so many concepts: it counts whole.
    """
    asked = _inflected(concept) if concept.asked else []
    least = _SURE * max((form.weight for form in asked), default=0.0)
    sure = tuple(form for form in asked if form.weight * shared[form.steps] >= least)
    return replace(concept, forms=sure) if sure else concept


def _inflected(concept: Concept) -> list[Form]:
    return [form for form in concept.forms if form.field == "lemma"]


def _found(document: Document | None) -> Document:
    if document is None:
        raise NotFound("Nie ma takiego dokumentu. Mógł zostać usunięty; poszukaj go po tytule.")
    return document


def _weight(concept: Concept, pages: int, state: State) -> float:
    """How telling a concept is to a reader; 0 for one that nothing is to be marked of."""
    return math.log1p(state.size.pages / (1 + pages)) if concept.asked else 0.0


def _as_read(clauses: Sequence[Clause], reading: Reading, abbreviations: Collection[str]) -> str:
    """What was asked, with words repaired and abbreviations spelled out; what words mean is known without their synonyms."""
    repaired = {change.before: change.after for change in reading.repaired}
    words = [repaired.get(word, word) for clause in clauses for word in clause.words]
    spelled_out = [f"({change.after})" for change in reading.expanded if surface(change.before) in abbreviations]
    return " ".join([*words, *spelled_out])


Located = Mapping[tuple[str, int], Sequence[int]]
"""Of pages, by document and number, the words of their whole texts that are asked for; nothing where the engine cannot say."""


def _locate(state: State, highlighter: Highlighter, pages: Sequence[tuple[str, int]]) -> Located:
    if not isinstance(state, Locates):
        return {}
    return dict(zip(pages, state.locate(highlighter.terms, pages), strict=True))


def _located(state: State, highlighter: Highlighter, matches: Matches) -> Located:
    pages = [(match.document.id, found.page.number) for match in matches.documents for found in match.pages]
    return _locate(state, highlighter, pages)


def _hit(match: DocumentMatch, highlighter: Highlighter, among: Located) -> Hit:
    id = match.document.id
    if match.document.unread:  # its page is what describes it, which is shown in any case
        return Hit(
            document=match.document, url=document_url(id), score=round(match.score, 3), matching_pages=0, pages=()
        )
    return Hit(
        document=match.document,
        url=document_url(id),
        score=round(match.score, 3),
        matching_pages=match.matching_pages,
        pages=tuple(_page_hit(id, found, highlighter, among.get((id, found.page.number))) for found in match.pages),
    )


def _page_hit(id: str, found: PageMatch, highlighter: Highlighter, among: Sequence[int] | None) -> PageHit:
    deadline.check()
    page = found.page
    snippet = highlighter.fragment(page.whole_text, among=among)
    return PageHit(
        number=page.number,
        label=page.label,
        heading=page.heading if snippet.place is None else page.heading_at(snippet.place),
        url=page_url(id, page.number),
        score=round(found.score, 3),
        snippet=snippet.html,
        by_meaning=found.joined,
    )
