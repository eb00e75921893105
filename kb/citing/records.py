"""What is cited, and all that every style says of it: authors, dates, the place in the document, what kind of thing it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kb.citing.names import Author, author
from kb.model import EVENT_KIND, NEWS_KIND, Document, Page, PageHit

_QUOTED = re.compile(r"[„“]([^”“\"\n]*+)([”“\"]?)")
"""Quotation marks that are never closed are matched too, up to the end: they are left as they are, and read once."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_WEB_KINDS = frozenset({NEWS_KIND, EVENT_KIND})
_CREATIVE_COMMONS = re.compile(
    r"(?:CC|Creative Commons)[ -](BY(?:-(?:NC-SA|NC-ND|NC|SA|ND))?)[ -](\d\.\d)(?: (PL))?", re.IGNORECASE
)

Type = Literal["report", "webpage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is cited: a document, or one of its pages, and the day on which it was read.

    ``url`` is the address for ever of just this place in just this version, ``document_url`` that of the whole document, and
    ``file_url`` that of its file. ``edition`` is the name of the programme's edition, "" for none; ``publisher`` is used where
    the document names none. ``quote`` is a sentence that goes along with the entry, ``subjects``
    are the names of its topics.
    """

    document: Document
    url: str
    accessed: date
    page: Page | None = None
    edition: str = ""
    publisher: str = ""
    document_url: str = ""
    file_url: str = ""
    quote: str = ""
    subjects: tuple[str, ...] = ()

    @property
    def type(self) -> Type:
        """A publication that has a publisher and a place, or something on a site, which has a day."""
        document = self.document
        if document.kind in _WEB_KINDS:
            return "webpage"
        return "report" if self.genre or document.format.has_pages else "webpage"

    @property
    def genre(self) -> str:
        """What kind of publication it is called in an entry; "" for what stands on a site."""
        return {"raport": "Raport", "poradnik": "Poradnik"}.get(self.document.kind or "", "")

    @property
    def title(self) -> str:
        """The title in one line."""
        return line(self.document.title)

    @property
    def authors(self) -> list[Author]:
        """Who wrote it, in the order given."""
        return _named(self.document.authors, self.document)

    @property
    def editors(self) -> list[Author]:
        """Who edited it."""
        return _named(self.document.editors, self.document)

    @property
    def issuer(self) -> str:
        """Who published it."""
        return line(self.document.publisher or self.publisher)

    @property
    def year(self) -> str:
        """The year of publication, "" where nobody knows."""
        return self.document.year or ""

    @property
    def series(self) -> str:
        """The series that it is part of, or the edition of the programme."""
        return line(self.document.series or self.edition)

    @property
    def whole_url(self) -> str:
        """The address of the whole document, in this version: three pages of one report are one record."""
        return self.document_url or self.url

    @property
    def locator(self) -> str:
        """Where in the document, "" for the whole."""
        return locator(self.document, self.page)

    @property
    def label(self) -> str:
        """The number printed on the page; "" where there is none, or no page."""
        return line(self.page.label or "") if self.page and self.document.format.has_pages else ""

    @property
    def key(self) -> str:
        """The document's key for reference managers: the same for all its pages."""
        return self.document.id


def locator(document: Document, page: Page | PageHit | None) -> str:
    """Where in a document: ``s. 15`` as printed, ``strona pliku 17`` without a printed number, a section by its heading."""
    if page is None:
        return ""
    if not document.format.has_pages:
        return (
            f"część „{inner_quotes(line(page.heading))}”"
            if page.heading
            else "wstęp"
            if page.number == 1
            else f"część {page.number}"
        )
    return f"s. {line(page.label)}" if page.label else f"strona pliku {page.number}"


def licence_url(licence: str) -> str:
    """The address of a licence: of one given as an address, or of one of Creative Commons by its name; "" for any other."""
    text = line(licence)
    if re.fullmatch(r"https?://\S+", text):
        return text
    if re.fullmatch(r"CC0(?: 1\.0)?", text, re.IGNORECASE):
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    found = _CREATIVE_COMMONS.fullmatch(text)
    if not found:
        return ""
    name, version, country = found.groups()
    return f"https://creativecommons.org/licenses/{name.lower()}/{version}/" + ("pl/" if country else "")


def inner_quotes(text: str) -> str:
    """Polish inner quotation marks, for a text that will stand in „…”."""
    return _QUOTED.sub(lambda match: f"«{match[1]}»" if match[2] else match[0], text)


def line(text: str) -> str:
    """A text as one line, without characters that nobody sees: they end fields, and hide what follows."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _named(names: Sequence[str], document: Document) -> list[Author]:
    found = []
    for name in names:
        text = line(name)
        if text:
            kind = "body" if name in document.bodies else "person" if name in document.persons else ""
            found.append(author(text, kind))
    return found
