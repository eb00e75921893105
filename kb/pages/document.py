"""A document's own page: contents, text of a document of sections, description, citation, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from markupsafe import Markup

from kb import messages
from kb.addresses import document_url, edition_url, page_url, topic_url, with_search
from kb.model import Document, Heading, Page, Status, Taxonomy
from kb.pages.base import BasePage, Card, Link, card, place
from kb.pages.events import EventCard
from kb.pages.hits import HitList, hit_list
from kb.pages.markup import CUT, MOST_SHOWN, first_sections, heading_anchor, rendered
from kb.pages.view import CitationBox, DocumentView, SearchWithin, citation_box, file_link, for_programs

_MOST_CHIPS = 60
"""Page numbers shown at once; those of longer documents are folded."""
MOST_CONTENTS = 500
"""Entries in a table of contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of a document's description; with ``links`` in place of ``text`` where it leads somewhere."""

    name: str
    text: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsEntry:
    """A line of a document's contents: ``level`` from 1, ``note`` the page."""

    text: str
    url: str
    note: str
    level: int


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
    contents: tuple[ContentsEntry, ...]
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
        for_programs=for_programs(view),
        unread=_why_unread(document),
        card=card(document, taxonomy),
        facts=tuple(_facts(document, taxonomy)),
        file=file_link(view),
        contents=contents[:MOST_CONTENTS],
        more_contents=_more(len(contents) - MOST_CONTENTS, "pozycja", "pozycje", "pozycji"),
        within=view.within if len(pages) > 1 else None,
        hits=hit_list(view, pages, list_number) if view.highlighter and len(pages) > 1 else None,
        numbers=numbers,
        fold_numbers=len(pages) > _MOST_CHIPS,
        first_page=view.url(1),
        recognised=recognised(pages),
        text=rendered(html, view.links(html[:MOST_SHOWN]), view.marker, MOST_SHOWN),
        cut=CUT if len(html) > MOST_SHOWN else "",
        further=_further(view, pages, len(shown)),
        citation=citation_box(view),
        related=tuple(card(other, taxonomy) for other in related),
        back=view.back,
    )


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


def recognised(pages: Sequence[Page]) -> str:
    """That text was recognised in pictures, and on how many of the pages."""
    count = sum(page.ocr for page in pages)
    if not count:
        return ""
    where = "tego dokumentu" if count == len(pages) else messages.counted(count, "strony", "stron", "stron")
    return f"Tekst {where} rozpoznano automatycznie (OCR); może zawierać błędy."


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


def _contents(view: DocumentView, pages: Sequence[Page], shown: int) -> Iterator[ContentsEntry]:
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
        yield ContentsEntry(text=heading.text, url=url, note=note, level=levels.index(heading.level) + 1)


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
