"""Concepts → weights: on which rows a concept stands, what it adds to their scores, and why."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache

from kb.deadline import check
from kb.engine import Concept, Contribution, Form, idf
from kb.engine.embedded import ranking
from kb.engine.embedded.ranking import Floats, Ints
from kb.engine.embedded.rows import Rows, Steps
from kb.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Scored:
    """A concept's weight on pages: those with it in the text, and those where only title or heading has it."""

    rows: Ints
    weights: Floats
    context_rows: Ints
    context_weights: Floats

    @property
    def nbytes(self) -> int:
        """Memory used, in bytes."""
        return self.rows.nbytes + self.weights.nbytes + self.context_rows.nbytes + self.context_weights.nbytes + 200


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The rows of one form, or one lemma of a word, in one field, with what it adds to each."""

    field: str
    steps: Steps
    weight: float
    idf: float
    rows: Ints
    frequencies: Floats
    weights: Floats

    def at(self, row: int) -> int | None:
        """Where a row stands in ``rows``."""
        at = int(np.searchsorted(self.rows, row))
        return at if at < len(self.rows) and self.rows[at] == row else None


class Scorer:
    """Weighs concepts on one state's rows; the latest answers are kept, at most ``cache_bytes`` of them."""

    def __init__(self, rows: Rows, cache_bytes: int, tuning: Tuning) -> None:
        self._rows = rows
        self._context = [
            (name, share) for name, share in (("title", tuning.title), ("heading", tuning.heading)) if share
        ]
        self._cache: LRUCache[tuple[Form, ...], tuple[Scored, int]] = LRUCache(cache_bytes, lambda kept: kept[1])
        self._lock = threading.Lock()

    def scored(self, concept: Concept) -> Scored:
        """A concept's weight on every page that has it, the page's own weight multiplied in."""
        check()
        with self._lock:
            known = self._cache.get(concept.forms)
        if known is not None:
            return known[0]
        scored = self._score(concept.forms)
        # Of a word that stands nowhere the forms are all there is to keep.
        size = scored.nbytes + _bytes_of(concept.forms)
        with self._lock:
            if size <= self._cache.maxsize:
                self._cache[concept.forms] = scored, size
        return scored

    def _score(self, forms: Sequence[Form]) -> Scored:
        text: dict[str, list[tuple[Ints, Floats]]] = {"lemma": [], "surface": []}
        context: dict[str, list[tuple[Ints, Floats]]] = {"title": [], "heading": []}
        for part in self._parts(forms):
            (context if part.field in context else text)[part.field].append((part.rows, part.weights))
        rows, weights = ranking.sum_of([ranking.best_of(lists) for lists in text.values()])
        page_weights = self._rows.weights
        extra_rows, extra = ranking.sum_of([ranking.best_of(lists) for lists in context.values()])
        if not len(extra_rows):
            return Scored(rows, weights * page_weights[rows], extra_rows, extra)
        both = np.isin(extra_rows, rows, assume_unique=True)
        if both.any():
            weights = weights.copy()
            weights[np.searchsorted(rows, extra_rows[both])] += extra[both]
        extra_rows, extra = extra_rows[~both], extra[~both]
        return Scored(rows, weights * page_weights[rows], extra_rows, extra * page_weights[extra_rows])

    def _parts(self, forms: Sequence[Form]) -> Iterator[_Part]:
        """Every way in which forms add to any score; of the parts of one field the best counts, fields add up."""
        find = self._rows.find
        for form in forms:
            for steps in [((term,),) for term in form.steps[0]] if len(form.steps) == 1 else [form.steps]:
                check()
                rows, frequencies = find(form.field, steps)
                rarity = idf(self._rows.page_count, len(rows))
                if len(rows):
                    weights = (form.weight * rarity) * ranking.impacts(rows, frequencies, self._rows.norms)
                    yield _Part(form.field, steps, form.weight, rarity, rows, frequencies, weights)
                for field, share in self._context if form.field == "lemma" else ():
                    rows = find(field, steps)[0]
                    if not len(rows):
                        continue
                    rows = self._rows.pages_of(rows) if field == "title" else rows
                    once = np.ones(len(rows), np.float32)
                    weight = form.weight * share
                    yield _Part(field, steps, weight, rarity, rows, once, once * np.float32(weight * rarity))

    def explain(self, concepts: Sequence[Concept], row: int) -> list[Contribution]:
        """What makes the score of a page's row, part by part."""
        found = []
        page_weight = float(self._rows.weights[row])
        for concept in concepts:
            here = [part for part in self._parts(() if concept.excluded else concept.forms) if part.at(row) is not None]
            if concept.bonus and all(part.field in ("title", "heading") for part in here):
                continue  # a bonus is for what stands in the text
            for part in here:
                rivals = [other for other in here if other.field == part.field]
                best = max(rivals, key=lambda other: other.weights[other.at(row)])
                at = part.at(row)
                found.append(
                    Contribution(
                        concept=concept.label,
                        field=part.field,
                        terms=" ".join("|".join(step) or "*" for step in part.steps),
                        frequency=int(part.frequencies[at]),
                        idf=part.idf,
                        weight=part.weight * page_weight,
                        score=float(part.weights[at]) * page_weight,
                        counted=part is best,
                    )
                )
        return found


def _bytes_of(forms: Sequence[Form]) -> int:
    """The memory that forms take, from the sizes of their parts in CPython; letters may take four bytes."""
    return sum(200 + sum(56 + sum(88 + 4 * len(term) for term in step) for step in form.steps) for form in forms)
