"""What search engines and browsers read of the site: the site map, robots.txt, the description of the search."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from kb import messages, xml_text
from kb.addresses import CLOSED_TO_ROBOTS, FEED, OPENSEARCH, SEARCH, SITEMAP, SITEMAP_PART, document_url
from kb.model import Document
from kb.pages.base import as_script
from kb.xml_text import add, moment

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
MOST_ADDRESSES = 50_000
"""Of one site map; the protocol allows no more."""


class SitemapEntry(NamedTuple):
    """A page worth finding from outside, and when it changed last, where somebody knows."""

    path: str
    changed: datetime | None = None


def sitemap(places: Sequence[SitemapEntry], base_url: str, part: int | None) -> bytes | None:
    """All pages; of more than fit in one map the list of maps, or one ``part`` of them. None where there is no such part."""
    parts = -(-len(places) // MOST_ADDRESSES)
    if part is None and parts > 1:
        root = ET.Element("sitemapindex", {"xmlns": _SITEMAP})
        for number in range(1, parts + 1):
            add(add(root, "sitemap"), "loc", base_url + SITEMAP_PART.format(number=number))
        return xml_text.document(root)
    if part is not None and not 1 <= part <= parts:
        return None
    first = ((part or 1) - 1) * MOST_ADDRESSES
    root = ET.Element("urlset", {"xmlns": _SITEMAP})
    for place in places[first : first + MOST_ADDRESSES]:
        url = add(root, "url")
        add(url, "loc", base_url + place.path)
        if place.changed:
            add(url, "lastmod", moment(place.changed))
    return xml_text.document(root)


def website(base_url: str) -> Markup:
    """The site and its search in the terms of schema.org, as JSON-LD."""
    return as_script(
        {
            "@context": "https://schema.org",
            "@type": "WebSite",
            "@id": f"{base_url}/",
            "url": f"{base_url}/",
            "name": messages.SITE_NAME,
            "inLanguage": "pl",
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": f"{base_url}{SEARCH}?q={{search_term_string}}"},
                "query-input": "required name=search_term_string",
            },
        }
    )


def collection(name: str, description: str, path: str, documents: Iterable[Document], base_url: str) -> Markup:
    """A page that lists documents, in the terms of schema.org, as JSON-LD."""
    listed = [
        {"@type": "ListItem", "position": position, "url": base_url + document_url(document.id), "name": document.title}
        for position, document in enumerate(documents, 1)
    ]
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "@id": base_url + path,
        "url": base_url + path,
        "name": name,
        "inLanguage": "pl",
        "isPartOf": {"@type": "WebSite", "@id": f"{base_url}/", "name": messages.SITE_NAME},
        "mainEntity": {"@type": "ItemList", "itemListElement": listed},
    }
    return as_script(data | ({"description": description} if description else {}))


def robots(base_url: str) -> str:
    """Search results are endless; documents are what robots should read."""
    closed = "".join(f"Disallow: {path}\n" for path in CLOSED_TO_ROBOTS)
    return f"User-agent: *\n{closed}Sitemap: {base_url}{SITEMAP}\n"


def opensearch(base_url: str, icon: str) -> bytes:
    """The search as browsers can take it into their own (OpenSearch 1.1)."""
    root = ET.Element("OpenSearchDescription", {"xmlns": _OPENSEARCH})
    add(root, "ShortName", messages.SITE_NAME)
    add(root, "Description", "Wyszukiwarka raportów, poradników i aktualności Centrum Wsparcia Doradczego.")
    add(root, "Url", type="text/html", template=f"{base_url}{SEARCH}?q={{searchTerms}}")
    add(root, "Url", type="application/atom+xml", template=f"{base_url}{FEED}?q={{searchTerms}}")
    add(root, "Url", rel="self", type="application/opensearchdescription+xml", template=base_url + OPENSEARCH)
    add(root, "Image", base_url + icon, type="image/svg+xml")
    add(root, "Language", "pl")
    add(root, "InputEncoding", "UTF-8")
    add(root, "OutputEncoding", "UTF-8")
    return xml_text.document(root)
