"""A plain engine: the protocol of ``kb.engine`` as its docstring says it, with lists and dicts alone.

It keeps everything in memory, by folder, for all stores of one process. It looks at every page for every form, so it is slow;
and it is an engine like any other, so what runs over it needs nothing but the protocol. It does not explain scores.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kb.engine import (
    AnalysedDocument,
    AnalysedPage,
    BuildInfo,
    Concept,
    DocumentMatch,
    Form,
    Heading,
    IndexedFile,
    Matches,
    PageMatch,
    Request,
    Size,
    Word,
    idf,
    standing,
)
from kb.errors import IndexLocked, IndexMissing
from kb.model import Document, Page
from kb.tuning import Tuning

Positions = list[tuple[str, ...]]
"""The terms at each position of a text."""
Steps = tuple[tuple[str, ...], ...]
ROUNDING = 1e-4


@dataclass(frozen=True)
class PlainPage:
    """A page as committed, with its terms position by position in each field."""

    document: AnalysedDocument
    analysed: AnalysedPage
    fields: Mapping[str, Positions]

    @property
    def number(self) -> int:
        """Its number in the document."""
        return self.analysed.page.number


@dataclass(frozen=True)
class PlainDocument:
    """A document as committed."""

    analysed: AnalysedDocument
    file: IndexedFile
    pages: Sequence[PlainPage]


@dataclass(frozen=True)
class Weighed:
    """What a concept adds to one page: by the text, and by title and heading; 0 where it is not there."""

    text: float
    context: float


class PlainState:
    """A committed state: the documents that are there, those committed first at the front."""

    def __init__(self, key: tuple[str, int], documents: Sequence[PlainDocument], tuning: Tuning) -> None:
        self.key = key
        self._tuning = tuning
        self._documents = {own.analysed.document.id: own for own in documents}
        self._pages = [page for own in documents for page in own.pages]
        self.size = Size(len(documents), len(self._pages))
        self._average = max(1.0, sum(len(page.analysed.words) for page in self._pages) / max(1, len(self._pages)))
        self._found: dict[tuple[str, Steps], list[int]] = {}

    # What there is

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        own = self._documents.get(id)
        return own.analysed.document if own else None

    def documents(self) -> list[Document]:
        """All documents, newest first, those without a date last, then by id."""
        found = sorted((own.analysed.document for own in self._documents.values()), key=lambda document: document.id)
        return sorted(found, key=lambda document: -_day(document))

    def page(self, document: str, number: int) -> Page | None:
        """One page."""
        return next((page for page in self.pages(document) if page.number == number), None)

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        own = self._documents.get(document)
        return (page.analysed.page for page in (own.pages if own else ()))

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, evenly."""
        step = max(1, -(-len(self._pages) // count))
        return (page.analysed.page for page in self._pages[::step])

    def headings(self) -> Iterator[Heading]:
        """Titles and headings."""
        for id, own in self._documents.items():
            if own.analysed.document.title:
                yield Heading(id, 0, own.analysed.document.title)
            for page in own.pages:
                yield from (Heading(id, page.number, text) for text in page.analysed.page.listed_under)

    def lexicon(self) -> Mapping[str, int]:
        """Surface forms with their numbers of pages."""
        return Counter(form for page in self._pages for form in {word.surface for word in page.analysed.words})

    # Where something stands

    def _times(self, name: str, steps: Steps) -> list[int]:
        """How often the steps stand in a field of each page."""
        key = (name, steps)
        if key not in self._found:
            self._found[key] = [_count(steps, page.fields[name]) for page in self._pages]
        return self._found[key]

    def _in_text(self, concept: Concept, at: int) -> bool:
        return any(self._times(form.field, steps)[at] for form, steps in _ways(concept))

    def frequencies(self, concepts: Sequence[Concept]) -> list[int]:
        """On how many pages each concept stands in the text."""
        return [sum(self._in_text(concept, at) for at in range(len(self._pages))) for concept in concepts]

    # What it is worth

    def _weigh(self, concept: Concept, at: int) -> Weighed:
        tuning = self._tuning
        best = {"lemma": 0.0, "surface": 0.0, "title": 0.0, "heading": 0.0}
        for form, steps in _ways(concept):
            in_text = self._times(form.field, steps)
            rarity = form.weight * idf(len(self._pages), sum(times > 0 for times in in_text))
            saturated = in_text[at] / (in_text[at] + self._norm(at)) if in_text[at] else 0.0
            best[form.field] = max(best[form.field], rarity * saturated)
            if form.field == "lemma":
                for name, share in (("title", tuning.title), ("heading", tuning.heading)):
                    if self._times(name, steps)[at]:
                        best[name] = max(best[name], rarity * share)
        return Weighed(best["lemma"] + best["surface"], best["title"] + best["heading"])

    def _norm(self, at: int) -> float:
        tuning = self._tuning
        relative = max(len(self._pages[at].analysed.words) / self._average, tuning.shortest)
        return tuning.k1 * (1 - tuning.b + tuning.b * relative)

    def _factor(self, at: int) -> float:
        return self._tuning.contents_page if self._pages[at].analysed.lists_contents else 1.0

    def _score(self, request: Request, at: int) -> float:
        """A page's score, 0 where it is no match."""
        concepts = request.concepts
        asked = [concept for concept in concepts if concept.asked]
        first = self._pages[at].number == 1
        if any(self._in_text(concept, at) for concept in concepts if concept.excluded):
            return 0.0
        if not asked:
            return self._factor(at) if first else 0.0
        weighed = [self._weigh(concept, at) for concept in asked]
        context_counts = first or any(own.text for own in weighed)
        held = [own.text > 0 or (context_counts and own.context > 0) for own in weighed]
        missing = any(
            concept.required and not (own.text or own.context) for concept, own in zip(asked, weighed, strict=True)
        )
        worth = sum(concept.worth for concept, here in zip(asked, held, strict=True) if here)
        if missing or not any(held) or worth < request.floor - ROUNDING:
            return 0.0
        score = sum(own.text + own.context for own, here in zip(weighed, held, strict=True) if here)
        bonuses = [self._weigh(concept, at) for concept in concepts if concept.bonus and not concept.excluded]
        score += sum(own.text + own.context for own in bonuses if own.text)
        return self._factor(at) * score

    # Documents

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        matching = self._matching(request)
        found = [match for match in matching if _kept(match[0], request)]
        found.sort(key=self._rank)
        total, total_pages = len(found), sum(len(pages) for _, pages in found)
        if request.near and any(concept.asked for concept in request.concepts):
            found = [match for match in self._with_near(request, matching) if _kept(match[0], request)]
            found.sort(key=self._rank)
        if request.order:
            places = {id: place for place, id in enumerate(request.order)}
            found.sort(key=lambda match: places.get(match[0].document.id, len(places)))
        elif request.sort != "relevance":
            way = -1 if request.sort == "newest" else 1
            found.sort(key=lambda match: (not _day(match[0].document), way * _day(match[0].document)))
        facets = {
            name: Counter(value for own, _ in matching if _kept(own, request, name) for value in _values(own, name))
            for name in request.facets
        }
        return Matches(
            documents=tuple(
                DocumentMatch(
                    document=own.document,
                    score=pages[0].score,
                    matching_pages=sum(not page.joined for page in pages),
                    pages=tuple(pages[: request.pages_per_document]),
                )
                for own, pages in found[request.offset : request.offset + request.limit]
            ),
            total=total,
            total_pages=total_pages,
            facets=facets,
            joined=len(found) - total,
        )

    def _rank(self, match: tuple[AnalysedDocument, list[PageMatch]]) -> tuple[float, int]:
        """The best page and a share of the next best; best first, equals by their standing."""
        document, pages = match[0].document, match[1]
        score = sum(share * page.score for share, page in zip((1, self._tuning.second_page), pages, strict=False))
        return -score, standing(document.id, _day(document))

    def _matching(self, request: Request) -> list[tuple[AnalysedDocument, list[PageMatch]]]:
        """The documents that match but for filters, each with its matching pages, best first."""
        pages: dict[str, list[PageMatch]] = {}
        for at, page in enumerate(self._pages):
            score = self._score(request, at)
            if score:
                pages.setdefault(page.document.document.id, []).append(PageMatch(page.analysed.page, score))
        return [
            (self._documents[id].analysed, sorted(found, key=lambda page: -page.score)) for id, found in pages.items()
        ]

    def _with_near(
        self, request: Request, matching: Sequence[tuple[AnalysedDocument, list[PageMatch]]]
    ) -> list[tuple[AnalysedDocument, list[PageMatch]]]:
        """The documents that match or join, but for filters, each with its pages, best first."""
        unit = max((page.score for _, pages in matching for page in pages), default=0.0)
        unit = max(unit, request.near_least) or 1.0
        near = {(own.document, own.page): own for own in request.near}
        pages: dict[str, list[PageMatch]] = {}
        for at, page in enumerate(self._pages):
            id, score = page.document.document.id, self._score(request, at)
            own = near.get((id, page.number))
            bonus = own.bonus * unit * self._factor(at) if own else 0.0
            if score or (own and own.joins and bonus and self._may_join(request, at)):
                pages.setdefault(id, []).append(PageMatch(page.analysed.page, score + bonus, not score))
        return [
            (self._documents[id].analysed, sorted(found, key=lambda page: -page.score)) for id, found in pages.items()
        ]

    def _may_join(self, request: Request, at: int) -> bool:
        weighed = [(concept, self._weigh(concept, at)) for concept in request.concepts]
        return all(
            not self._in_text(concept, at) if concept.excluded else bool(own.text or own.context)
            for concept, own in weighed
            if concept.required or concept.excluded
        )

    def totals(self, requests: Sequence[Request]) -> list[int]:
        """How many documents match each request."""
        return [sum(_kept(own, request) for own, _ in self._matching(request)) for request in requests]


def _ways(concept: Concept) -> Iterator[tuple[Form, Steps]]:
    """What to look for: each term of a form of one step by itself, a phrase as a whole."""
    for form in concept.forms:
        if len(form.steps) == 1:
            for term in form.steps[0]:
                yield form, ((term,),)
        else:
            yield form, form.steps


def _count(steps: Steps, positions: Positions) -> int:
    """At how many places the steps begin."""
    if not any(steps):
        return 0
    while not steps[-1]:
        steps = steps[:-1]
    return sum(
        all(not step or set(step) & set(terms) for step, terms in zip(steps, positions[begin:], strict=False))
        for begin in range(len(positions) - len(steps) + 1)
    )


def _day(document: Document) -> int:
    return document.published.toordinal() if document.published else 0


def _values(document: AnalysedDocument, facet: str) -> set[str]:
    return set(document.facets.get(facet, ()))


def _kept(document: AnalysedDocument, request: Request, left_out: str = "") -> bool:
    """Whether a document passes the filters, one facet's left out."""
    wanted = {name: values for name, values in request.filters.items() if values and name != left_out}
    return all(_values(document, name) & values for name, values in wanted.items())


# Writing


@dataclass(frozen=True)
class _Build:
    """A build as of its last commit."""

    info: BuildInfo
    documents: Mapping[str, PlainDocument]
    commits: int


@dataclass
class _Index:
    """What is behind all stores of one folder."""

    live: _Build | None = None
    builds: int = 0
    writing: threading.Lock = field(default_factory=threading.Lock)


_INDEXES: dict[Path, _Index] = {}


class PlainStore:
    """An index in the memory of this process."""

    format = "plain-1"

    def __init__(self, folder: Path, tuning: Tuning) -> None:
        self._index = _INDEXES.setdefault(folder.absolute(), _Index())
        self._tuning = tuning
        self._state: PlainState | None = None

    def current(self) -> PlainState:
        """The newest committed state. Raises IndexMissing."""
        build, state = self._live(), self._state
        key = (build.info.name, build.commits)
        if state is None or state.key != key:
            state = self._state = PlainState(key, list(build.documents.values()), self._tuning)
        return state

    def live(self) -> BuildInfo:
        """The live build. Raises IndexMissing."""
        return self._live().info

    def verify(self) -> None:
        """Nothing here can be spoilt. Raises IndexMissing."""
        self._live()

    def _live(self) -> _Build:
        if self._index.live is None:
            raise IndexMissing("Nie ma jeszcze indeksu. Uruchom „kb index”, żeby go zbudować.")
        return self._index.live

    @contextmanager
    def writer(self, fingerprint: str, *, rebuild: bool = False) -> Iterator[PlainWriter]:
        """The only right to write. Raises IndexLocked."""
        index = self._index
        if not index.writing.acquire(blocking=False):
            raise IndexLocked("Inne indeksowanie właśnie trwa.", [f"proces {os.getpid()}"])
        try:
            before = index.live
            fresh = rebuild or before is None or before.info.fingerprint != fingerprint
            if before is None or fresh:
                index.builds += 1
                build = _Build(
                    BuildInfo(
                        name=f"{index.builds:04}", fingerprint=fingerprint, created="", documents=0, pages=0, bytes=0
                    ),
                    {},
                    0,
                )
            else:
                build = before
            yield PlainWriter(build, before if fresh else None, fresh, self._switch)
        finally:
            index.writing.release()

    def _switch(self, build: _Build) -> None:
        self._index.live = build


class PlainWriter:
    """Changes to a build, kept aside until the commit."""

    def __init__(self, build: _Build, before: _Build | None, fresh: bool, switch: Callable[[_Build], None]) -> None:
        self.build = build.info.name
        self.fresh = fresh
        self._before = before
        self._start = build
        self._documents = dict(build.documents)
        self._switch = switch

    def replaced(self) -> PlainState | None:
        """The state that a fresh build is to replace."""
        if self._before is None:
            return None
        key = (self._before.info.name, self._before.commits)
        return PlainState(key, list(self._before.documents.values()), Tuning())

    def files(self) -> list[IndexedFile]:
        """Every file at the start of this write."""
        return [own.file for own in self._start.documents.values()]

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Add a document, at the end."""
        self.remove(document.document.id)
        title = _terms(document.title)
        pages = [
            PlainPage(
                document,
                page,
                {
                    "surface": [(word.surface,) for word in page.words],
                    "lemma": [() if word.function else word.terms for word in page.words],
                    "heading": _terms(page.heading),
                    "title": title,
                },
            )
            for page in document.pages
        ]
        self._documents[document.document.id] = PlainDocument(document, file, pages)

    def remove(self, document: str) -> None:
        """Remove a document."""
        self._documents.pop(document, None)

    def commit(self) -> None:
        """Put the documents in the place of those before."""
        info = self._start.info
        if self.fresh:
            pages = [page for own in self._documents.values() for page in own.pages]
            info = BuildInfo(
                name=info.name,
                fingerprint=info.fingerprint,
                created="2026-11-22T10:00:00+00:00",
                documents=len(self._documents),
                pages=len(pages),
                bytes=sum(len(page.analysed.page.text) for page in pages),
            )
        self._switch(_Build(info, self._documents, self._start.commits + 1))


def _terms(found: Sequence[Word]) -> Positions:
    return [word.terms for word in found]
