"""What programs read on a document's pages: meta tags, JSON-LD, and the links of FAIR Signposting.

The tags follow the rules by which Zotero reads them, which ``tests/citing/zotero.py`` has: a title in a Highwire tag
(``citation_title``) makes a thing a journal article, unless a tag of a report's institution says otherwise, so that what
stands on a site has none and is a web page; and a name in ``citation_author`` is cut at its last space, unless it has a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.addresses import short_version
from kb.citing.names import Author
from kb.citing.records import Source, licence_url, line
from kb.formats import PDF

_TYPES = {"raport": "Report", "poradnik": "Report", "aktualnosc": "NewsArticle", "wydarzenie": "Article"}
_SCHEMA = "https://schema.org/"
_MOST_AUTHORS = 10
"""Links to authors in one header: proxies refuse long ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLink:
    """A link in an HTTP header; ``type`` is the media type of what is there."""

    target: str
    rel: str
    type: str = ""

    def __str__(self) -> str:
        """As RFC 8288 writes it."""
        return f'<{self.target}>; rel="{self.rel}"' + (f'; type="{self.type}"' if self.type else "")


def meta_tags(source: Source) -> tuple[tuple[str, str], ...]:
    """Highwire and Dublin Core tags: (name, content), without empty ones."""
    document = source.document
    day = document.published
    report = source.type == "report" and bool(source.issuer)
    authors, editors = source.authors, source.editors
    pairs = [
        ("citation_title", source.title if report else ""),
        *(("citation_author", highwire_name(a, len(authors) == 1)) for a in authors),
        *(("citation_editor", highwire_name(a, len(editors) == 1)) for a in editors),
        ("citation_publication_date", f"{day:%Y/%m/%d}" if day else ""),
        ("citation_technical_report_institution", source.issuer if report else ""),
        ("citation_technical_report_number", document.report_number if report else ""),
        ("citation_publisher", "" if report else source.issuer),
        ("citation_series_title", source.series if report else ""),
        ("citation_isbn", document.isbn if report else ""),
        ("citation_issn", document.issn),
        ("citation_doi", document.doi),
        ("citation_firstpage", source.label),
        ("citation_language", document.language),
        ("citation_public_url", source.url),
        ("citation_pdf_url", source.file_url if document.format is PDF else ""),
        ("eprints.place_of_pub", document.place),
        *((f"DC.{name}", content) for name, content in dublin_core(source)),
    ]
    return tuple((name, line(content)) for name, content in pairs if line(content))


def dublin_core(source: Source) -> tuple[tuple[str, str], ...]:
    """The description in the fifteen elements of simple Dublin Core: (element, content), without empty ones."""
    document = source.document
    day = document.published
    pairs = [
        ("title", document.title),
        *(("creator", a.natural) for a in source.authors),
        *(("contributor", a.natural) for a in source.editors),
        *(("subject", subject) for subject in source.subjects),
        ("publisher", source.issuer),
        ("date", day.isoformat() if day else ""),
        ("type", "Text"),
        ("format", document.format.media_type),
        ("language", document.language),
        ("description", document.description),
        ("rights", document.licence),
        ("identifier", source.url),
        ("identifier", f"DOI {document.doi}" if document.doi else ""),
        ("identifier", f"ISBN {document.isbn}" if document.isbn else ""),
        ("identifier", f"ISSN {document.issn}" if document.issn else ""),
    ]
    return tuple((name, line(content)) for name, content in pairs if line(content))


def highwire_name(author: Author, alone: bool) -> str:
    """A name as ``citation_author`` has it, so that its parts stay what they are.

    A body's name ends with a comma: without one its last word would be the family name of somebody. A comma or a semicolon
    within it would cut it all the same. Of a single author whose family and given names are two words each, a semicolon after
    the name says that the comma is no list's.
    """
    if not author.given:
        return re.sub(r" ?[,;] ?", " – ", author.family) + ("," if " " in author.family else "")
    many = alone and " " in author.family and " " in author.given
    return author.inverted + (";" if many else "")


def linked_data(source: Source) -> dict[str, object]:
    """The description as JSON-LD in the terms of schema.org."""
    document = source.document
    page = source.page
    identifiers = [
        {"@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in (("DOI", document.doi), ("ISBN", document.isbn), ("ISSN", document.issn))
        if value
    ]
    whole: dict[str, object] = {
        "@type": schema_type(source),
        "@id": source.whole_url,
        "url": source.whole_url,
        "name": source.title,
        "author": [_agent(a) for a in source.authors],
        "editor": [_agent(a) for a in source.editors],
        "publisher": {"@type": "Organization", "name": source.issuer} if source.issuer else None,
        "locationCreated": {"@type": "Place", "name": line(document.place)} if document.place else None,
        "datePublished": document.published.isoformat() if document.published else "",
        "reportNumber": line(document.report_number) if schema_type(source) == "Report" else "",
        "isPartOf": {"@type": "CreativeWorkSeries", "name": source.series} if source.series else None,
        "identifier": identifiers,
        "description": line(document.description),
        "inLanguage": document.language,
        "license": licence_url(document.licence) or line(document.licence),
        "version": short_version(document.version),
        "encoding": {
            "@type": "MediaObject",
            "contentUrl": source.file_url,
            "encodingFormat": document.format.media_type,
        }
        if source.file_url
        else None,
    }
    known = {name: value for name, value in whole.items() if value}
    if page is None or source.url == source.whole_url:
        return {"@context": "https://schema.org", **known}
    part = {"@type": "WebPage", "@id": source.url, "url": source.url, "name": f"{source.title}, {source.locator}"}
    return {"@context": "https://schema.org", **part, "isPartOf": known}


def schema_type(source: Source) -> str:
    """What kind of thing it is, in the terms of schema.org."""
    return _TYPES.get(source.document.kind or "", "Report" if source.type == "report" else "WebPage")


def landing_links(source: Source, records: Sequence[tuple[str, str]], authors: Sequence[str]) -> tuple[WebLink, ...]:
    """The links of a document's own page. ``records`` are (address, media type), ``authors`` addresses of what they wrote."""
    document = source.document
    cited = f"https://doi.org/{document.doi}" if document.doi and source.page is None else source.url
    return tuple(
        _with_licence(
            source,
            [
                WebLink(target=cited, rel="cite-as"),
                WebLink(target=f"{_SCHEMA}{schema_type(source)}", rel="type"),
                WebLink(target=f"{_SCHEMA}AboutPage", rel="type"),
                *(WebLink(target=url, rel="author") for url in authors[:_MOST_AUTHORS]),
                WebLink(target=source.file_url, rel="item", type=document.format.media_type),
                *(WebLink(target=url, rel="describedby", type=media) for url, media in records),
            ],
        )
    )


def _with_licence(source: Source, links: Sequence[WebLink]) -> Iterator[WebLink]:
    yield from links
    licence = licence_url(source.document.licence)
    if licence and licence.isascii() and not re.search(r"[<>\"\s]", licence):
        yield WebLink(target=licence, rel="license")


def header(links: Sequence[WebLink]) -> str:
    """The value of a ``Link`` header."""
    return ", ".join(map(str, links))


def _agent(author: Author) -> dict[str, str]:
    if author.body:
        return {"@type": "Organization", "name": author.family}
    parts = {"givenName": author.given, "familyName": author.family} if author.given else {}
    return {"@type": "Person", "name": author.natural, **parts}
