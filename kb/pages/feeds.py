"""What was added and changed, to be followed: Atom (RFC 4287, pages as in RFC 5005) and JSON Feed 1.1 of any search.

Entries come in the order in which documents came here or changed here, whatever dates they bear.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from kb import messages, xml_text
from kb.addresses import FEED, FEED_JSON, FOLLOW, document_url, search_url, with_search
from kb.archive import Change
from kb.model import Document, Hit, Query, Taxonomy
from kb.pages.base import place
from kb.xml_text import add, moment

_ATOM = "http://www.w3.org/2005/Atom"
_XHTML = "http://www.w3.org/1999/xhtml"
_JSON_FEED = "https://jsonfeed.org/version/1.1"
_ABOUT = "To jest kanał nowości: jego adres wkleja się do czytnika kanałów, który sam sprawdza, co nowego pojawiło się w bazie."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document of a feed. ``place`` names the page that ``url`` leads to; ``text`` is HTML: its snippet or the description."""

    document: Document
    id: str
    url: str
    place: str
    text: str
    added: datetime
    changed: datetime
    tags: tuple[str, ...]

    @property
    def authors(self) -> tuple[str, ...]:
        """Who is named as its author: Atom wants somebody."""
        return self.document.authors or (self.document.publisher or messages.SITE_NAME,)

    @property
    def html(self) -> str:
        """What is shown of it."""
        lead = f'<p><a href="{escape(self.url)}">{escape(self.place)}</a></p>'
        return lead + (f"<p>{self.text}</p>" if self.text else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A page of a feed. ``query`` is the search, ``total`` how many documents it finds; ``updated`` is the last change."""

    query: Query
    base_url: str
    title: str
    updated: datetime
    entries: tuple[Entry, ...]
    total: int

    def links(self, path: str) -> dict[str, str]:
        """Addresses by their relation, of this page of the feed at a path, and of those around it."""
        pages = {"self": self.query.page}
        if self.total > self.query.per_page:
            pages["first"] = 1
        if self.query.page > 1:
            pages["previous"] = self.query.page - 1
        if self.query.page * self.query.per_page < self.total:
            pages["next"] = self.query.page + 1
        return {rel: self.base_url + search_url(replace(self.query, page=page), path) for rel, page in pages.items()}

    @property
    def home(self) -> str:
        """The page of the search."""
        return self.base_url + search_url(replace(self.query, page=1))


def make_feed(
    query: Query,
    hits: Sequence[Hit],
    total: int,
    changes: Mapping[str, Change],
    taxonomy: Taxonomy,
    base_url: str,
    otherwise: datetime,
) -> Feed:
    """The feed of a search. ``changes``: when documents came and changed, the last first; ``otherwise``: where there is none."""
    entries = tuple(
        _entry(hit, changes[hit.document.id], query, taxonomy, base_url) for hit in hits if hit.document.id in changes
    )
    latest = next(iter(changes.values()), None)
    return Feed(
        query=query,
        base_url=base_url,
        title=f"{messages.SITE_NAME}: {_subject(query, taxonomy)}",
        updated=entries[0].changed if entries else latest.changed if latest else otherwise,
        entries=entries,
        total=total,
    )


def atom(feed: Feed, style: str) -> bytes:
    """As Atom; ``style`` is the address of the CSS with which browsers show it."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "pl"})
    links = feed.links(FEED)
    add(root, "id", links.get("first", links["self"]))
    add(root, "title", feed.title)
    more, home = escape(feed.base_url + FOLLOW), escape(feed.home)
    _add_html(
        root,
        "subtitle",
        f'<p>{_ABOUT} <a href="{more}">Więcej o kanałach</a></p>'
        f'<p><a href="{home}">Zobacz te dokumenty na stronie</a></p>',
    )
    add(root, "updated", moment(feed.updated))
    for rel, href in links.items():
        add(root, "link", rel=rel, href=href, type="application/atom+xml")
    add(root, "link", rel="alternate", href=feed.home, type="text/html")
    for entry in feed.entries:
        element = add(root, "entry")
        add(element, "title", entry.document.title)
        add(element, "id", entry.id)
        add(element, "link", rel="alternate", href=entry.url, type="text/html")
        add(element, "published", moment(entry.added))
        add(element, "updated", moment(entry.changed))
        for name in entry.authors:
            add(add(element, "author"), "name", name)
        for tag in entry.tags:
            add(element, "category", term=tag)
        _add_html(element, "summary", entry.html)
    return xml_text.document(root, style)


def _add_html(parent: ET.Element, tag: str, html: str) -> None:
    """HTML that was made here, which is well-formed, as the XHTML that Atom knows."""
    content = ET.fromstring(f"<div>{xml_text.clean(html)}</div>")  # noqa: S314  # made here
    content.set("xmlns", _XHTML)
    add(parent, tag, type="xhtml").append(content)


def json_feed(feed: Feed) -> str:
    """As JSON Feed 1.1."""
    links = feed.links(FEED_JSON)
    described: dict[str, object] = {
        "version": _JSON_FEED,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": links["self"],
        "description": _ABOUT,
        "language": "pl",
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.document.title,
                "content_html": entry.html,
                "date_published": moment(entry.added),
                "date_modified": moment(entry.changed),
                "authors": [{"name": name} for name in entry.authors],
                "tags": list(entry.tags),
                "language": entry.document.language,
            }
            for entry in feed.entries
        ],
    }
    if "next" in links:
        described["next_url"] = links["next"]
    return json.dumps(described, ensure_ascii=False, indent=1)


def _entry(hit: Hit, change: Change, query: Query, taxonomy: Taxonomy, base_url: str) -> Entry:
    document = hit.document
    address = base_url + document_url(document.id)
    labels = {name: taxonomy.labels(name) for name in ("kind", "edition", "topic")}
    tags = (
        labels["kind"].get(document.kind or "", ""),
        labels["edition"].get(document.edition or "", ""),
        *(labels["topic"].get(topic, "") for topic in document.topics),
    )
    found = hit.pages[0] if query.text and hit.pages else None
    name = place(document, found) if found else "Otwórz dokument"
    return Entry(
        document=document,
        id=address,
        url=with_search(base_url + found.url, replace(query, page=1)) if found else address,
        place=f"{name} · {found.heading}" if found and found.heading not in ("", name) else name,
        text=found.snippet if found else escape(document.description),
        added=change.added,
        changed=change.changed,
        tags=tuple(filter(None, tags)),
    )


def _subject(query: Query, taxonomy: Taxonomy) -> str:
    parts = [f"„{query.text}”"] if query.text else []
    return ", ".join([*parts, *_filters(query, taxonomy)]) or "nowe i zmienione dokumenty"


def _filters(query: Query, taxonomy: Taxonomy) -> Iterator[str]:
    plurals = {kind.slug: kind.plural or kind.name for kind in taxonomy.kinds}
    for name, values in query.filters.items():
        labels = plurals if name == "kind" else taxonomy.labels(name)
        yield from (labels.get(value, value) for value in values)
