"""What all pages share: the frame around them, cards of documents, names of places, and how a page becomes a response."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kb import addresses, messages, texts
from kb.addresses import document_url, search_url
from kb.model import Document, Page, PageHit, Results, Taxonomy
from kb.reading.query import make_query
from kb.site import Site, site_of
from kb.templating import static_url

NAVIGATION = (
    (addresses.NEWS, "Aktualności"),
    (addresses.EVENTS, "Wydarzenia"),
    (addresses.TOPICS, "Tematy"),
    (addresses.EDITIONS, "Edycje"),
    (addresses.GLOSSARY, "Słownik"),
    (addresses.ABOUT, "O bazie"),
)

TEXT_PAGES = {
    texts.PROGRAMME: (addresses.PROGRAMME, "O programie"),
    texts.CONTACT: (addresses.CONTACT, "Kontakt"),
    texts.ACCESSIBILITY: (addresses.ACCESSIBILITY, "Deklaracja dostępności"),
    texts.PRIVACY: (addresses.PRIVACY, "Prywatność"),
}
"""Pages that editors write: address and name in the footer of each text."""
_NOTHING = Markup()
Properties = tuple[tuple[str, str], ...]
"""Names of tags with their contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Somewhere to go; ``note`` stands beside it, ``current`` says that the reader is there."""

    text: str
    url: str
    note: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForPrograms:
    """What programs read of a page: ``meta`` tags as (name, content), ``properties`` the same for Open Graph.

    ``linked_data`` is JSON-LD, ``link_header`` the value of a ``Link`` header.
    """

    meta: Properties = ()
    properties: Properties = ()
    linked_data: Markup = _NOTHING
    link_header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePage:
    """The frame of every page. ``canonical`` is a path.

    ``kept`` are the parameters that a new search keeps: the filters and the order, where they are in view.
    """

    template: ClassVar[str]
    title: str
    canonical: str = ""
    description: str = ""
    q: str = ""
    feed: str = ""
    indexed: bool = True
    search_in_header: bool = True
    notices: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    for_programs: ForPrograms = ForPrograms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A document in a list; ``unread`` says what kind of record it is, "" for one whose text is searched."""

    title: str
    url: str
    kind: str
    edition: str
    published: date | None
    pages: str
    description: str
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """Pages of a list: the one before and after, and some numbers around; None for a gap."""

    previous: Link | None
    next: Link | None
    numbers: tuple[Link | None, ...]


def respond(request: Request, page: BasePage, status: int = 200) -> Response:
    """A page as HTML."""
    site = site_of(request)
    current = addresses.section_of(request.url.path)
    properties = page.for_programs.properties or _usual_properties(page, site.base_url(request))
    html = site.templates.get_template(page.template).render(
        page=page,
        properties=(*properties, *_picture(site.base_url(request))) if properties else (),
        base_url=site.base_url(request),
        written=written(site),
        navigation=[Link(text=text, url=url, current=url == current) for url, text in NAVIGATION],
    )
    link = page.for_programs.link_header
    headers = {"Cache-Control": "no-cache"} | ({"Link": link} if link else {})
    return HTMLResponse(html, status, headers=headers)


def written(site: Site) -> dict[str, Link]:
    """Links to those pages that somebody has written; a contact that is only a setting is a page too."""
    return {
        name: Link(text=text, url=url)
        for name, (url, text) in TEXT_PAGES.items()
        if site.texts.get(name) or (name == texts.CONTACT and site.settings.contact)
    }


def as_script(data: object) -> Markup:
    """JSON for a script element, in which nothing is escaped, so that nothing may look like its end."""
    text = json.dumps(data, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  # it is escaped


def open_graph(kind: str, title: str, description: str, url: str, *more: tuple[str, str]) -> Properties:
    """Open Graph tags, which social networks read, without the empty ones."""
    pairs = (
        ("og:type", kind),
        ("og:site_name", messages.SITE_NAME),
        ("og:locale", "pl_PL"),
        ("og:title", title),
        ("og:description", description),
        ("og:url", url),
        *more,
    )
    return tuple((name, content) for name, content in pairs if content)


def _usual_properties(page: BasePage, base_url: str) -> Properties:
    """Open Graph of a page that says nothing of its own; none for one that has no address for ever."""
    return open_graph("website", page.title, page.description, base_url + page.canonical) if page.canonical else ()


def _picture(base_url: str) -> Properties:
    """What social networks show beside a link: one picture for the whole site."""
    return (
        ("og:image", base_url + static_url("share.png")),
        ("og:image:type", "image/png"),
        ("og:image:width", "1200"),
        ("og:image:height", "630"),
        ("og:image:alt", "Baza wiedzy Centrum Wsparcia Doradczego"),
    )


def card(document: Document, taxonomy: Taxonomy) -> Card:
    """A document for a list."""
    return Card(
        title=document.title,
        url=document_url(document.id),
        kind=taxonomy.labels("kind").get(document.kind or "", ""),
        edition=taxonomy.labels("edition").get(document.edition or "", ""),
        published=document.published,
        # Sections are no pages that anybody could turn.
        pages=messages.pages(document.pages) if document.format.has_pages and document.pages else "",
        description=document.description,
        unread=messages.unread(document),
    )


def cards_of_one_kind(documents: Iterable[Document], taxonomy: Taxonomy) -> tuple[Card, ...]:
    """Documents for a list whose heading says their kind."""
    return tuple(replace(card(document, taxonomy), kind="") for document in documents)


def place(document: Document, page: Page | PageHit) -> str:
    """A page's name for a link: „s. 15 (17. w pliku)”, „strona pliku 17”, a section's heading."""
    if not document.format.has_pages:
        return page.heading or ("Wstęp" if page.number == 1 else f"Część {page.number}")
    if not page.label:
        return f"strona pliku {page.number}"
    return f"s. {page.label}" if page.label == str(page.number) else f"s. {page.label} ({page.number}. w pliku)"


def pagination(results: Results, url_of_page: Callable[[int], str]) -> Pagination | None:
    """Links to pages of a list of results; None when there is one page."""
    return numbered(results.query.page, last_page(results), url_of_page)


def numbered(page: int, last: int, url_of_page: Callable[[int], str]) -> Pagination | None:
    """Links to pages of a list: the first, the last and those around the present one; None when there is one page."""
    if last <= 1:
        return None
    numbers: list[Link | None] = []
    before = 0
    for number in sorted({1, last} | set(range(max(1, page - 2), min(last, page + 2) + 1))):
        if number != before + 1:
            numbers.append(None)
        numbers.append(Link(text=str(number), url=url_of_page(number), current=number == page))
        before = number
    return Pagination(
        previous=Link(text="Poprzednia", url=url_of_page(page - 1)) if page > 1 else None,
        next=Link(text="Następna", url=url_of_page(page + 1)) if page < last else None,
        numbers=tuple(numbers),
    )


def last_page(results: Results) -> int:
    """The number of the last page of a list, 1 for an empty one."""
    return max(1, -(-results.listed // results.query.per_page))


def search_link(text: str) -> str:
    """The address of a search for a text."""
    return search_url(make_query(text))


def period(start: str, end: str) -> str:
    """``2020-09``, ``2022-03`` → „od września 2020 r. do marca 2022 r.”; "" where nothing is known."""
    parts = [f"od {_month(start)}" if start else "", f"do {_month(end)}" if end else ""]
    return " ".join(part for part in parts if part)


def _month(text: str) -> str:
    try:
        day = date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        return text
    return messages.long_date(day).split(" ", 1)[1] if len(text) <= 7 else messages.long_date(day)
