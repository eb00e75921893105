"""What was found in a document: the strip of its pages, the list of fragments, and the way from one found place to the next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

from kb import messages
from kb.addresses import document_url, page_url, with_search
from kb.finding.hits import PageHits, total_of
from kb.model import Page, Query
from kb.pages.base import Link, place
from kb.pages.markup import CURRENT
from kb.pages.view import DocumentView

_SNIPPETS = 20
"""Pages with found places whose fragments are shown at once."""
_SHADES = 4
_HELD = ("", "mała część zapytania", "część zapytania", "większość zapytania", "całe zapytanie")
"""What a page of each shade holds."""
_MOST_STRIPES = 1_000
"""Pages in a strip: of more, none would be seen."""
_UNCOUNTED = "Ten dokument jest długi i jeszcze liczymy w nim trafienia. Odśwież stronę za chwilę."
LIST_PARAMETER = "trafienia"
"""The parameter that counts the parts of a document's list of hits, and the id of that list."""
HIT_PARAMETER = "trafienie"
"""The parameter that counts the found places of a page: the one that the reader has come to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripe:
    """A page in the strip of a document's pages: ``shade`` from 0 to 4 says how much of the query it holds."""

    name: str
    short: str
    note: str
    url: str
    shade: int
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HitPlace:
    """A page with found places: where, how many, and the fragment that says most."""

    name: str
    heading: str
    note: str
    url: str
    snippet: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class HitList:
    """What of a query is in a document, ``places`` page by page; ``previous`` and ``next`` lead to the rest of a long list."""

    summary: str
    strip: tuple[Stripe, ...]
    places: tuple[HitPlace, ...]
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitBar:
    """Where among the found places of the document the reader is, and the ways to the one before and the one after."""

    text: str
    previous: Link | None
    next: Link | None
    strip: tuple[Stripe, ...]


def strip(view: DocumentView, current: Collection[int] = ()) -> tuple[Stripe, ...]:
    """All pages of the document, shaded by how much of the query each holds; none for a document of one page."""
    if not 1 < len(view.hits) <= _MOST_STRIPES:
        return ()
    return tuple(
        Stripe(
            name=_hit_name(view, hit),
            short=f"s. {hit.label or hit.number}" if view.document.format.has_pages else f"część {hit.number}",
            note=f"{_counted_hits(hit.places)}, {_HELD[shade]}" if hit.places else "bez trafień",
            url=with_search(page_url(view.document.id, hit.number), view.carried),
            shade=shade,
            current=hit.number in current,
        )
        for hit in view.hits
        for shade in (_shade(hit),)
    )


def _shade(hit: PageHits) -> int:
    """From 0 for nothing to 4 for all of the query that the document has."""
    if not hit.places:
        return 0
    return _SHADES if hit.share > 1 - 1e-6 else max(1, min(_SHADES - 1, ceil(hit.share * (_SHADES - 1))))


def _hit_name(view: DocumentView, hit: PageHits) -> str:
    return place(view.document, Page(number=hit.number, text="", label=hit.label, heading=hit.heading))


def hit_list(view: DocumentView, pages: Sequence[Page], number: int) -> HitList:
    """The pages with found places, a part of them with fragments; ``number`` counts the parts of a long list."""
    assert view.highlighter is not None
    if not view.hits:
        return HitList(summary=_UNCOUNTED, strip=(), places=(), previous=None, next=None)
    found = [hit for hit in view.hits if hit.places]
    last = max(1, -(-len(found) // _SNIPPETS))
    number = min(number, last)
    shown = found[(number - 1) * _SNIPPETS : number * _SNIPPETS]
    by_number = {page.number: page for page in pages}
    here = document_url(view.document.id)
    return HitList(
        summary=_hit_summary(view, found),
        strip=strip(view) if found else (),
        places=tuple(_hit_place(view, hit, by_number[hit.number]) for hit in shown if hit.number in by_number),
        previous=_list_link(f"Poprzednie {_SNIPPETS}", here, view.search, number - 1) if number > 1 else None,
        next=_list_link(
            f"Następne strony z trafieniami ({len(found) - number * _SNIPPETS})", here, view.search, number + 1
        )
        if number < last
        else None,
    )


def _list_link(text: str, here: str, search: Query, number: int) -> Link:
    return Link(text=text, url=with_search(here, search, **{LIST_PARAMETER: str(number)}) + f"#{LIST_PARAMETER}")


def _hit_summary(view: DocumentView, found: Sequence[PageHits]) -> str:
    if not found:
        return f"W tym dokumencie nie ma słów z zapytania {messages.quoted(view.q)}."
    forms = (
        ("stronie", "stronach", "stronach") if view.document.format.has_pages else ("części", "częściach", "częściach")
    )
    pages = f"{messages.grouped(len(found))} {messages.plural(len(found), *forms)}"
    total = messages.grouped(len(view.hits))
    return (
        f"{_counted_hits(total_of(view.hits))} na {pages} z {total}"
        if view.document.format.has_pages
        else (f"{_counted_hits(total_of(view.hits))} w {pages} z {total}")
    )


def _hit_place(view: DocumentView, hit: PageHits, page: Page) -> HitPlace:
    assert view.highlighter is not None
    snippet = view.highlighter.fragment(page.text)
    heading = page.heading if snippet.place is None else page.heading_at(snippet.place)
    return HitPlace(
        name=place(view.document, page),
        heading=heading if view.document.format.has_pages else "",
        note=_counted_hits(hit.places),
        url=_hit_url(view, hit.number, 1 if view.document.format.has_pages else 0),
        snippet=Markup(snippet.html),  # noqa: S704  # the highlighter escapes
    )


def hit_parameter(number: int) -> dict[str, str]:
    """The parameter of a page's address that says which of its found places the reader has come to; none for 0."""
    return {HIT_PARAMETER: str(number)} if number else {}


def _hit_url(view: DocumentView, number: int, hit: int) -> str:
    return view.url(number, **hit_parameter(hit)) + (f"#{CURRENT}" if hit else "")


def _hit_link(view: DocumentView, text: str, number: int, hit: int) -> Link:
    return Link(text=text, url=_hit_url(view, number, hit))


def hit_bar(view: DocumentView, numbers: Sequence[int], here: int, hit: int) -> HitBar:
    """For a page view of the pages ``numbers``, which have ``here`` found places together; ``hit`` is the present one."""
    printed = view.document.format.has_pages
    before = [each for each in view.hits if each.places and each.number < numbers[0]]
    after = [each for each in view.hits if each.places and each.number > numbers[-1]]
    previous = following = None
    if hit > 1:
        previous = _hit_link(view, "Poprzednie trafienie", numbers[0], hit - 1)
    elif before:
        previous = _hit_link(view, "Poprzednie trafienie", before[-1].number, before[-1].places if printed else 0)
    if printed and hit < here:
        following = _hit_link(view, "Następne trafienie", numbers[0], hit + 1)
    elif after:
        following = _hit_link(view, "Następne trafienie", after[0].number, 1 if printed else 0)
    return HitBar(
        text=_hit_text(view.hits, before, here, hit),
        previous=previous,
        next=following,
        strip=strip(view, numbers),
    )


def _hit_text(hits: Sequence[PageHits], before: Sequence[PageHits], here: int, hit: int) -> str:
    if not hits:
        return f"Na tej stronie: {_counted_hits(here)}"
    total = max(total_of(hits), here)
    first = before[-1].first + before[-1].places if before else 0
    if hit:
        return f"Trafienie {messages.grouped(first + hit)} z {messages.grouped(total)}"
    if not total:
        return "W tym dokumencie nie ma słów z zapytania"
    if not here:
        return f"Na tej stronie nie ma słów z zapytania; w całym dokumencie {_counted_hits(total)}"
    which = f"Trafienie {first + 1}" if here == 1 else f"Trafienia {first + 1}–{first + here}"
    return f"{which} z {messages.grouped(total)}"


def _counted_hits(number: int) -> str:
    """5 trafień."""
    return messages.counted(number, "trafienie", "trafienia", "trafień")
