"""Where everything is on the site: the one place that knows an address.

Constants are paths, those with braces as the routes declare them; functions fill them in. All are relative to the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, urlencode

from kb.facets import FACETS
from kb.model import EVENT_KIND, NEWS_KIND, Page, Query

START = "/"
SEARCH = "/szukaj"
FEED = "/szukaj.atom"
DOCUMENTS = "/dokumenty"
FEED_JSON = "/szukaj.json"
FOLLOW = "/sledz"
DOCUMENT = "/dokumenty/{id}"
PAGE = "/dokumenty/{id}/strony/{number}"
PAGES = "/dokumenty/{id}/strony"
PICTURE = "/obrazy/{id}/{token}/{number}-{width}.jpg"
VERSION = "/dokumenty/{id}/wersje/{version}"
VERSION_PAGE = "/dokumenty/{id}/wersje/{version}/strony/{number}"
FILE = "/pliki/{id}"
VERSION_FILE = "/pliki/{id}/wersje/{version}"
CITATION = "/cytowania/{id}"
CITATIONS = "/cytowania"
NEWS = "/aktualnosci"
EVENTS = "/wydarzenia"
CALENDAR = "/wydarzenia.ics"
EVENT_CALENDAR = "/wydarzenia/{id}.ics"
EDITIONS = "/edycje"
EDITION = "/edycje/{slug}"
TOPICS = "/tematy"
TOPIC = "/tematy/{slug}"
GLOSSARY = "/slownik"
ABOUT = "/o-bazie"
PROGRAMME = "/o-programie"
ACCESSIBILITY = "/deklaracja-dostepnosci"
PRIVACY = "/prywatnosc"
CONTACT = "/kontakt"
QUOTE = "/cytat"
API_GUIDE = "/api"
SITEMAP = "/sitemap.xml"
SITEMAP_PART = "/sitemap-{number}.xml"
OPENSEARCH = "/opensearch.xml"
OAI = "/oai"
ROBOTS = "/robots.txt"
STATIC = "/static"

API = "/api/v1"
API_SCHEMA = f"{API}/openapi.json"
API_SEARCH = f"{API}/search"
API_DOCUMENTS = f"{API}/documents"
API_DOCUMENT = f"{API}/documents/{{id}}"
API_PAGE = f"{API}/documents/{{id}}/pages/{{number}}"
API_VERSIONS = f"{API}/documents/{{id}}/versions"
API_VERSION = f"{API}/documents/{{id}}/versions/{{version}}"
API_VERSION_PAGE = f"{API}/documents/{{id}}/versions/{{version}}/pages/{{number}}"
API_CITATION = f"{API}/documents/{{id}}/citation"
API_CITATIONS = f"{API}/citations"
API_QUOTE = f"{API}/quote"
API_SUGGEST = f"{API}/suggest"
API_EDITIONS = f"{API}/editions"
API_TOPICS = f"{API}/topics"
API_REST = f"{API}/{{rest:path}}"
ALIVE = "/healthz"
READY = "/readyz"

LISTS = {NEWS_KIND: NEWS, EVENT_KIND: EVENTS}
"""Kinds of documents that have a list of their own."""
_PICTURES = "/obrazy/"
_MOST_MARKED = 30
CLOSED_TO_ROBOTS = (SEARCH, _PICTURES, f"{CITATIONS}?", f"{API_GUIDE}/")
VERSION_CHARACTERS = 12
"""Of a version's hash in an address: two versions of one document never have the same twelve hexadecimal digits."""


def document_url(document: str) -> str:
    """Path of a document's own page."""
    return DOCUMENT.format(id=quote(document))


def page_url(document: str, number: int) -> str:
    """Path of one page of a document: a link to cite, so it never carries a query."""
    return PAGE.format(id=quote(document), number=number)


def pages_url(document: str) -> str:
    """Path of the form that goes to a page by its printed number."""
    return PAGES.format(id=quote(document))


def picture_url(document: str, token: str, number: int, width: int) -> str:
    """Path of a page's picture, so many pixels wide; it changes with the file, which ``token`` names."""
    return PICTURE.format(id=quote(document), token=token, number=number, width=width)


def place_url(document: str, page: Page | None) -> str:
    """Where a document, or a page of it, is cited: a Markdown section stands on its document's page, under its heading."""
    if page is None:
        return document_url(document)
    return f"{document_url(document)}#{page.anchor}" if page.anchor else page_url(document, page.number)


def short_version(version: str) -> str:
    """A version as addresses and people name it: the beginning of the hash of its file's bytes."""
    return version[:VERSION_CHARACTERS]


def version_address(document_id: str, version: str, page: int | None = None) -> str:
    """Path of one version of a document, or of a page of it, which answers for ever: what a footnote should have.

    ``version`` is ``Document.version`` or the short form of it.
    """
    if page is None:
        return VERSION.format(id=quote(document_id), version=short_version(version))
    return VERSION_PAGE.format(id=quote(document_id), version=short_version(version), number=page)


def version_file_url(document_id: str, version: str, page: int | None = None) -> str:
    """Path of the original file of one version, opened at a page where one is given."""
    return VERSION_FILE.format(id=quote(document_id), version=short_version(version)) + (
        f"#page={page}" if page else ""
    )


def file_url(document: str, page: int | None = None) -> str:
    """Path of the original file, opened at a page where one is given."""
    return FILE.format(id=quote(document)) + (f"#page={page}" if page else "")


def citation_url(document: str, style: str, page: int | None = None) -> str:
    """Path of a citation as a file, of the whole document or of one page."""
    pairs = {"format": style} | ({"page": str(page)} if page else {})
    return f"{CITATION.format(id=quote(document))}?{urlencode(pairs)}"


def citations_url(query: Query, style: str) -> str:
    """Path of the entries of everything that a search found, as a file."""
    url = search_url(replace(query, page=1), CITATIONS)
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'format': style})}"


def event_calendar_url(document: str) -> str:
    """Path of an event as a calendar file."""
    return EVENT_CALENDAR.format(id=quote(document))


def edition_url(slug: str) -> str:
    """Path of an edition's page."""
    return EDITION.format(slug=quote(slug))


def topic_url(slug: str) -> str:
    """Path of a topic's page."""
    return TOPIC.format(slug=quote(slug))


def static_url(name: str, version: str) -> str:
    """A static file's address, another one for each version of it."""
    return f"{STATIC}/{name}?v={version}"


def search_url(query: Query, path: str = SEARCH) -> str:
    """The address of a search. What is the default is left out, so that one search has one address."""
    pairs = search_pairs(query)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def search_pairs(query: Query) -> list[tuple[str, str]]:
    """The parameters of a search, without those that are the default."""
    pairs = [("q", query.text)] if query.text else []
    pairs += [(facet, value) for facet in FACETS for value in query.filters.get(facet, ())]
    pairs += [("sort", query.sort)] if query.sort != "relevance" else []
    pairs += [("page", str(query.page))] if query.page > 1 else []
    return pairs


def with_search(url: str, query: Query | None, **more: str) -> str:
    """A link to a document or page that carries the whole search: what was found is marked, and the way back is known.

    ``more`` are parameters of that page itself.
    """
    pairs = [*(search_pairs(query) if query else ()), *more.items()]
    return f"{url}?{urlencode(pairs)}" if pairs else url


def quote_url(text: str) -> str:
    """The address of what became of a quotation."""
    return f"{QUOTE}?{urlencode({'q': text})}"


def marked_url(document: str, number: int, words: Sequence[str]) -> str:
    """A page on which words are marked where they follow one another; of very many the first ones."""
    text = f"„{' '.join(words[:_MOST_MARKED])}”" if words else ""
    return with_search(page_url(document, number), Query(text=text))


def json_feed(feed: str) -> str:
    """The path of a feed as JSON, from that of the same feed as Atom."""
    return FEED_JSON + feed.removeprefix(FEED)


def section_of(path: str) -> str:
    """The part of the site that a path belongs to, as the navigation links to it."""
    return "/" + path.split("/")[1]


_OF_A_DOCUMENT = tuple(path.partition("{id}")[0] for path in (DOCUMENT, FILE, CITATION, API_DOCUMENT))
"""What stands before a document's id in the addresses of all that belongs to it."""
_ENDS = " \xa0.,;:!?)]}>…”“\"'»«"
"""What ends a sentence or a bracket, and is in no address of a document or a page."""


def document_of(path: str) -> str:
    """The id of the document that a path leads to, or led to; "" for any other path."""
    for start in _OF_A_DOCUMENT:
        if path.startswith(start):
            return path.removeprefix(start).split("/")[0]
    return ""


def without_end_of_sentence(path: str) -> str:
    """The address without what stood after it in a text: „…/strony/3).”; "" where nothing did."""
    shorter = path.rstrip(_ENDS)
    return quote(shorter) if shorter != path and not shorter.endswith("/") else ""


def of_other_document(path: str, document: str) -> str:
    """The same address of another document."""
    for start in _OF_A_DOCUMENT:
        if path.startswith(start):
            return start + quote(document) + path.removeprefix(start + document_of(path))
    return path


def is_picture(path: str) -> bool:
    """Whether this is a picture of a page: it waits for its turn among pictures, not among those who search."""
    return path.startswith(_PICTURES)


def is_for_programs(path: str) -> bool:
    """Whether answers at this path are JSON."""
    return path.startswith((f"{API_GUIDE}/", ALIVE, READY))


def is_for_supervisors(path: str) -> bool:
    """Whether this tells a supervisor how the service is: it is asked under any host name, and never waits."""
    return path in (ALIVE, READY)


def is_static(path: str) -> bool:
    """Whether this is a file that may be kept for good."""
    return path.startswith(f"{STATIC}/")
