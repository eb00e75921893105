"""The engine's slow twin: the same search written as plainly as its documentation, with lists and dicts alone.

``TwinEngine`` keeps what was committed and answers ``match`` and ``frequency`` by looking at every page
for every form. Numbers are Python floats. Weights come from the engine; a rule that changes there must be told here too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from kb.engine import Concept, Form, Request
from kb.engine.embedded import ranking, scoring, store
from kb.facets import FACETS
from kb.model import Document, Page
from kb.polish import Analyzer, is_stop_word, normalise, surface, words

Steps = Sequence[Sequence[str]]


@dataclass(frozen=True)
class TwinPage:
    """A page as the terms at each of its positions, field by field.

    ``title`` is its document's; ``weight`` multiplies its score.
    """

    number: int
    lemma: list[tuple[str, ...]]
    surface: list[tuple[str, ...]]
    heading: list[tuple[str, ...]]
    title: list[tuple[str, ...]]
    weight: float

    @property
    def length(self) -> int:
        """Its words."""
        return len(self.surface)


@dataclass
class TwinDocument:
    """A document as committed."""

    document: Document
    pages: list[TwinPage]


@dataclass(frozen=True)
class Weighed:
    """A concept on one page: ``text`` where it stands in the text, ``context`` what title and heading add (None: nowhere)."""

    text: float | None
    context: float | None


@dataclass
class TwinEngine:
    """A committed state: the documents that are there, those committed first at the front."""

    analyzer: Analyzer
    documents: list[TwinDocument] = field(default_factory=list)
    _counts: dict[object, int] = field(default_factory=dict)

    # Writing

    def commit(self, added: Sequence[tuple[Document, Sequence[Page]]], removed: Sequence[str] = ()) -> None:
        """One commit: documents of the same id are replaced."""
        gone = {*removed, *(document.id for document, _ in added)}
        self.documents = [own for own in self.documents if own.document.id not in gone]
        self.documents += [
            TwinDocument(document, [self._page(document, page) for page in pages]) for document, pages in added
        ]
        self._counts.clear()

    def _page(self, document: Document, page: Page) -> TwinPage:
        typed = words(normalise(f"{page.text} {page.continuation}"))
        return TwinPage(
            number=page.number,
            lemma=[() if is_stop_word(word) else self.analyzer.terms(word) for word in typed],
            surface=[(surface(word),) for word in typed],
            heading=[self.analyzer.terms(word) for word in words(normalise(page.heading))],
            title=[self.analyzer.terms(word) for word in words(normalise(document.title))],
            weight=store._weight(page.text, len(typed)),
        )

    # Statistics

    def _pages(self) -> list[TwinPage]:
        return [page for own in self.documents for page in own.pages]

    def _idf(self, pages_with: int) -> float:
        count = len(self._pages())
        return math.log(1 + (count - pages_with + 0.5) / (pages_with + 0.5))

    def _impact(self, times: int, page: TwinPage) -> float:
        lengths = [other.length for other in self._pages()]
        average = max(sum(lengths) / len(lengths), 1.0)
        norm = ranking.K1 * (1 - ranking.B + ranking.B * page.length / average)
        return times / (times + norm)

    def _pages_with(self, form: Form, steps: Steps) -> int:
        key = (form.field, tuple(steps))
        if key not in self._counts:
            self._counts[key] = sum(_times(form.field, steps, page) > 0 for page in self._pages())
        return self._counts[key]

    # One concept

    def _in_text(self, concept: Concept, page: TwinPage) -> bool:
        return any(_times(form.field, steps, page) for form, steps in _ways(concept))

    def _weigh(self, concept: Concept, page: TwinPage) -> Weighed:
        text = {"lemma": 0.0, "surface": 0.0}
        context = {"title": 0.0, "heading": 0.0}
        for form, steps in _ways(concept):
            weight = form.weight * self._idf(self._pages_with(form, steps))
            times = _times(form.field, steps, page)
            if times:
                text[form.field] = max(text[form.field], weight * self._impact(times, page))
            if form.field == "lemma" and _times("title", steps, page):
                context["title"] = max(context["title"], scoring.TITLE_WEIGHT * weight)
            if form.field == "lemma" and _times("heading", steps, page):
                context["heading"] = max(context["heading"], scoring.HEADING_WEIGHT * weight)
        return Weighed(sum(text.values()) or None, sum(context.values()) or None)

    def _concept_idf(self, concept: Concept) -> float:
        return self._idf(self.frequency(concept))

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        if concept not in self._counts:
            self._counts[concept] = sum(self._in_text(concept, page) for page in self._pages())
        return self._counts[concept]

    # One page

    def page(self, id: str, number: int) -> TwinPage:
        """A page by its document and number."""
        return next(own.pages[number - 1] for own in self.documents if own.document.id == id)

    def coverage(self, concepts: Sequence[Concept], page: TwinPage) -> float:
        """The share of the query's idf that a page holds."""
        asked = [concept for concept in concepts if not concept.excluded and not concept.bonus]
        total = sum(self._concept_idf(concept) for concept in asked)
        held = sum(self._concept_idf(concept) for concept in asked if self._counted(concept, asked, page) is not None)
        return held / total if total else 1.0

    def _counted(self, concept: Concept, asked: Sequence[Concept], page: TwinPage) -> float | None:
        """What a concept adds to a page; None when the page does not hold it.

        Title and heading alone count on a document's first page, or where the text has something else that is asked for.
        """
        weighed = self._weigh(concept, page)
        if weighed.text is not None:
            return weighed.text + (weighed.context or 0)
        if weighed.context is not None and (page.number == 1 or any(self._in_text(other, page) for other in asked)):
            return weighed.context
        return None

    def score(self, request: Request, page: TwinPage) -> float:
        """A page's score, 0 where it is no match."""
        concepts = request.concepts
        asked = [concept for concept in concepts if not concept.excluded and not concept.bonus]
        if any(self._in_text(concept, page) for concept in concepts if concept.excluded):
            return 0.0
        if not asked:  # nothing but filters and exclusions: every document by its first page
            return page.weight if page.number == 1 else 0.0
        counted = [value for concept in asked if (value := self._counted(concept, asked, page)) is not None]
        if not counted or (len(asked) > 1 and self.coverage(concepts, page) < request.min_coverage):
            return 0.0
        for concept in asked:
            if concept.required and self._weigh(concept, page) == Weighed(None, None):
                return 0.0
        return page.weight * (sum(counted) + self._bonus(concepts, page))

    def _bonus(self, concepts: Sequence[Concept], page: TwinPage) -> float:
        weighed = [self._weigh(concept, page) for concept in concepts if concept.bonus]
        return sum(own.text + (own.context or 0) for own in weighed if own.text is not None)

    # Documents

    def match(self, request: Request) -> list[TwinMatch]:
        """All documents that match, best first."""
        found = [match for match in self._scored(request) if _kept(match.document, request, ())]
        found.sort(key=lambda match: -match.score)
        if request.sort != "relevance":
            found.sort(key=lambda m: str(m.document.published or ""), reverse=request.sort == "newest")
            found.sort(key=lambda m: m.document.published is None)
        return found

    def facets(self, request: Request) -> dict[str, dict[str, int]]:
        """Documents for each value of each facet, the facet's own filter left out."""
        counts: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for match in self._scored(request):
            for name in FACETS:
                if _kept(match.document, request, (name,)):
                    for value in set(_values(match.document, name)):
                        counts[name][value] = counts[name].get(value, 0) + 1
        return counts

    def _scored(self, request: Request) -> list[TwinMatch]:
        matches = []
        for own in self.documents:
            scores = {page.number: self.score(request, page) for page in own.pages}
            pages = sorted(((n, s) for n, s in scores.items() if s > 0), key=lambda pair: -pair[1])
            if pages:
                matches.append(TwinMatch(own.document, pages))
        return matches

    def near_the_border(self, request: Request, tolerance: float = 1e-4) -> bool:
        """Whether a page's coverage is so near the least that rounding decides."""
        return any(
            abs(self.coverage(request.concepts, page) - request.min_coverage) < tolerance for page in self._pages()
        )


@dataclass(frozen=True)
class TwinMatch:
    """A document that matches, with all its matching pages as (number, score), best first."""

    document: Document
    pages: list[tuple[int, float]]

    @property
    def score(self) -> float:
        """Its best page's."""
        return self.pages[0][1]


def _ways(concept: Concept) -> Iterator[tuple[Form, Steps]]:
    """The sequences to look for: each lemma of a single word by itself, a phrase as a whole."""
    for form in concept.forms:
        if len(form.steps) == 1:
            for term in form.steps[0]:
                yield form, ((term,),)
        else:
            yield form, form.steps


def _times(name: str, steps: Steps, page: TwinPage) -> int:
    """How often the steps stand at consecutive positions; an empty step is any word, at the end also none."""
    positions: list[tuple[str, ...]] = getattr(page, name)
    if not any(steps):
        return 0
    while not steps[-1]:
        steps = steps[:-1]
    return sum(
        all(not step or set(step) & set(own) for step, own in zip(steps, positions[at:], strict=False))
        for at in range(len(positions) - len(steps) + 1)
    )


def _values(document: Document, facet: str) -> Sequence[str]:
    one = {"edition": document.edition, "kind": document.kind, "year": document.year}
    return document.topics if facet == "topic" else [v for v in [one[facet]] if v]


def _kept(document: Document, request: Request, ignored: Sequence[str]) -> bool:
    return all(
        set(_values(document, name)) & wanted
        for name, wanted in request.filters.items()
        if wanted and name not in ignored
    )


def without(request: Request, **changes: object) -> Request:
    """The request with other values."""
    return replace(request, **changes)  # type: ignore[arg-type]
