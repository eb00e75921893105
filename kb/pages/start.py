"""The start page: search, what the base holds, and what the programme is, told by the taxonomy and counted in documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from kb import messages
from kb.addresses import FEED, LISTS, START, edition_url, search_url, topic_url
from kb.model import Document, Edition, Effect, Kind, Partner, Results, Taxonomy
from kb.pages.base import BasePage, Card, Link, card, period, search_link
from kb.pages.events import EventCard, event_card, split, type_url
from kb.reading.query import make_query

_MOST_EVENTS = 3
_MOST_FIGURES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A kind of document: where its documents are, how many there are, what they are."""

    text: str
    url: str
    count: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An edition on the timeline, with the first of its figures."""

    name: str
    url: str
    period: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number with what it counts; ``url`` leads to the documents, or to the edition in ``note``."""

    value: str
    label: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A kind of advice as a way to topics."""

    name: str
    description: str
    topics: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(BasePage):
    """``/``; parts that editors have said nothing of are empty, and are left out."""

    template: ClassVar[str] = "start.html"
    size: str
    examples: tuple[Link, ...]
    tiles: tuple[Tile, ...]
    newest: tuple[Card, ...]
    stages: tuple[Stage, ...]
    counters: tuple[Counter, ...]
    advice: tuple[Way, ...]
    topics: tuple[Link, ...]
    event_types: tuple[Link, ...]
    coming: tuple[EventCard, ...]
    past: tuple[EventCard, ...]
    partners: tuple[Partner, ...]


def start_page(
    newest: Results, taxonomy: Taxonomy, size: tuple[int, int], events: Sequence[Document], today: date
) -> StartPage:
    """The start page; ``newest`` is a search without words, also for its counts; ``size`` counts documents and pages."""
    counts = {name: {v.value: v.count for v in values} for name, values in newest.facets.items()}
    coming, past = split(events, today)
    editions = taxonomy.labels("edition")
    return StartPage(
        title=messages.SITE_NAME,
        canonical=START,
        description="Raporty, poradniki i aktualności Centrum Wsparcia Doradczego dla samorządów: szukaj, czytaj i cytuj.",
        search_in_header=False,
        feed=FEED,
        size=f"{messages.documents(size[0])}, {messages.pages(size[1])}",
        examples=tuple(Link(text=text, url=search_link(text)) for text in taxonomy.examples),
        tiles=tuple(
            Tile(
                text=kind.plural,
                url=_kind_url(kind.slug),
                count=messages.grouped(counts["kind"][kind.slug]),
                description=_first_sentence(kind.description),
            )
            for kind in taxonomy.kinds
            if counts["kind"].get(kind.slug)
        ),
        newest=tuple(card(hit.document, taxonomy) for hit in newest.hits),
        stages=tuple(_stage(edition) for edition in taxonomy.editions),
        counters=tuple(_counter(effect, counts["kind"], editions) for effect in taxonomy.effects),
        advice=tuple(
            Way(
                name=advice.name,
                description=advice.description,
                topics=tuple(
                    Link(text=name, url=topic_url(slug))
                    for slug, name in taxonomy.labels("topic").items()
                    if slug in advice.topics
                ),
            )
            for advice in taxonomy.advice
        ),
        topics=tuple(
            Link(text=topic.name, url=topic_url(topic.slug), note=str(counts["topic"].get(topic.slug, 0)))
            for topic in taxonomy.topics
        ),
        event_types=tuple(_event_type(kind, events) for kind in taxonomy.event_types),
        coming=tuple(event_card(event, taxonomy, today) for event in coming[:_MOST_EVENTS]),
        past=tuple(event_card(event, taxonomy, today) for event in past[:_MOST_EVENTS]),
        partners=taxonomy.partners,
    )


def _stage(edition: Edition) -> Stage:
    return Stage(
        name=edition.name,
        url=edition_url(edition.slug),
        period=period(edition.start, edition.end),
        figures=edition.figures[:_MOST_FIGURES],
    )


def _counter(effect: Effect, counts: Mapping[str, int], editions: Mapping[str, str]) -> Counter:
    if effect.edition:
        return Counter(
            value=effect.value, label=effect.label, note=editions[effect.edition], url=edition_url(effect.edition)
        )
    number = counts.get(effect.kind, 0)
    one, few, many = effect.forms
    return Counter(
        value=messages.grouped(number),
        label=messages.plural(number, one, few, many),
        url=_kind_url(effect.kind),
    )


def _event_type(kind: Kind, events: Sequence[Document]) -> Link:
    """A type of event; one of which there has been none leads nowhere."""
    number = sum(event.event_type == kind.slug for event in events)
    return Link(text=kind.plural, url=type_url(kind.slug) if number else "", note=kind.description)


def _first_sentence(text: str) -> str:
    first, dot, _ = " ".join(text.split()).partition(". ")
    return f"{first}." if dot else first


def _kind_url(kind: str) -> str:
    return LISTS.get(kind) or search_url(make_query("", {"kind": (kind,)}))
