"""The start page: search, news, and the ways into the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kb import messages
from kb.addresses import FEED, LISTS, START, edition_url, search_url, topic_url
from kb.model import Kind, Results, Taxonomy
from kb.pages.base import BasePage, Card, Link, cards_of_one_kind, period, search_link
from kb.reading.query import make_query
from kb.site import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(BasePage):
    """``/``."""

    template: ClassVar[str] = "start.html"
    size: str
    examples: tuple[Link, ...]
    kinds: tuple[Link, ...]
    news: tuple[Card, ...]
    editions: tuple[Link, ...]
    topics: tuple[Link, ...]


def start_page(everything: Results, news: Results, taxonomy: Taxonomy, size: tuple[int, int]) -> StartPage:
    """The start page; ``everything`` is a search without words, for its counts; ``size`` counts documents and pages."""
    counts = {name: {v.value: v.count for v in values} for name, values in everything.facets.items()}
    in_pages = messages.counted(size[1], "strona", "strony", "stron")
    return StartPage(
        title=NAME,
        canonical=START,
        description="Raporty, poradniki i aktualności Centrum Wsparcia Doradczego dla samorządów: szukaj, czytaj i cytuj.",
        search_in_header=False,
        feed=FEED,
        size=f"{messages.documents(size[0])}, {in_pages}",
        examples=tuple(
            Link(text=text, url=search_link(text))
            for text in ("wkład własny", "strategia ZIT", "centrum usług społecznych")
        ),
        kinds=tuple(
            Link(text=kind.plural, url=_kind_url(kind), note=messages.documents(counts["kind"][kind.slug]))
            for kind in taxonomy.kinds
            if counts["kind"].get(kind.slug)
        ),
        news=cards_of_one_kind(news, taxonomy),
        editions=tuple(
            Link(text=edition.name, url=edition_url(edition.slug), note=period(edition.start, edition.end))
            for edition in taxonomy.editions
        ),
        topics=tuple(
            Link(text=topic.name, url=topic_url(topic.slug), note=str(counts["topic"].get(topic.slug, 0)))
            for topic in taxonomy.topics
        ),
    )


def _kind_url(kind: Kind) -> str:
    return LISTS.get(kind.slug) or search_url(make_query("", {"kind": (kind.slug,)}))
