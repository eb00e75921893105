"""The results page: hits with their pages, filters, how the query was read, help when nothing was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from markupsafe import Markup

from kb import messages
from kb.addresses import FEED, citations_url, search_pairs, search_url, topic_url, with_search
from kb.citing import STYLES
from kb.facets import FACETS
from kb.limits import EXPORTED_RECORDS
from kb.model import ClauseKind, FacetValue, Hit, PageHit, Query, Results, Sort, Taxonomy
from kb.pages.base import BasePage, Card, Link, Pagination, card, list_title, pagination, place

_SORTS: tuple[tuple[Sort, str], ...] = (("relevance", "Trafność"), ("newest", "Najnowsze"), ("oldest", "Najstarsze"))
_SHOWN_VALUES = 6
_WORDLESS = "W zapytaniu {} nie ma żadnego słowa ani liczby. Poniżej są wszystkie dokumenty."
_WITH_BARS = ("edition", "year")
"""Facets whose values follow each other in time: bars beside them show how the documents are spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlace:
    """A page of a found document; ``heading`` is "" where the name says it already."""

    name: str
    heading: str
    url: str
    snippet: Markup
    by_meaning: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A document of the results; ``more`` leads to what was found on its further matching pages."""

    card: Card
    pages: tuple[ResultPlace, ...]
    more: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetGroup:
    """A filter as a group of checkboxes; ``folded`` are shown on demand.

    ``most`` is the number of documents that a full bar stands for, 0 where there are no bars.
    """

    name: str
    legend: str
    shown: tuple[FacetValue, ...]
    folded: tuple[FacetValue, ...]
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How the query was read, in one line: ``text`` was searched for, ``also`` beside it; ``undo`` takes it all back.

    ``text`` is "" where that is just what was typed: then only what is ``missing`` is said.
    """

    text: str
    also: str
    missing: str
    undo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBox:
    """The sentence that answers, and where it stands."""

    sentence: Markup
    language: str
    title: str
    place: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsPage(BasePage):
    """``/szukaj``."""

    template: ClassVar[str] = "results.html"
    browsing: bool
    asked: str
    summary: str
    sort: Sort
    found: tuple[Result, ...]
    chips: tuple[Link, ...]
    clear_filters: str
    facets: tuple[FacetGroup, ...]
    read_as: ReadAs | None
    sorts: tuple[Link, ...]
    answer: AnswerBox | None
    pagination: Pagination | None
    exports: tuple[Link, ...]
    export_note: str
    has_quotation: bool
    relaxations: tuple[Link, ...]
    topics: tuple[Link, ...]


def results_page(results: Results, taxonomy: Taxonomy, notices: Sequence[str]) -> ResultsPage:
    """The page of a search."""
    query = results.query
    search = with_search("", query)
    shown_text = query.text if len(query.text) <= 80 else query.text[:80].rsplit(None, 1)[0] + "…"
    chips = _chips(results)
    # Nothing is more relevant than anything else where nothing was asked; the newest come first then.
    order = query.sort if query.clauses or query.sort != "relevance" else "newest"
    everything = "Dokumenty" if chips else "Wszystkie dokumenty"
    name = f"{messages.quoted(shown_text)} – wyniki" if query.clauses else everything
    return ResultsPage(
        title=list_title(name, [chip.text for chip in chips], query.page),
        q=query.text,
        canonical="" if query.text else search_url(query),
        feed=search_url(replace(query, page=1, sort="relevance"), FEED),
        indexed=False,
        kept=tuple((name, value) for name, value in search_pairs(query) if name not in ("q", "page")),
        notices=(
            *notices,
            *([_WORDLESS.format(messages.quoted(shown_text))] if query.text and not query.clauses else ()),
        ),
        browsing=not query.clauses,
        asked=messages.quoted(query.text),
        summary=_summary(results),
        sort=query.sort,
        found=tuple(_result(hit, query, taxonomy, search) for hit in results.hits),
        chips=chips,
        clear_filters=search_url(replace(query, filters={}, page=1)) if len(chips) > 1 else "",
        facets=tuple(_group(name, values) for name, values in results.facets.items() if values),
        read_as=_read_as(results),
        sorts=tuple(
            Link(text=text, url=search_url(replace(query, sort=sort, page=1)), current=sort == order)
            for sort, text in _SORTS
            if query.clauses or sort != "relevance"
        ),
        answer=_answer(results),
        pagination=pagination(results, lambda number: search_url(replace(query, page=number))),
        exports=tuple(
            Link(text=made.name, url=citations_url(query, style))
            for style, made in STYLES.items()
            if style != "apa-in-text"
        )
        if results.listed
        else (),
        export_note=f"najwyżej pierwszych {messages.grouped(EXPORTED_RECORDS)} dokumentów"
        if results.listed > EXPORTED_RECORDS
        else "",
        has_quotation=any(clause.kind is ClauseKind.PHRASE for clause in query.clauses),
        relaxations=tuple(
            Link(text=r.label, url=search_url(replace(r.query, page=1)), note=messages.documents(r.total))
            for r in results.relaxations
        ),
        topics=tuple(
            Link(text=topic.name, url=topic_url(topic.slug))
            for topic in taxonomy.topics
            if topic.slug in results.nearest_topics
        ),
    )


def _summary(results: Results) -> str:
    documents = messages.documents(results.total)
    if not results.query.clauses:
        return documents
    similar = messages.documents(results.by_meaning) if results.by_meaning else ""
    if not results.total:
        return f"Tych słów nie ma w dokumentach; {similar} o podobnym znaczeniu" if similar else "Nic nie znaleziono"
    pages = messages.counted(results.total_pages, "pasująca strona", "pasujące strony", "pasujących stron")
    return f"{documents}, {pages}" + (f"; ponadto {similar} o podobnym znaczeniu" if similar else "")


def _result(hit: Hit, query: Query, taxonomy: Taxonomy, search: str) -> Result:
    """A found document; ``search`` is what its addresses carry."""
    shown = replace(card(hit.document, taxonomy), url=hit.url + search)
    if not query.text:
        return Result(card=shown, pages=(), more=None)
    rest = hit.matching_pages - sum(not page.by_meaning for page in hit.pages)
    parts = ("strona", "strony", "stron") if hit.document.format.has_pages else ("część", "części", "części")
    return Result(
        card=shown,
        pages=tuple(_result_place(hit, page, search) for page in hit.pages),
        more=Link(text=f"i jeszcze {messages.counted(rest, *parts)}", url=f"{shown.url}#trafienia")
        if rest > 0
        else None,
    )


def _result_place(hit: Hit, page: PageHit, search: str) -> ResultPlace:
    return ResultPlace(
        name=place(hit.document, page),
        heading=page.heading if hit.document.format.has_pages else "",
        url=page.url + search,
        snippet=Markup(page.snippet),  # noqa: S704  # the highlighter escapes
        by_meaning=page.by_meaning,
    )


def _chips(results: Results) -> tuple[Link, ...]:
    return tuple(
        Link(text=value.label, note=FACETS[name].legend, url=search_url(_without(results.query, name, value.value)))
        for name, values in results.facets.items()
        for value in values
        if value.selected
    )


def _without(query: Query, facet: str, value: str) -> Query:
    """The query without a value of a filter, back on the first page of results."""
    kept = tuple(other for other in query.filters[facet] if other != value)
    return replace(query, filters={**query.filters, facet: kept}, page=1)


def _group(name: str, values: Sequence[FacetValue]) -> FacetGroup:
    """Long lists show what is chosen and the most frequent values, in the order of the list."""
    first = {v.value for v in sorted(values, key=lambda value: (not value.selected, -value.count))[:_SHOWN_VALUES]}
    # A fold for one or two values would take as much room as they do.
    shown = values if len(values) <= _SHOWN_VALUES + 2 else [v for v in values if v.value in first or v.selected]
    names = {value.value for value in shown}
    return FacetGroup(
        name=name,
        legend=FACETS[name].legend,
        shown=tuple(shown),
        folded=tuple(value for value in values if value.value not in names),
        most=max(value.count for value in values) if name in _WITH_BARS and len(values) > 1 else 0,
    )


def _read_as(results: Results) -> ReadAs | None:
    """What was searched for, where it is not just what was typed."""
    query, reading = results.query, results.reading
    missing = [f"frazy „{phrase}” nie ma w żadnym dokumencie, szukano więc jej słów" for phrase in reading.loosened]
    missing += [f"„{word}” nie występuje w zbiorze" for word in reading.absent]
    if not (reading.repaired or reading.expanded or missing):
        return None
    undo = reading.literal if reading.literal != query.text else ""
    return ReadAs(
        text=reading.read_as if reading.repaired or reading.expanded else "",
        also=", ".join(dict.fromkeys(change.after for change in reading.expanded)),
        missing="; ".join(missing),
        undo=search_url(replace(query, text=undo, page=1)) if undo else "",
    )


def _answer(results: Results) -> AnswerBox | None:
    answer = results.answer
    if answer is None:
        return None
    return AnswerBox(
        sentence=Markup(answer.sentence),  # noqa: S704  # the highlighter escapes
        language=answer.document.language,
        title=answer.document.title,
        place=place(answer.document, answer.page),
        url=with_search(answer.page.url, results.query),
    )
