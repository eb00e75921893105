"""One page of a document: a printed page as a picture and as text, or a section of a Markdown document with its short neighbours.

The words that a search has found are marked in both, by one marker; the picture's marks are boxes drawn over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from kb.addresses import document_url, page_url, pages_url, picture_url, search_pairs, with_search
from kb.finding.snippets import Mark
from kb.model import Box, Page, PageMap
from kb.pages.base import BasePage, Card, Link, card, place
from kb.pages.hits import HitBar, hit_bar, hit_parameter
from kb.pages.markup import CURRENT, CUT, MOST_SHOWN, paragraphs, rendered
from kb.pages.view import CitationBox, DocumentView, SearchWithin, citation_box, file_link, for_programs
from kb.pictures import WIDTHS

VIEW = "widok"
"""The parameter that chooses a view, and the cookie that remembers it."""
VIEWS = {"obraz": "Obraz", "tekst": "Tekst", "obok": "Obok siebie"}
USUAL_VIEW = "obok"
SHORT_WORDS = 80
"""Sections are put on one page until it has so many words."""
_A4 = 841.89 / 595.28
_SIZES = {"obok": "(min-width: 60rem) 37rem, 100vw", "obraz": "(min-width: 60rem) 49rem, 100vw"}
"""How wide a picture is shown, for browsers to choose one."""
_SAME_LINE = 0.5
"""Boxes of one found place that overlap in height by this share stand on one line, and are one box."""
_SAME_SIZE = 1.6
"""A box that is so much higher than its neighbour stays one of its own, as a large initial does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A box over the picture, in the units of its drawing; ``current`` for the found place that the reader has come to.

    ``anchor`` is an id where the address of the page leads to this box.
    """

    x: float
    y: float
    width: float
    height: float
    current: bool
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page as a picture: addresses, size in pixels, and the boxes of what was found."""

    url: str
    sources: str
    sizes: str
    width: int
    height: int
    alt: str
    marks: tuple[Rectangle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTo:
    """The form that goes to a page by the number printed on it."""

    url: str
    value: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPage(BasePage):
    """``/dokumenty/{id}/strony/{number}``; ``mode`` is one of ``VIEWS``, "" for a section, which has no picture."""

    template: ClassVar[str] = "section.html"
    document: Card
    document_url: str
    name: str
    heading: str
    text: Markup
    cut: str
    marked: bool
    hits: HitBar | None
    within: SearchWithin
    previous: Link | None
    next: Link | None
    file: Link
    citation: CitationBox
    back: Link | None
    recognised: str = ""
    mode: str = ""
    views: tuple[Link, ...] = ()
    picture: Picture | None = None
    go_to: GoTo | None = None


def printed_page(
    view: DocumentView, page: Page, mode: str, page_map: PageMap | None, token: str, hit: int
) -> SectionPage:
    """A printed page. ``hit`` counts its found places from 1: the one that the reader has come to, 0 for none of them."""
    text = page.text[:MOST_SHOWN]
    marks = view.marker(text) if view.marker else ()
    hit = hit if hit <= len(marks) else 0
    name = _name(view, page)
    # The place to scroll to is in the text where there is one.
    shown_text = (
        paragraphs(text, page.headings, lambda _: marks, page.notes_at, hit - 1) if mode != "obraz" else Markup()
    )
    return SectionPage(
        title=f"{view.document.title}, {name}",
        canonical=page_url(view.document.id, page.number),
        description=view.document.description,
        q=view.q,
        for_programs=for_programs(view, page),
        document=card(view.document, view.taxonomy),
        document_url=with_search(document_url(view.document.id), view.search),
        name=name,
        heading=page.heading,
        recognised="Tekst tej strony rozpoznano automatycznie (OCR); może zawierać błędy." if page.ocr else "",
        mode=mode,
        views=tuple(
            Link(text=text, url=view.url(page.number, **hit_parameter(hit), **{VIEW: key}), current=key == mode)
            for key, text in VIEWS.items()
        ),
        picture=_picture(view, page, mode, page_map, token, marks, hit) if mode != "tekst" else None,
        text=shown_text,
        cut=CUT if mode != "obraz" and len(page.text) > MOST_SHOWN else "",
        marked=bool(marks),
        hits=hit_bar(view, [page.number], len(marks), hit) if view.marker else None,
        within=view.within,
        go_to=GoTo(
            url=pages_url(view.document.id),
            value=page.label or str(page.number),
            kept=tuple(search_pairs(view.search)),
        ),
        previous=_neighbour(view, page.number - 1, "Poprzednia"),
        next=_neighbour(view, page.number + 1, "Następna"),
        file=file_link(view, page),
        citation=citation_box(view, page),
        back=view.back,
    )


def section_page(view: DocumentView, page: Page, group: Sequence[Page], position: str) -> SectionPage:
    """A section, with its short neighbours where ``group`` has them; it is cited by itself."""
    html = "\n".join(each.html or paragraphs(each.text, each.headings) for each in group)
    text = rendered(html, view.links(html[:MOST_SHOWN]), view.marker, MOST_SHOWN)
    name = place(view.document, page)
    return SectionPage(
        title=f"{name} – {view.document.title}",
        # A section's text stands whole on its document's page.
        canonical=document_url(view.document.id),
        description=view.document.description,
        q=view.q,
        for_programs=for_programs(view, page),
        document=card(view.document, view.taxonomy),
        document_url=with_search(document_url(view.document.id), view.search),
        name=name,
        heading=position,
        text=text,
        cut=CUT if len(html) > MOST_SHOWN else "",
        marked="<mark>" in text,
        hits=hit_bar(view, [each.number for each in group], text.count("<mark>"), 0) if view.marker else None,
        within=view.within,
        previous=_neighbour(view, group[0].number - 1, "Poprzednia"),
        next=_neighbour(view, group[-1].number + 1, "Następna"),
        file=file_link(view),
        citation=citation_box(view, page),
        back=view.back,
    )


def together(pages: Iterable[Page], number: int, total: int) -> tuple[Sequence[Page], str]:
    """The sections that are shown with section ``number``, and which of the document's they are: „części 2–4 z 9”.

    Of all the ``total`` those after them are not read.
    """
    shown: list[Page] = []
    words = 0
    for page in pages:
        shown.append(page)
        words += len(page.text.split())
        # Short ones at the end go with those before them only where they begin a page of their own.
        if words >= SHORT_WORDS or page.number == total:
            if page.number >= number:
                break
            shown, words = [], 0
    return shown, _parts(shown[0].number, shown[-1].number, total) if shown else ""


def _parts(first: int, last: int, total: int) -> str:
    if first == last:
        return f"część {first} z {total}" if total > 1 else ""
    return f"części {first}–{last} z {total}"


def _name(view: DocumentView, page: Page) -> str:
    """Both of a page's numbers, printed and position: „s. iv (4 z 62)”."""
    total = view.document.pages
    if not page.label:
        return f"strona {page.number} z {total}"
    return (
        f"s. {page.number} z {total}"
        if page.label == str(page.number)
        else f"s. {page.label} ({page.number} z {total})"
    )


def _neighbour(view: DocumentView, number: int, text: str) -> Link | None:
    return Link(text=text, url=view.url(number)) if 1 <= number <= view.document.pages else None


def _picture(
    view: DocumentView, page: Page, mode: str, page_map: PageMap | None, token: str, marks: Sequence[Mark], hit: int
) -> Picture:
    shape = page_map.height / page_map.width if page_map else _A4
    urls = [picture_url(view.document.id, token, page.number, width) for width in WIDTHS]
    width, height = WIDTHS[0], max(1, round(WIDTHS[0] * shape))
    return Picture(
        url=urls[0],
        sources=", ".join(f"{url} {pixels}w" for url, pixels in zip(urls, WIDTHS, strict=True)),
        sizes=_SIZES[mode],
        width=width,
        height=height,
        alt=f"Obraz strony: {_name(view, page)}",
        marks=tuple(
            Rectangle(
                x=round(box.left * width, 1),
                y=round(box.top * height, 1),
                width=round(box.width * width, 1),
                height=round(box.height * height, 1),
                current=number == hit,
                # Where the text is beside the picture, the address leads to the text.
                anchor=CURRENT if number == hit and mode == "obraz" and not line else "",
            )
            for number, boxes in enumerate(_boxes(page_map, marks), 1)
            for line, box in enumerate(boxes)
        )
        if page_map
        else (),
    )


def _boxes(page_map: PageMap, marks: Sequence[Mark]) -> Iterator[list[Box]]:
    """Where each mark stands: a box for each line that it is on."""
    words = page_map.words
    first = 0
    for mark in marks:
        while first < len(words) and words[first].end <= mark.start:
            first += 1
        boxes: list[Box] = []
        index = first
        while index < len(words) and words[index].start < mark.end:
            for box in words[index].boxes:
                if boxes and _on_one_line(boxes[-1], box):
                    boxes[-1] = _joined(boxes[-1], box)
                else:
                    boxes.append(box)
            index += 1
        yield boxes


def _on_one_line(left: Box, right: Box) -> bool:
    common = min(left.top + left.height, right.top + right.height) - max(left.top, right.top)
    low, high = sorted((left.height, right.height))
    return common > _SAME_LINE * low and high <= _SAME_SIZE * low and right.left >= left.left


def _joined(left: Box, right: Box) -> Box:
    top = min(left.top, right.top)
    bottom = max(left.top + left.height, right.top + right.height)
    end = max(left.left + left.width, right.left + right.width)
    return Box(left.left, top, end - left.left, bottom - top)
