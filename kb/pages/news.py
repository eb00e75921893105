"""News, newest first, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from kb.addresses import FEED, NEWS, search_url
from kb.model import NEWS_KIND, Query, Results, Taxonomy
from kb.pages.base import BasePage, Card, Link, Pagination, cards_of_one_kind, pagination


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPage(BasePage):
    """``/aktualnosci``."""

    template: ClassVar[str] = "news.html"
    heading: str
    years: tuple[Link, ...]
    cards: tuple[Card, ...]
    pagination: Pagination | None


def news_page(results: Results, taxonomy: Taxonomy, notices: Sequence[str]) -> NewsPage:
    """A page of news with a choice of years."""
    query = results.query
    name = next((kind.plural for kind in taxonomy.kinds if kind.slug == NEWS_KIND), "Dokumenty")
    chosen = query.filters.get("year", ())
    # The list's own address says the kind and the order.
    bare = replace(query, sort="relevance", filters={"year": chosen})
    years = [
        Link(
            text=v.label,
            url=search_url(Query(filters={"year": (v.value,)}), NEWS),
            note=str(v.count),
            current=v.selected,
        )
        for v in results.facets["year"]
    ]
    return NewsPage(
        title=f"{name} – {', '.join(chosen)}" if chosen else name,
        canonical=search_url(bare, NEWS),
        feed=search_url(Query(filters={"kind": (NEWS_KIND,)}), FEED),
        notices=tuple(notices),
        heading=name,
        years=(Link(text="Wszystkie", url=NEWS, current=not chosen), *years),
        cards=cards_of_one_kind((hit.document for hit in results.hits), taxonomy),
        pagination=pagination(results, lambda number: search_url(replace(bare, page=number), NEWS)),
    )
