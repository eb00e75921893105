"""The best fragment: the one sentence that answers a question, quoted only when its score says that it is worth it.

A sentence's cover is the share of the question's words, by how telling they are, that stand in it; the neighbouring
sentence's words count half, for „It must do so within 30 days" answers what the sentence before speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.finding.snippets import Highlighter, sentences

LEAST_WORDS = 3
"""A query of fewer words asks for documents, not for a sentence."""
LEAST_COVER = 0.5
LEAST_LEAD = 1.2
"""By how much the best page must beat every other, in its own document too (``docs/relevance.md`` has the figures)."""
_LENGTHS = range(30, 420)
"""Characters of a sentence worth quoting: shorter ones are headings, longer ones tables run together."""
_ENDS = ".!?…”)"
_NEIGHBOUR = 0.5


@dataclass(frozen=True, slots=True)
class Fragment:
    """A sentence of a text, ``text[start:end]``, and its cover of the question, between 0 and 1."""

    start: int
    end: int
    cover: float


def best_fragment(text: str, highlighter: Highlighter, weights: Sequence[float]) -> Fragment | None:
    """The sentence that covers most of the question; None where none is worth quoting. Ties go to the first."""
    spans = list(sentences(text))
    marks = highlighter.marks(text)
    found = [{mark.concept for mark in marks if start <= mark.start < end} for start, end in spans]
    total = sum(weights) or 1.0
    best: Fragment | None = None
    for i, (start, end) in enumerate(spans):
        # A heading names what its section answers; it is no answer itself.
        if end - start not in _LENGTHS or not found[i] or text[end - 1] not in _ENDS:
            continue
        before = found[i - 1] - found[i] if i else set()
        cover = (sum(weights[c] for c in found[i]) + _NEIGHBOUR * sum(weights[c] for c in before)) / total
        if best is None or cover > best.cover + 1e-9:
            best = Fragment(start, end, cover)
    return best if best and best.cover >= LEAST_COVER else None
