"""How to follow what is new: which feeds there are, for people, for programs, for libraries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from kb.addresses import FEED, FOLLOW, json_feed, search_url
from kb.model import Edition, Kind, Query, Taxonomy, Topic
from kb.pages.base import BasePage


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A feed and its two addresses."""

    name: str
    atom: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPage(BasePage):
    """``/sledz``. ``everything`` is the feed of all documents, ``groups`` are those of some, under their headings.

    ``oai`` is the address of the repository for libraries, "" where there is none.
    """

    template: ClassVar[str] = "follow.html"
    everything: FeedLink
    groups: tuple[tuple[str, tuple[FeedLink, ...]], ...]
    oai: str


def follow_page(taxonomy: Taxonomy, oai: str) -> FollowPage:
    """Every feed that has a name; those of searches are found at their results."""
    groups = (
        ("Według rodzaju", _links("kind", taxonomy.kinds)),
        ("Według tematu", _links("topic", taxonomy.topics)),
        ("Według edycji programu", _links("edition", taxonomy.editions)),
    )
    return FollowPage(
        title="Śledź nowości",
        canonical=FOLLOW,
        description="Kanały nowych i zmienionych dokumentów: całej bazy, tematów, edycji, rodzajów i każdego wyszukiwania.",
        feed=FEED,
        everything=_link("Wszystkie nowe i zmienione dokumenty", FEED),
        groups=tuple((heading, links) for heading, links in groups if links),
        oai=oai,
    )


def _links(facet: str, entries: Iterable[Edition | Topic | Kind]) -> tuple[FeedLink, ...]:
    return tuple(
        _link(
            entry.plural or entry.name if isinstance(entry, Kind) else entry.name,
            search_url(Query(filters={facet: (entry.slug,)}), FEED),
        )
        for entry in entries
    )


def _link(name: str, atom: str) -> FeedLink:
    return FeedLink(name=name, atom=atom, json=json_feed(atom))
