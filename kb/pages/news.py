"""News: documents of one kind, newest first, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from kb.addresses import FEED, LISTS, search_url
from kb.model import Query, Results, Taxonomy
from kb.pages.base import BasePage, Card, Link, Pagination, cards_of_one_kind, list_title, pagination


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage(BasePage):
    """``/aktualnosci``."""

    template: ClassVar[str] = "list.html"
    heading: str
    years: tuple[Link, ...]
    cards: tuple[Card, ...]
    pagination: Pagination | None


def list_page(results: Results, taxonomy: Taxonomy, kind: str, notices: Sequence[str]) -> ListPage:
    """Documents of one kind with a choice of years."""
    query, path = results.query, LISTS[kind]
    name = next((k.plural for k in taxonomy.kinds if k.slug == kind), "Dokumenty")
    chosen = query.filters.get("year", ())
    # The list's own address says the kind and the order.
    bare = replace(query, sort="relevance", filters={"year": chosen})
    years = [
        Link(
            text=v.label,
            url=search_url(Query(filters={"year": (v.value,)}), path),
            note=str(v.count),
            current=v.selected,
        )
        for v in results.facets["year"]
    ]
    return ListPage(
        title=list_title(name, chosen, query.page),
        canonical=search_url(bare, path),
        feed=search_url(Query(filters={"kind": (kind,)}), FEED),
        notices=tuple(notices),
        heading=name,
        years=(Link(text="Wszystkie", url=path, current=not chosen), *years),
        cards=cards_of_one_kind(results, taxonomy),
        pagination=pagination(results, lambda number: search_url(replace(bare, page=number), path)),
    )
