"""A document as its pages show it: the search that led to it, its addresses, its file, its citation, what programs read of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kb import messages
from kb.addresses import (
    citation_url,
    document_url,
    file_url,
    page_url,
    place_url,
    search_pairs,
    search_url,
    with_search,
)
from kb.citing import FOR_PEOPLE, FOR_PROGRAMS, STYLES, Citation, Source, cite
from kb.citing.tags import header, landing_links, linked_data, meta_tags
from kb.finding.hits import PageHits
from kb.finding.snippets import Highlighter
from kb.model import Document, Page, Query, Status, Taxonomy
from kb.pages.base import ForPrograms, Link, Properties, as_script, open_graph, place
from kb.pages.markup import Links, Marker, site_links
from kb.reading.query import make_query

_MOST_CARRIED = 200_000
"""Characters of the query in all links to a document's pages together; beyond that the links carry no query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWithin:
    """The form that searches in one document; ``kept`` are the parameters that it passes on."""

    url: str
    text: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationBox:
    """A place's entry in all styles: the ready ones are text, the others are files to download."""

    heading: str
    entries: tuple[Citation, ...]
    files: tuple[Link, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document with all that its pages say beside its text: the search that led to it, what is cited, addresses.

    ``hits`` are the found places of each of its pages, none where they were not counted; ``file_bytes`` the size of its file.
    """

    document: Document
    taxonomy: Taxonomy
    source: Source
    base_url: str
    search: Query
    highlighter: Highlighter | None
    hits: tuple[PageHits, ...]
    file_bytes: int | None
    url_of_file: Callable[[str], str | None]

    @property
    def q(self) -> str:
        """The text of the search."""
        return self.search.text

    @property
    def marker(self) -> Marker | None:
        """What marks the found places of a text."""
        return self.highlighter.marks if self.highlighter else None

    @property
    def back(self) -> Link | None:
        """The way back to the results that the reader came from: the same filters, order and page."""
        if not search_pairs(self.search):
            return None
        return Link(
            text=f"Wyniki dla {messages.quoted(self.q)}" if self.q else "Lista dokumentów", url=search_url(self.search)
        )

    @property
    def carried(self) -> Query | None:
        """The search for links to all pages; None where so many links to so long a query would be the longest part of a page."""
        length = len(search_url(self.search))
        return self.search if length * self.document.pages <= _MOST_CARRIED else None

    @property
    def within(self) -> SearchWithin:
        """The form that searches in this document."""
        kept = [(name, value) for name, value in search_pairs(self.search) if name not in ("q", "page")]
        return SearchWithin(url=document_url(self.document.id), text=self.q, kept=tuple(kept))

    def url(self, number: int, **more: str) -> str:
        """A link to a page of the document that carries the search."""
        return with_search(page_url(self.document.id, number), self.search, **more)

    def links(self, html: str) -> Links:
        """How links in a piece of the document's HTML resolve."""
        return site_links(self.document.path, self.url_of_file, document_url(self.document.id), html)


def file_link(view: DocumentView, page: Page | None = None) -> Link:
    """The original file, opened at a page where one is given; ``note`` is its size, after its format where that is not said."""
    document = view.document
    opens = document.unread and document.unread is not Status.DAMAGED and document.format.inline
    if page is not None and document.format.has_pages:
        text = f"Otwórz tę stronę w pliku {document.format.name}"
    else:
        text = f"Otwórz plik {document.format.name}" if opens else "Pobierz oryginał"
    url = file_url(document.id, page.number if page is not None and document.format.has_pages else None)
    size = messages.file_size(view.file_bytes) if view.file_bytes is not None else ""
    said = [] if document.format.name in text else [document.format.name]
    return Link(text=text, url=url, note=", ".join(filter(None, [*said, size])))


def citation_box(view: DocumentView, page: Page | None = None) -> CitationBox:
    """How the document, or one of its pages, is cited."""
    document = view.document
    return CitationBox(
        heading="Cytuj ten dokument"
        if page is None
        else "Cytuj tę stronę"
        if document.format.has_pages
        else "Cytuj tę część",
        entries=tuple(cite(view.source, style) for style in FOR_PEOPLE),
        files=tuple(
            Link(text=STYLES[style].name, url=citation_url(document.id, style, page.number if page else None))
            for style in FOR_PROGRAMS
        ),
        url=view.source.url,
    )


def for_programs(view: DocumentView, page: Page | None = None) -> ForPrograms:
    """What programs read of the document's own page, or of one of its pages."""
    return ForPrograms(
        meta=meta_tags(view.source),
        properties=_open_graph(view, page),
        linked_data=as_script(linked_data(view.source)),
        link_header=_signposts(view, page),
    )


def _signposts(view: DocumentView, page: Page | None) -> str:
    """FAIR Signposting: where this is cited, described, kept, and by whom and under which licence it is."""
    base, number = view.base_url, page.number if page else None
    records = [
        (base + citation_url(view.document.id, style, number), STYLES[style].media_type) for style in FOR_PROGRAMS
    ]
    authors = [base + search_url(make_query(f"+„{a.natural}”")) for a in view.source.authors]
    return header(landing_links(view.source, records, authors))


def _open_graph(view: DocumentView, page: Page | None) -> Properties:
    document = view.document
    return open_graph(
        "article",
        f"{document.title}, {place(document, page)}" if page else document.title,
        document.description,
        view.base_url + place_url(document.id, page),
        ("article:published_time", document.published.isoformat() if document.published else ""),
    )
