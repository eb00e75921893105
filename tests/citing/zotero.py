"""The rules by which Zotero's translator „Embedded Metadata” makes an item of a page's head, as far as they concern us.

Item type, first that says something: a Highwire tag of a report's institution, of a journal and so on (``HIGHWIRE_TYPES``);
``og:type`` website or book; ``DC.type`` where it is the name of a type (``DC_TYPES``); journal article if there is
``citation_title`` or ``citation_series_title``, book if there is ``citation_isbn``; web page if there is any Dublin Core or
Open Graph tag. Older versions ask for ``og:type`` and ``DC.type`` before the Highwire tags. „Text” and „article” only count
where nothing else says anything.

Creators: each ``citation_author`` is cut at semicolons; the only one, without any, at commas as well where there are spaces on
both sides. A name with a comma is family, given; without one the last word is the family name. Punctuation at both ends goes.
A name that comes out without a first name is kept whole, in one field. Without Highwire authors those of ``DC.creator`` are
read the same way.

Fields: Highwire tags go over Dublin Core, that over Open Graph. Dates are kept as they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

HIGHWIRE_TYPES = {
    "citation_journal_title": "journalArticle",
    "citation_technical_report_institution": "report",
    "citation_conference_title": "conferencePaper",
    "citation_conference": "conferencePaper",
    "citation_book_title": "bookSection",
    "citation_inbook_title": "bookSection",
    "citation_dissertation_institution": "thesis",
}
HIGHWIRE_FIELDS = {
    "citation_title": "title",
    "citation_publication_date": "date",
    "citation_date": "date",
    "citation_journal_title": "publicationTitle",
    "citation_series_title": "series",
    "citation_technical_report_institution": "institution",
    "citation_technical_report_number": "number",
    "citation_publisher": "publisher",
    "citation_isbn": "ISBN",
    "citation_issn": "ISSN",
    "citation_doi": "DOI",
    "citation_public_url": "url",
    "citation_language": "language",
    "citation_firstpage": "pages",
}
DC_TYPES = {
    "book": "book",
    "report": "report",
    "thesis": "thesis",
    "patent": "patent",
    "webpage": "webpage",
    "homepage": "webpage",
}
DC_FIELDS = {
    "title": ("dc.title", "og:title"),
    "date": ("dc.date",),
    "publisher": ("dc.publisher",),
    "rights": ("dc.rights",),
    "language": ("dc.language",),
    "place": ("eprints.place_of_pub",),
    "publicationTitle": ("og:site_name",),
    "url": ("og:url",),
    "abstractNote": ("og:description", "dc.description"),
}


@dataclass(slots=True)
class Item:
    """What Zotero keeps of a page."""

    type: str
    creators: list[tuple[str, str, str]]
    fields: dict[str, str] = field(default_factory=dict)
    attachments: list[str] = field(default_factory=list)


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or given.get("property")
        if tag == "meta" and name and given.get("content"):
            self.tags.append((name, given["content"] or ""))


def read_page(html: str, *, old: bool = False) -> Item:
    """The item that Zotero makes of a page. ``old``: as it was until 2017."""
    head = _Head()
    head.feed(html)
    tags = head.tags
    highwire = [(name, content) for name, content in tags if name.startswith("citation_")]
    others = [
        (name.lower(), content)
        for name, content in tags
        if re.match(r"(?:dc|og|article|eprints)[.:_]", name, re.IGNORECASE)
    ]
    item = Item(_type(highwire, others, old), [])
    for name, sources in DC_FIELDS.items():
        found = next((content for source in sources for tag, content in others if tag == source), "")
        if found:
            item.fields[name] = found
    for content in (content for name, content in others if name == "dc.identifier"):
        kind, _, value = content.partition(" ")
        if kind.upper() in ("ISBN", "ISSN", "DOI"):
            item.fields[kind.upper()] = value
    item.fields |= {HIGHWIRE_FIELDS[name]: content for name, content in highwire if name in HIGHWIRE_FIELDS}
    authors, editors = ([c for n, c in highwire if n == tag] for tag in ("citation_author", "citation_editor"))
    item.creators = [*_creators(authors, "author"), *_creators(editors, "editor")]
    if not item.creators:
        item.creators = [_clean(name, "author", "," in name) for tag, name in others if tag == "dc.creator"]
    item.attachments = [content for name, content in highwire if name == "citation_pdf_url"]
    return item


def _type(highwire: list[tuple[str, str]], others: list[tuple[str, str]], old: bool) -> str:
    names = [name for name, _ in highwire]
    certain = next((HIGHWIRE_TYPES[name] for name in reversed(names) if name in HIGHWIRE_TYPES), "")
    guess = ""
    for name in names:
        if name in ("citation_title", "citation_series_title"):
            guess = guess or "journalArticle"
        if name == "citation_isbn":
            guess = "book"
    of_og = next(
        ({"website": "webpage", "book": "book"}.get(content, "") for name, content in others if name == "og:type"), ""
    )
    of_dc = next((DC_TYPES.get(content.lower(), "") for name, content in others if name == "dc.type"), "")
    said = [of_og, of_dc, certain] if old else [certain, of_og, of_dc]
    return next(filter(None, [*said, guess, "webpage" if others else ""]), "")


def _creators(nodes: list[str], role: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for node in nodes:
        names = re.split(r"\s*;\s*", node)
        if len(names) == 1 and len(nodes) == 1:
            parts = re.split(r"\s*,\s*", names[0])
            if len(parts) > 1 and " " in parts[0] and " " in parts[1]:
                names = parts
        found += [_clean(name.strip(), role, "," in name) for name in names if re.search(r"[^\s,-.;]", name)]
    return found


def _clean(name: str, role: str, comma: bool) -> tuple[str, str, str]:
    """``cleanAuthor``: (family or whole name, given, role)."""
    name = re.sub(r"^[\s\u00a0.,/\[\]:]+|[\s\u00a0.,/\[\]:]+$", "", name)
    if comma:
        parts = re.split(r", ?", name)
        return (parts[0], parts[1], role) if len(parts) > 1 else (name, "", role)
    given, _, family = name.rpartition(" ")
    return family, given, role
