"""Where in a document a query's words stand: how many found places each page has, and how much of the query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kb import deadline
from kb.finding.snippets import Highlighter
from kb.model import Page


class PageHits(NamedTuple):
    """A page of a document with the ``places`` found on it; ``first`` of the document's places stand before it.

    ``share`` is how much of what was found anywhere in the document the page has, from 0 to 1.
    """

    number: int
    label: str | None
    heading: str
    places: int
    share: float
    first: int


def count_hits(highlighter: Highlighter, pages: Iterable[Page]) -> tuple[PageHits, ...]:
    """The found places of all pages. Raises TooSlow."""
    found: list[tuple[Page, int, set[int]]] = []
    for page in pages:
        deadline.check()
        marks = highlighter.marks(page.text)
        found.append((page, len(marks), {mark.concept for mark in marks}))
    weights = highlighter.weights
    total = sum(weights[concept] for concept in set[int]().union(*(concepts for _, _, concepts in found)))
    counted: list[PageHits] = []
    before = 0
    for page, places, concepts in found:
        share = sum(weights[concept] for concept in concepts) / total if total else float(bool(places))
        counted.append(PageHits(page.number, page.label, page.heading, places, share, before))
        before += places
    return tuple(counted)


def total_of(hits: Sequence[PageHits]) -> int:
    """How many places were found in the document."""
    return hits[-1].first + hits[-1].places if hits else 0
