"""A document's own page: where in it the searched words are, contents, text of a document of sections, citation, metadata."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar
from urllib.parse import quote

from markupsafe import Markup

from kb import messages
from kb.addresses import (
    citation_url,
    document_url,
    edition_url,
    file_url,
    page_url,
    place_url,
    search_pairs,
    search_url,
    topic_url,
    with_search,
)
from kb.citing import FOR_PEOPLE, FOR_PROGRAMS, STYLES, Citation, Source, cite
from kb.citing.tags import header, landing_links, linked_data, meta_tags
from kb.finding.hits import PageHits, total_of
from kb.finding.snippets import Highlighter
from kb.model import Document, Heading, Page, Query, Status, Taxonomy
from kb.pages.base import BasePage, Card, Link, as_script, card, place
from kb.pages.events import EventCard
from kb.pages.markup import Links, Marker, heading_anchor, paragraphs, rendered, site_links
from kb.reading.query import make_query
from kb.site import NAME

_MOST_CHIPS = 60
"""Page numbers shown at once; those of longer documents are folded."""
_SNIPPETS = 20
"""Pages with found places whose fragments are shown at once."""
_SHADES = 4
_MOST_STRIPES = 1_000
"""Pages in a strip: of more, none would be seen."""
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
class SearchWithin:
    """The form that searches in one document; ``kept`` are the parameters that it passes on."""

    url: str
    text: str
    kept: tuple[tuple[str, str], ...]


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
    within: SearchWithin | None
    hits: HitList | None
    numbers: tuple[Link, ...]
    fold_numbers: bool
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
    event: EventCard | None = None


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


def document_page(
    view: DocumentView, pages: Sequence[Page], related: Iterable[Document], list_number: int = 1
) -> DocumentPage:
    """A document's own page; ``list_number`` counts the pages of the list of its found places."""
    document, taxonomy = view.document, view.taxonomy
    has_pages = document.format.has_pages
    shown = [] if has_pages else first_sections(pages)
    html = "\n".join(shown)
    contents = tuple(_contents(view, pages, len(shown)))
    numbers = tuple(_numbers(view, pages)) if has_pages else ()
    return DocumentPage(
        title=document.title,
        canonical=document_url(document.id),
        description=document.description,
        q=view.q,
        meta=meta_tags(view.source),
        linked_data=json_ld(view),
        link_header=link_header(view, None),
        properties=properties(view, None),
        unread=_why_unread(document),
        card=card(document, taxonomy),
        facts=tuple(_facts(document, taxonomy)),
        file=original(view),
        contents=contents[:MOST_CONTENTS],
        more_contents=_more(len(contents) - MOST_CONTENTS, "pozycja", "pozycje", "pozycji"),
        within=view.within if len(pages) > 1 else None,
        hits=_hit_list(view, pages, list_number) if view.highlighter and len(pages) > 1 else None,
        numbers=numbers,
        fold_numbers=len(pages) > _MOST_CHIPS,
        first_page=view.url(1),
        recognised=_recognised(pages),
        text=rendered(html, view.links(html[:MOST_SHOWN]), view.marker, MOST_SHOWN),
        cut=CUT if len(html) > MOST_SHOWN else "",
        further=_further(view, pages, len(shown)),
        citation=citation_box(view, None),
        related=tuple(card(other, taxonomy) for other in related),
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
        url=view.url(rest[0].number),
        note=_more(len(rest), "część", "części", "części"),
    )


def _more(number: int, one: str, few: str, many: str) -> str:
    return f"i jeszcze {messages.counted(number, one, few, many)}" if number > 0 else ""


def _numbers(view: DocumentView, pages: Sequence[Page]) -> Iterator[Link]:
    """A link to each printed page."""
    for page in pages:
        url = with_search(page_url(view.document.id, page.number), view.carried)
        yield Link(text=page.label or str(page.number), url=url)


_HITS = ("trafienie", "trafienia", "trafień")


def counted_hits(number: int) -> str:
    """5 trafień."""
    return messages.counted(number, *_HITS)


def strip(view: DocumentView, current: Collection[int] = ()) -> tuple[Stripe, ...]:
    """All pages of the document, shaded by how much of the query each holds; none for a document of one page."""
    if not 1 < len(view.hits) <= _MOST_STRIPES:
        return ()
    return tuple(
        Stripe(
            name=_hit_name(view, hit),
            short=f"s. {hit.label or hit.number}" if view.document.format.has_pages else f"część {hit.number}",
            note=f"{counted_hits(hit.places)}, {_HELD[shade]}" if hit.places else "bez trafień",
            url=with_search(page_url(view.document.id, hit.number), view.carried),
            shade=shade,
            current=hit.number in current,
        )
        for hit in view.hits
        for shade in (_shade(hit),)
    )


_HELD = ("", "mała część zapytania", "część zapytania", "większość zapytania", "całe zapytanie")


def _shade(hit: PageHits) -> int:
    """From 0 for nothing to 4 for all of the query that the document has."""
    if not hit.places:
        return 0
    return _SHADES if hit.share > 1 - 1e-6 else max(1, min(_SHADES - 1, ceil(hit.share * (_SHADES - 1))))


def _hit_name(view: DocumentView, hit: PageHits) -> str:
    return place(view.document, Page(number=hit.number, text="", label=hit.label, heading=hit.heading))


def _hit_list(view: DocumentView, pages: Sequence[Page], number: int) -> HitList:
    """The pages with found places, a part of them with fragments."""
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


_UNCOUNTED = "Ten dokument jest długi i jeszcze liczymy w nim trafienia. Odśwież stronę za chwilę."


def _list_link(text: str, here: str, search: Query, number: int) -> Link:
    return Link(text=text, url=with_search(here, search, trafienia=str(number)) + "#trafienia")


def _hit_summary(view: DocumentView, found: Sequence[PageHits]) -> str:
    if not found:
        return f"W tym dokumencie nie ma słów z zapytania {messages.quoted(view.q)}."
    forms = (
        ("stronie", "stronach", "stronach") if view.document.format.has_pages else ("części", "częściach", "częściach")
    )
    pages = f"{messages.grouped(len(found))} {messages.plural(len(found), *forms)}"
    total = messages.grouped(len(view.hits))
    return (
        f"{counted_hits(total_of(view.hits))} na {pages} z {total}"
        if view.document.format.has_pages
        else (f"{counted_hits(total_of(view.hits))} w {pages} z {total}")
    )


def _hit_place(view: DocumentView, hit: PageHits, page: Page) -> HitPlace:
    assert view.highlighter is not None
    snippet = view.highlighter.fragment(page.text)
    heading = page.heading if snippet.place is None else page.heading_at(snippet.place)
    return HitPlace(
        name=place(view.document, page),
        heading=heading if view.document.format.has_pages else "",
        note=counted_hits(hit.places),
        url=view.url(hit.number, trafienie="1") + "#trafienie"
        if view.document.format.has_pages
        else view.url(hit.number),
        snippet=Markup(snippet.html),  # noqa: S704  # the highlighter escapes
    )


def _recognised(pages: Sequence[Page]) -> str:
    """That text was recognised in pictures, and on how many of the pages."""
    count = sum(page.ocr for page in pages)
    if not count:
        return ""
    where = "tego dokumentu" if count == len(pages) else messages.counted(count, "strony", "stron", "stron")
    return f"Tekst {where} rozpoznano automatycznie (OCR); może zawierać błędy."


def original(view: DocumentView, page: Page | None = None) -> Link:
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
    document, search = view.document, view.carried
    found = [(index, number, heading) for index, page in enumerate(pages) for number, heading in _headings(page)]
    levels = sorted({heading.level for _, _, heading in found})
    before = None
    for index, number, heading in found:
        # A title repeated on the next page (slides) is one entry.
        if document.format.has_pages and heading.text == before:
            continue
        before, page = heading.text, pages[index]
        url = (
            f"#{page.anchor}"
            if page.anchor and index < shown
            else with_search(page_url(document.id, page.number), search)
        )
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


def citation_box(view: DocumentView, page: Page | None) -> CitationBox:
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


def _records(document: Document, page: Page | None) -> list[tuple[str, str]]:
    """Where the entries for programs are, with their media types."""
    number = page.number if page else None
    return [(citation_url(document.id, style, number), STYLES[style].media_type) for style in FOR_PROGRAMS]


def link_header(view: DocumentView, page: Page | None) -> str:
    """FAIR Signposting: where this is cited, described, kept, and by whom and under which licence it is."""
    base = view.base_url
    records = [(base + url, media) for url, media in _records(view.document, page)]
    authors = [base + search_url(make_query(f"+„{a.natural}”")) for a in view.source.authors]
    return header(landing_links(view.source, records, authors))


def json_ld(view: DocumentView) -> Markup:
    """Linked data for search engines, for a script element."""
    return as_script(linked_data(view.source))


def properties(view: DocumentView, page: Page | None) -> tuple[tuple[str, str], ...]:
    """Open Graph tags, which social networks read."""
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
