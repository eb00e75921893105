"""Editions and topics: the list of them all, and the page of each with its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from kb import messages
from kb.addresses import EDITIONS, FEED, TOPICS, edition_url, search_url, topic_url
from kb.model import Edition, Results, Taxonomy, Topic
from kb.pages.base import BasePage, Card, Link, card, cards_of_one_kind, period
from kb.pages.document import DocumentPage
from kb.reading.query import make_query


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyPage(BasePage):
    """``/edycje``, ``/tematy``."""

    template: ClassVar[str] = "taxonomy.html"
    entries: tuple[TaxonomyEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyEntry:
    """An edition or topic in the list of them."""

    name: str
    url: str
    period: str
    lead: str
    documents: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage(BasePage):
    """``/edycje/{slug}``, ``/tematy/{slug}``; ``article`` is the page of the document that tells of the edition."""

    template: ClassVar[str] = "entry.html"
    section: Link
    name: str
    period: str
    paragraphs: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Card, ...]], ...]
    total: str
    all: Link
    facet: str
    slug: str
    article: DocumentPage | None = None


def with_text(page: EntryPage, article: DocumentPage) -> EntryPage:
    """The page of an edition with its own text, which is cited from here; what programs read of it goes along.

    Of its description only the beginning is left.
    """
    return replace(
        page,
        article=article,
        paragraphs=page.paragraphs[:1],
        q=article.q,
        for_programs=article.for_programs,
    )


def taxonomy_page(title: str, path: str, entries: Sequence[Edition | Topic], counts: Mapping[str, int]) -> TaxonomyPage:
    """All editions or all topics, with the number of documents of each slug."""
    return TaxonomyPage(
        title=title,
        canonical=path,
        entries=tuple(
            TaxonomyEntry(
                name=entry.name,
                url=_url(entry),
                period=_period(entry),
                lead=_lead(entry),
                documents=messages.documents(counts.get(entry.slug, 0)),
            )
            for entry in entries
        ),
    )


def entry_page(entry: Edition | Topic, results: Results, taxonomy: Taxonomy) -> EntryPage:
    """An edition or a topic with its documents by kind."""
    edition = entry if isinstance(entry, Edition) else None
    facet = "edition" if edition else "topic"
    section = Link(text="Edycje programu", url=EDITIONS) if edition else Link(text="Tematy", url=TOPICS)
    groups = [
        (
            kind.plural,
            cards_of_one_kind((hit.document for hit in results.hits if hit.document.kind == kind.slug), taxonomy),
        )
        for kind in taxonomy.kinds
    ]
    kinds = {kind.slug for kind in taxonomy.kinds}
    groups.append(
        ("Inne", tuple(card(hit.document, taxonomy) for hit in results.hits if hit.document.kind not in kinds))
    )
    everything = search_url(make_query("", {facet: (entry.slug,)}, sort="newest"))
    return EntryPage(
        title=entry.name,
        canonical=_url(entry),
        description=_lead(entry),
        feed=search_url(make_query("", {facet: (entry.slug,)}), FEED),
        search_in_header=False,  # its own search box stands by the heading
        section=section,
        name=entry.name,
        period=_period(entry),
        paragraphs=_paragraphs(entry.description),
        figures=edition.figures if edition else (),
        groups=tuple((name, cards) for name, cards in groups if cards),
        total=messages.documents(results.total),
        all=Link(text="Pokaż wszystkie w wyszukiwarce", url=everything),
        facet=facet,
        slug=entry.slug,
    )


def _url(entry: Edition | Topic) -> str:
    return edition_url(entry.slug) if isinstance(entry, Edition) else topic_url(entry.slug)


def _period(entry: Edition | Topic) -> str:
    return period(entry.start, entry.end) if isinstance(entry, Edition) else ""


def _lead(entry: Edition | Topic) -> str:
    return _paragraphs(entry.description)[0] if entry.description else ""


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
