"""Check a quotation: a form, and what became of what was pasted into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from kb import messages
from kb.addresses import QUOTE, document_url, marked_url, short_version, version_address
from kb.citing import Citation, Source, cite, locator
from kb.limits import QUOTE_CHARACTERS
from kb.model import Document, Page
from kb.pages.base import BasePage, Link, place
from kb.quoting import saying
from kb.quoting.compare import Difference, Piece
from kb.quoting.places import Checked, Finding, Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPiece:
    """A piece of the comparison; ``text`` where nothing differs that could be seen, else what is in either."""

    text: str = ""
    quoted: str = ""
    source: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A part of the quotation: where it stands, and the comparison."""

    pages: tuple[Link, ...]
    pieces: tuple[ShownPiece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlace:
    """A place where the quotation stands; ``said`` is what became of it there."""

    title: str
    locator: str
    url: str
    said: str
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    over: str
    passages: tuple[ShownPassage, ...]
    citation: Citation
    version: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePage(BasePage):
    """``/cytat``; without a quotation ``headline`` is "", and nothing but the form is shown.

    ``only`` is the one place, where there are no others.
    """

    template: ClassVar[str] = "quote.html"
    quote: str
    most: str
    headline: str = ""
    verdict: str = ""
    places: tuple[ShownPlace, ...] = ()
    count: str = ""
    differing: bool = False
    only: ShownPlace | None = None


def quote_form() -> QuotePage:
    """The form alone."""
    return QuotePage(
        title="Sprawdź cytat",
        canonical=QUOTE,
        description="Sprawdź, czy cytowane zdanie jest w dokumentach i czy brzmi tak samo.",
        quote="",
        most=_most(),
    )


def quote_page(text: str, checked: Checked, source_of: Callable[[Document, Page], Source]) -> QuotePage:
    """What became of a quotation. ``text`` is what was pasted."""
    headline = saying.headline(checked)
    places = tuple(_place(finding, source_of) for finding in checked.findings)
    return QuotePage(
        title=f"Sprawdź cytat: {headline[0].lower()}{headline[1:]}",
        quote=text,
        most=_most(),
        indexed=False,
        headline=headline,
        verdict=saying.verdict(checked),
        places=places,
        count=saying.count(checked),
        differing=not all(finding.verbatim for finding in checked.findings),
        only=places[0] if len(places) == 1 else None,
    )


def _most() -> str:
    return messages.counted(QUOTE_CHARACTERS, "znak", "znaki", "znaków")


def _place(finding: Finding, source_of: Callable[[Document, Page], Source]) -> ShownPlace:
    document = finding.document
    return ShownPlace(
        title=document.title,
        locator=locator(document, finding.cited),
        url=document_url(document.id),
        said="Dosłownie" if finding.verbatim else f"Z różnicami ({saying.extent(finding)})",
        warnings=tuple(saying.warnings(finding)),
        remarks=tuple(saying.remarks(finding)),
        over=_over(finding),
        passages=tuple(_passage(document, passage) for passage in finding.passages),
        citation=cite(source_of(document, finding.cited), "iso690"),
        version=Link(text=short_version(document.version), url=version_address(document.id, document.version)),
    )


def _over(finding: Finding) -> str:
    """That it runs over the end of a page; "" where it does not."""
    first, last = finding.page, finding.last_page
    if first.number == last.number:
        return ""
    document = finding.document
    return f"Zaczyna się: {place(document, first)}, kończy się: {place(document, last)}."


def _passage(document: Document, passage: Passage) -> ShownPassage:
    return ShownPassage(
        pages=tuple(
            Link(text=place(document, page), url=marked_url(document.id, page.number, words))
            for page, words in passage.on
        ),
        pieces=tuple(map(_piece, passage.pieces)),
    )


def _piece(piece: Piece) -> ShownPiece:
    """A piece for readers: what leaves the quotation as it is is told below, and not marked."""
    if piece.kind.verbatim and piece.kind is not Difference.FOOTNOTE:
        return ShownPiece(text=piece.source)
    return ShownPiece(quoted=_visible(piece.quoted), source=_visible(piece.source), strong=piece.kind.strong)


def _visible(text: str) -> str:
    return text if text.strip() else "\N{OPEN BOX}" * bool(text)
