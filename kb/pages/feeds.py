"""What programs read beside the API: an Atom feed of any search, the site map, robots.txt."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import date
from html import escape

from kb.addresses import CLOSED_TO_ROBOTS, FEED, SITEMAP, document_url, search_url
from kb.model import Results
from kb.site import NAME, ListedDocument

_ATOM_SCHEMA = "http://www.w3.org/2005/Atom"
_SITEMAP_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST_ADDRESSES = 50_000
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold in any way."""


def atom(results: Results, base_url: str, today: date) -> bytes:
    """The newest documents of a search. Those without a date are left out: they have no place among the newest."""
    query = results.query
    address = base_url + search_url(query, FEED)
    dated = [hit for hit in results.hits if hit.document.published]
    newest = max((hit.document.published for hit in dated if hit.document.published), default=today)
    feed = ET.Element("feed", {"xmlns": _ATOM_SCHEMA, "xml:lang": "pl"})
    _add(feed, "id", address)
    _add(feed, "title", f"{NAME}: „{query.text}”" if query.text else f"{NAME}: nowe dokumenty")
    _add(feed, "updated", _moment(newest))
    ET.SubElement(feed, "link", {"rel": "self", "href": address, "type": "application/atom+xml"})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": base_url + search_url(query), "type": "text/html"})
    for hit in dated:
        document = hit.document
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", base_url + document_url(document.id))
        _add(entry, "title", document.title)
        _add(entry, "updated", _moment(document.published or today))
        for name in document.authors or (document.publisher or NAME,):
            _add(ET.SubElement(entry, "author"), "name", name)
        ET.SubElement(entry, "link", {"rel": "alternate", "href": base_url + document_url(document.id)})
        found = hit.pages[0].snippet if query.text and hit.pages else escape(document.description)
        _add(entry, "summary", found, type="html")
    return _bytes(feed)


def sitemap(documents: Iterable[ListedDocument], paths: Iterable[str], base_url: str) -> bytes:
    """Every page worth finding from outside; pages of documents are reached through the documents."""
    root = ET.Element("urlset", {"xmlns": _SITEMAP_SCHEMA})
    entries = [(path, None) for path in paths] + [(document_url(d.id), d.published) for d in documents]
    for path, changed in entries[:_MOST_ADDRESSES]:
        url = ET.SubElement(root, "url")
        _add(url, "loc", base_url + path)
        if changed:
            _add(url, "lastmod", changed.isoformat())
    return _bytes(root)


def robots(base_url: str) -> str:
    """Search results are endless; documents are what robots should read."""
    closed = "".join(f"Disallow: {path}\n" for path in CLOSED_TO_ROBOTS)
    return f"User-agent: *\n{closed}Sitemap: {base_url}{SITEMAP}\n"


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = _FORBIDDEN.sub("", text)


def _bytes(root: ET.Element) -> bytes:
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml
