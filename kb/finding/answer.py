"""The best fragment: the one sentence that answers a question, quoted only when its score is good enough.

A sentence's cover is the share of the question's words, by how telling they are, that stand in it; words of the sentence before
count for less: "It must do so within 30 days" answers what the sentence before is about. ``docs/relevance.md`` has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.finding.snippets import LONGEST_READ, Highlighter, Mark, sentences
from kb.model import Answer, Hit, Page
from kb.polish import words
from kb.tuning import Tuning

_LENGTHS = range(30, 420)
"""Characters of a sentence worth quoting: shorter ones are headings, longer ones tables run together."""
_ENDS = ".!?…”)"
_CELLS = " | "
"""What stands between the cells of a table: a row is no sentence."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A sentence of a text, ``text[start:end]``, and its cover of the question, between 0 and 1."""

    start: int
    end: int
    cover: float


def answer(
    hits: Sequence[Hit], best_page: Page, highlighter: Highlighter, tuning: Tuning, among: Sequence[int] | None = None
) -> Answer | None:
    """The sentence of the first hit's best page that answers, when that page leads clearly and the sentence covers enough.

    ``best_page`` is that page with its text, ``among`` the words of it that are asked for, where that is known.
    None for a query of few words, and where nothing is worth quoting.
    """
    weights = highlighter.weights
    if sum(map(bool, weights)) < tuning.answer_words:
        return None
    best, *others = hits[0].pages
    rivals = [page.score for page in others] + [hit.score for hit in hits[1:]]
    if rivals and best.score < tuning.answer_lead * max(rivals):
        return None
    text = best_page.whole_text[:LONGEST_READ]
    fragment = best_fragment(text, highlighter, tuning, among)
    if fragment is None or fragment.cover < tuning.answer_cover:
        return None
    if among is not None:
        before = len(words(text[: fragment.start]))
        among = [number - before for number in among if number >= before]
    sentence = highlighter.mark_all(text[fragment.start : fragment.end], among)
    place = replace(best, heading=best_page.heading_at(fragment.start))
    return Answer(sentence=sentence, document=hits[0].document, page=place)


def best_fragment(
    text: str, highlighter: Highlighter, tuning: Tuning, among: Sequence[int] | None = None
) -> Fragment | None:
    """The sentence that covers most of the question; None where none has the form of an answer. Ties go to the first."""
    weights = highlighter.weights
    spans = list(sentences(text))
    found = _concepts(spans, highlighter.marks(text, among))
    total = sum(weights) or 1.0
    best: Fragment | None = None
    for i, (start, end) in enumerate(spans):
        # A heading names what its section answers; it is no answer itself.
        if end - start not in _LENGTHS or not found[i] or text[end - 1] not in _ENDS or _CELLS in text[start:end]:
            continue
        before = found[i - 1] - found[i] if i else set()
        neighbour = tuning.answer_neighbour * sum(weights[c] for c in before)
        cover = (sum(weights[c] for c in found[i]) + neighbour) / total
        if best is None or cover > best.cover + 1e-9:
            best = Fragment(start, end, cover)
    return best


def _concepts(spans: Sequence[tuple[int, int]], marks: Sequence[Mark]) -> list[set[int]]:
    """The concepts found in each span; spans and marks are in order."""
    found, at = [], 0
    for start, end in spans:
        inside = set()
        while at < len(marks) and marks[at].start < end:
            if marks[at].start >= start:
                inside.add(marks[at].concept)
            at += 1
        found.append(inside)
    return found
