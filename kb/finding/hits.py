"""Where in a document a query's words stand: how many found places each page has, and how much of the query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kb.finding.snippets import Highlighter
from kb.model import Page
from kb.polish import words


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


class Count(NamedTuple):
    """What was found on one page: how many places, and of which concepts."""

    number: int
    label: str | None
    heading: str
    places: int
    concepts: frozenset[int]


def count(highlighter: Highlighter, page: Page, among: Sequence[int] | None = None) -> Count:
    """The found places of a page; ``among`` the words of its whole text that are asked for, where that is known."""
    marks = highlighter.marks(page.text, among if among is None else _of_text(page, among))
    return Count(page.number, page.label, page.heading, len(marks), frozenset(mark.concept for mark in marks))


def _of_text(page: Page, among: Sequence[int]) -> Sequence[int]:
    """Words of a page's whole text by their numbers in its text alone."""
    if not page.continuation:
        return among
    first = len(words(page.running))
    after = first + len(words(page.continuation))
    return [number if number < first else number - after + first for number in among if not first <= number < after]


def hits_of(counts: Sequence[Count], weights: Sequence[float]) -> tuple[PageHits, ...]:
    """The hits of a document all of whose pages were counted; ``weights`` are those of the highlighter."""
    total = sum(weights[concept] for concept in set[int]().union(*(page.concepts for page in counts)))
    hits: list[PageHits] = []
    before = 0
    for number, label, heading, places, concepts in counts:
        share = sum(weights[concept] for concept in concepts) / total if total else float(bool(places))
        hits.append(PageHits(number, label, heading, places, share, before))
        before += places
    return tuple(hits)


def total_of(hits: Sequence[PageHits]) -> int:
    """How many places were found in the document."""
    return hits[-1].first + hits[-1].places if hits else 0
