"""A document's own page, and one for each of its sections: text with what was found marked, citation, metadata.

A section is a page of a PDF, or a part of a Markdown file under its heading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from markupsafe import Markup

from kb import deadline, messages
from kb.addresses import (
    citation_url,
    document_url,
    edition_url,
    file_url,
    page_url,
    place_url,
    search_url,
    topic_url,
    with_query,
)
from kb.citing import FOR_PEOPLE, FOR_PROGRAMS, STYLES, Citation, Source, cite
from kb.citing.tags import header, landing_links, linked_data, meta_tags
from kb.model import Document, Heading, Page, Status, Taxonomy
from kb.pages.base import BasePage, Card, Link, card, place
from kb.pages.markup import Links, Marker, heading_anchor, paragraphs, rendered, site_links
from kb.reading.query import make_query
from kb.site import NAME

_MOST_CHIPS = 60
"""Page numbers shown at once; those of longer documents are folded."""
_MOST_COUNTED = 150
"""Pages whose found places are counted, 2 ms each."""
_MOST_COUNTED_CHARACTERS = 1_000_000
"""Characters of text in which found places are counted: as many pages may be much longer than printed ones are."""
MOST_SHOWN = 200_000
"""Characters of HTML, or of a printed page's text, shown at once: some 60 printed pages. Links and marks are made anew for
every reader, and more would take over half a second."""
MOST_CONTENTS = 500
"""Entries in a table of contents."""
_MOST_CARRIED = 200_000
"""Characters of the query in all links to a document's pages together; beyond that the links carry no query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of a document's description; with ``links`` in place of ``text`` where it leads somewhere."""

    name: str
    text: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a document's contents: ``level`` from 1, ``note`` the page."""

    text: str
    url: str
    note: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationBox:
    """A place's entry in all styles: the ready ones are text, the others are files to download."""

    heading: str
    entries: tuple[Citation, ...]
    files: tuple[Link, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage(BasePage):
    """``/dokumenty/{id}``; ``text`` is that of a document of sections, "" for one of pages.

    ``unread`` is why there is no text to read here, and what to do instead; "" for most documents. ``changed`` says since when
    it is as it is, where it has been otherwise; ``versions`` lead to all that it was.
    """

    template: ClassVar[str] = "document.html"
    unread: str
    card: Card
    facts: tuple[Fact, ...]
    file: Link
    contents: tuple[Entry, ...]
    more_contents: str
    numbers: tuple[Link, ...]
    fold_numbers: bool
    found_on: str
    first_page: str
    recognised: str
    text: Markup
    cut: str
    further: Link | None
    citation: CitationBox
    related: tuple[Card, ...]
    back: Link | None
    changed: str = ""
    versions: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPage(BasePage):
    """``/dokumenty/{id}/strony/{number}``."""

    template: ClassVar[str] = "section.html"
    document: Card
    document_url: str
    name: str
    heading: str
    position: str
    recognised: str
    text: Markup
    cut: str
    marked: bool
    previous: Link | None
    next: Link | None
    file: Link
    citation: CitationBox
    back: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document with all that its pages say beside its text: the search that led to it, what is cited, addresses."""

    document: Document
    taxonomy: Taxonomy
    source: Source
    base_url: str
    q: str
    search_url: str
    marker: Marker | None
    url_of_file: Callable[[str], str | None]

    @property
    def back(self) -> Link | None:
        """The way back to the results that the reader came from."""
        return Link(text=f"Wyniki dla „{self.q}”", url=self.search_url) if self.q else None

    @property
    def carried(self) -> str:
        """The query for links to all pages; "" where so many links to so long a query would be the longest part of a page."""
        return self.q if len(self.q) * self.document.pages <= _MOST_CARRIED else ""

    def links(self, html: str) -> Links:
        """How links in a piece of the document's HTML resolve."""
        return site_links(self.document.path, self.url_of_file, document_url(self.document.id), html)


def document_page(view: DocumentView, pages: Sequence[Page], related: Iterable[Document]) -> DocumentPage:
    """A document's own page."""
    document, taxonomy = view.document, view.taxonomy
    has_pages = document.format.has_pages
    shown = [] if has_pages else first_sections(pages)
    html = "\n".join(shown)
    contents = tuple(_contents(view, pages, len(shown)))
    numbers = tuple(_numbers(view, pages)) if has_pages else ()
    found = sum(bool(link.note) for link in numbers)
    return DocumentPage(
        title=document.title,
        canonical=document_url(document.id),
        description=document.description,
        q=view.q,
        meta=meta_tags(view.source),
        linked_data=_linked_data(view),
        link_header=_links(view, None),
        properties=_properties(view, None),
        unread=_why_unread(document),
        card=card(document, taxonomy),
        facts=tuple(_facts(document, taxonomy)),
        file=_file(document),
        contents=contents[:MOST_CONTENTS],
        more_contents=_more(len(contents) - MOST_CONTENTS, "pozycja", "pozycje", "pozycji"),
        numbers=numbers,
        fold_numbers=len(pages) > _MOST_CHIPS,
        found_on=f"Słowa z zapytania są na {found} {messages.plural(found, 'stronie', 'stronach', 'stronach')} (wyróżnione)."
        if found
        else "",
        first_page=with_query(page_url(document.id, 1), view.q),
        recognised=_recognised(pages),
        text=rendered(html, view.links(html[:MOST_SHOWN]), view.marker, MOST_SHOWN),
        cut=CUT if len(html) > MOST_SHOWN else "",
        further=_further(view, pages, len(shown)),
        citation=_citation_box(view, None),
        related=tuple(card(other, taxonomy) for other in related),
        back=view.back,
    )


def section_page(view: DocumentView, page: Page) -> SectionPage:
    """One page of a PDF, or one part of a Markdown document."""
    document = view.document
    name = place(document, page)
    has_pages = document.format.has_pages
    text = (
        rendered(page.html, view.links(page.html[:MOST_SHOWN]), view.marker, MOST_SHOWN)
        if page.html
        else paragraphs(page.text[:MOST_SHOWN], page.headings, view.marker, page.notes_at)
    )
    return SectionPage(
        title=f"{document.title}, {name}" if has_pages else f"{name} – {document.title}",
        # A section's text stands whole on its document's page; a printed page has no other place.
        canonical=page_url(document.id, page.number) if has_pages else document_url(document.id),
        description=document.description,
        q=view.q,
        meta=meta_tags(view.source),
        linked_data=_linked_data(view),
        link_header=_links(view, page),
        properties=_properties(view, page),
        document=card(document, view.taxonomy),
        document_url=with_query(document_url(document.id), view.q),
        name=name,
        heading=page.heading if has_pages else "",
        position=f"{page.number} z {document.pages}",
        recognised="Tekst tej strony rozpoznano automatycznie (OCR); może zawierać błędy." if page.ocr else "",
        text=text,
        cut=CUT if len(page.html or page.text) > MOST_SHOWN else "",
        marked="<mark>" in text,
        previous=_neighbour(view, page.number - 1, "Poprzednia"),
        next=_neighbour(view, page.number + 1, "Następna"),
        file=Link(text=f"Otwórz tę stronę w pliku {document.format.name}", url=file_url(document.id, page.number))
        if has_pages
        else _file(document),
        citation=_citation_box(view, page),
        back=view.back,
    )


CUT = "To tylko początek bardzo długiego tekstu. Całość jest w oryginalnym pliku."


def first_sections(pages: Iterable[Page]) -> list[str]:
    """The HTML of the first sections, as many as are shown at once; the first is there however long it is."""
    shown: list[str] = []
    room = MOST_SHOWN
    for page in pages:
        html = page.html or paragraphs(page.text, page.headings)
        room -= len(html) + 1
        if shown and room < 0:
            break
        shown.append(html)
    return shown


def _further(view: DocumentView, pages: Sequence[Page], shown: int) -> Link | None:
    """The first section that is not on the document's page, where it does not have all of them."""
    rest = pages[shown:]
    if not shown or not rest:
        return None
    return Link(
        text=f"Czytaj dalej: {place(view.document, rest[0])}",
        url=with_query(page_url(view.document.id, rest[0].number), view.q),
        note=_more(len(rest), "część", "części", "części"),
    )


def _more(number: int, one: str, few: str, many: str) -> str:
    return f"i jeszcze {messages.counted(number, one, few, many)}" if number > 0 else ""


def _numbers(view: DocumentView, pages: Sequence[Page]) -> Iterator[Link]:
    """A link to each printed page; with a query, ``note`` says how many found places are on it."""
    countable = len(pages) <= _MOST_COUNTED and sum(len(page.text) for page in pages) <= _MOST_COUNTED_CHARACTERS
    counts = _counts(view.marker, pages) if view.marker and countable else {}
    q = view.carried
    for page in pages:
        places = counts.get(page.number, 0)
        yield Link(
            text=page.label or str(page.number),
            url=with_query(page_url(view.document.id, page.number), q),
            note=messages.counted(places, "trafienie", "trafienia", "trafień") if places else "",
        )


def _counts(marker: Marker, pages: Sequence[Page]) -> dict[int, int]:
    """How many found places are on each page; nothing is said of any where there is no time to count on all."""
    counts: dict[int, int] = {}
    with deadline.optional():
        for page in pages:
            deadline.check()
            counts[page.number] = len(marker(page.text))
    return counts if len(counts) == len(pages) else {}


def _recognised(pages: Sequence[Page]) -> str:
    """That text was recognised in pictures, and on how many of the pages."""
    count = sum(page.ocr for page in pages)
    if not count:
        return ""
    where = "tego dokumentu" if count == len(pages) else messages.counted(count, "strony", "stron", "stron")
    return f"Tekst {where} rozpoznano automatycznie (OCR); może zawierać błędy."


def _neighbour(view: DocumentView, number: int, text: str) -> Link | None:
    document = view.document
    if not 1 <= number <= document.pages:
        return None
    return Link(text=text, url=with_query(page_url(document.id, number), view.q))


def _file(document: Document) -> Link:
    opens = document.unread and document.unread is not Status.DAMAGED and document.format.inline
    text = f"Otwórz plik {document.format.name}" if opens else f"Pobierz oryginał ({document.format.name})"
    return Link(text=text, url=file_url(document.id))


_WHY_UNREAD = {
    Status.NO_TEXT: ("To skan bez rozpoznanego tekstu.", "Żeby go przeczytać, otwórz plik PDF."),
    Status.ENCRYPTED: ("Plik jest zabezpieczony hasłem.", "Żeby go przeczytać, otwórz plik i podaj hasło."),
    Status.DAMAGED: ("Plik jest uszkodzony.", "Możesz go pobrać, ale może się nie otworzyć."),
    Status.TIMEOUT: ("Tego pliku nie udało się odczytać w całości.", "Żeby go przeczytać, otwórz sam plik."),
    Status.TOO_LARGE: ("Ten plik jest zbyt duży, żeby go odczytać w całości.", "Żeby go przeczytać, otwórz sam plik."),
}
"""Why a document's text is not here, and what its reader can do."""


def _why_unread(document: Document) -> str:
    if document.unread is None:
        return ""
    if document.unread is Status.NO_TEXT and not document.format.has_pages:
        return "Ten dokument nie ma jeszcze treści."
    why, instead = _WHY_UNREAD[document.unread]
    return (
        f"{why} Jego treść nie jest przeszukiwana: dokument można znaleźć tylko po tytule, opisie i tematach. {instead}"
    )


def _contents(view: DocumentView, pages: Sequence[Page], shown: int) -> Iterator[Entry]:
    """Every heading, with a link: on this page to the first ``shown`` sections, to the others where they are by themselves.

    Levels are without gaps, the highest is 1.
    """
    document, q = view.document, view.carried
    found = [(index, number, heading) for index, page in enumerate(pages) for number, heading in _headings(page)]
    levels = sorted({heading.level for _, _, heading in found})
    before = None
    for index, number, heading in found:
        # A title repeated on the next page (slides) is one entry.
        if document.format.has_pages and heading.text == before:
            continue
        before, page = heading.text, pages[index]
        url = f"#{page.anchor}" if page.anchor and index < shown else with_query(page_url(document.id, page.number), q)
        # The first heading is where the page begins; to another one the link leads down the page.
        if not page.anchor and heading.start:
            url = f"{url}#{heading_anchor(number)}"
        note = place(document, page) if document.format.has_pages else ""
        yield Entry(text=heading.text, url=url, note=note, level=levels.index(heading.level) + 1)


def _headings(page: Page) -> Iterator[tuple[int, Heading]]:
    """A page's headings, counted; of a section without any of its own the one that names it."""
    alone = (Heading(text=page.heading),) if page.anchor and page.heading else ()
    return enumerate(page.headings or alone, 1)


def _facts(document: Document, taxonomy: Taxonomy) -> Iterator[Fact]:
    editions, topics = taxonomy.labels("edition"), taxonomy.labels("topic")
    if document.authors:
        yield Fact(name="Autorzy" if len(document.authors) > 1 else "Autor", text=", ".join(document.authors))
    yield from _imprint(document)
    if document.edition in editions:
        link = Link(text=editions[document.edition], url=edition_url(document.edition))
        yield Fact(name="Edycja", links=(link,))
    known = [Link(text=topics[slug], url=topic_url(slug)) for slug in document.topics if slug in topics]
    if known:
        yield Fact(name="Tematy" if len(known) > 1 else "Temat", links=tuple(known))
    if document.licence:
        yield Fact(name="Licencja", text=document.licence)
    if document.source_url:
        yield Fact(name="Źródło", links=(Link(text=document.source_url, url=document.source_url),))


def _imprint(document: Document) -> Iterator[Fact]:
    """Who edited and published it, where, in which series, under which numbers."""
    if document.editors:
        yield Fact(name="Redakcja", text=", ".join(document.editors))
    if document.publisher or document.place:
        yield Fact(name="Wydawca", text=", ".join(part for part in (document.publisher, document.place) if part))
    if document.series or document.report_number:
        yield Fact(name="Seria", text=", ".join(part for part in (document.series, document.report_number) if part))
    for name, number in (("ISBN", document.isbn), ("ISSN", document.issn)):
        if number:
            yield Fact(name=name, text=number)
    if document.doi:
        yield Fact(name="DOI", links=(Link(text=document.doi, url=f"https://doi.org/{quote(document.doi)}"),))


def _citation_box(view: DocumentView, page: Page | None) -> CitationBox:
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


def _records(document: Document, page: Page | None) -> list[tuple[str, str]]:
    """Where the entries for programs are, with their media types."""
    number = page.number if page else None
    return [(citation_url(document.id, style, number), STYLES[style].media_type) for style in FOR_PROGRAMS]


def _links(view: DocumentView, page: Page | None) -> str:
    """FAIR Signposting: where this is cited, described, kept, and by whom and under which licence it is."""
    base = view.base_url
    records = [(base + url, media) for url, media in _records(view.document, page)]
    authors = [base + search_url(make_query(f"+„{a.natural}”")) for a in view.source.authors]
    return header(landing_links(view.source, records, authors))


def _linked_data(view: DocumentView) -> Markup:
    text = json.dumps(linked_data(view.source), ensure_ascii=False)
    # Within a script nothing is escaped, so nothing may look like its end.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _properties(view: DocumentView, page: Page | None) -> tuple[tuple[str, str], ...]:
    document = view.document
    pairs = [
        ("og:type", "article"),
        ("og:site_name", NAME),
        ("og:locale", "pl_PL"),
        ("og:title", f"{document.title}, {place(document, page)}" if page else document.title),
        ("og:description", document.description),
        ("og:url", view.base_url + place_url(document.id, page)),
        ("article:published_time", document.published.isoformat() if document.published else ""),
    ]
    return tuple((name, content) for name, content in pairs if content)
