"""Events: what is to come and what has been, each with its place and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode

from kb import messages
from kb.addresses import EVENTS, FEED, document_url, event_calendar_url, search_url
from kb.errors import NotFound
from kb.model import EVENT_KIND, Document, Query, Taxonomy
from kb.pages.base import BasePage, Link, Pagination, numbered

TYPE = "rodzaj"
"""The parameter for a type of event."""
_PER_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCard:
    """An event in a list or at the head of its own page; ``calendar`` is its calendar file, "" where it is over."""

    title: str
    url: str
    type: str
    when: str
    moment: str
    venue: str
    edition: str
    description: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsPage(BasePage):
    """``/wydarzenia``; ``years`` and ``types`` are choices."""

    template: ClassVar[str] = "events.html"
    heading: str
    types: tuple[Link, ...]
    years: tuple[Link, ...]
    coming: tuple[EventCard, ...]
    past: tuple[EventCard, ...]
    pagination: Pagination | None


def event_card(document: Document, taxonomy: Taxonomy, today: date) -> EventCard:
    """An event for a list."""
    return EventCard(
        title=document.title,
        url=document_url(document.id),
        type=taxonomy.labels("event_type").get(document.event_type, ""),
        when=messages.when(document),
        moment=document.starts or (document.published.isoformat() if document.published else ""),
        venue=document.venue,
        edition=taxonomy.labels("edition").get(document.edition or "", ""),
        description=document.description,
        calendar=event_calendar_url(document.id) if document.last_day and document.last_day >= today else "",
    )


def split(events: Sequence[Document], today: date) -> tuple[list[Document], list[Document]]:
    """Those that are not over, the next one first, and the others, the latest first; ``events`` are the latest first."""
    coming = [event for event in events if event.last_day and event.last_day >= today]
    past = [event for event in events if not event.last_day or event.last_day < today]
    return coming[::-1], past


def events_page(
    events: Sequence[Document], taxonomy: Taxonomy, query: Query, chosen_type: str, today: date, notices: Sequence[str]
) -> EventsPage:
    """The list of events; ``query`` holds the chosen years and the page. Raises NotFound past the last page."""
    chosen = query.filters.get("year", ())
    of_type = [event for event in events if not chosen_type or event.event_type == chosen_type]
    shown = [event for event in of_type if not chosen or _year(event) in chosen]
    coming, past = split(shown, today)
    last = max(1, -(-len(past) // _PER_PAGE))
    if query.page > last:
        raise NotFound(f"Nie ma {query.page}. strony tego spisu; ostatnia ma numer {last}.")
    start = (query.page - 1) * _PER_PAGE
    years = sorted({year for event in of_type if (year := _year(event))}, reverse=True)
    used = {event.event_type for event in events}
    types = [kind for kind in taxonomy.event_types if kind.slug in used]
    name = next((kind.plural for kind in taxonomy.kinds if kind.slug == EVENT_KIND), "Wydarzenia")
    heading = next((kind.plural for kind in types if kind.slug == chosen_type), name)
    return EventsPage(
        title=f"{heading} – {', '.join(chosen)}" if chosen else heading,
        canonical=_url(chosen_type, chosen, query.page),
        description="Spotkania, wizyty studyjne, seminaria, konferencje i fora: nadchodzące i minione, z miejscem i terminem.",
        feed=search_url(Query(filters={"kind": (EVENT_KIND,)}), FEED),
        notices=tuple(notices),
        heading=heading,
        types=_choice([(kind.plural, kind.slug) for kind in types], chosen_type, lambda slug: _url(slug, ())),
        years=_choice(
            [(year, year) for year in years], (*chosen, "")[0], lambda year: _url(chosen_type, (year,) if year else ())
        ),
        coming=tuple(event_card(event, taxonomy, today) for event in coming) if query.page == 1 else (),
        past=tuple(event_card(event, taxonomy, today) for event in past[start : start + _PER_PAGE]),
        pagination=numbered(query.page, last, lambda number: _url(chosen_type, chosen, number)),
    )


def _choice(values: Sequence[tuple[str, str]], chosen: str, url_of: Callable[[str], str]) -> tuple[Link, ...]:
    """Links to narrow the list, the first to all of it; none where there is nothing to choose from."""
    if len(values) < 2 and not chosen:
        return ()
    everything = Link(text="Wszystkie", url=url_of(""), current=not chosen)
    return (everything, *(Link(text=text, url=url_of(value), current=value == chosen) for text, value in values))


def _year(event: Document) -> str:
    return str(event.first_day.year) if event.first_day else ""


def _url(type: str, years: Sequence[str], page: int = 1) -> str:
    pairs = [(TYPE, type)] if type else []
    pairs += [("year", year) for year in years] + ([("page", str(page))] if page > 1 else [])
    return f"{EVENTS}?{urlencode(pairs)}" if pairs else EVENTS


def type_url(slug: str) -> str:
    """The address of the events of one type."""
    return _url(slug, ())
