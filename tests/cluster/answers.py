"""What two engines must agree on to the letter: everything but the last digits of scores."""

from __future__ import annotations

from dataclasses import replace

from kb.model import Results


def scores_of(results: Results) -> list[tuple[float, ...]]:
    """The scores of each document and its pages."""
    return [(hit.score, *(page.score for page in hit.pages)) for hit in results.hits]


def unscored(results: Results) -> Results:
    """Results without scores, and without the time that they took."""
    hits = tuple(
        replace(hit, score=0, pages=tuple(replace(page, score=0) for page in hit.pages)) for hit in results.hits
    )
    return replace(results, took_ms=0, hits=hits)
