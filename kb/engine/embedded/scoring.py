"""Concepts → weights: on which rows a concept stands, what it adds to their scores, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kb.cache import Cache
from kb.deadline import check
from kb.engine import Concept, Contribution, Form, idf
from kb.engine.embedded import ranking
from kb.engine.embedded.ranking import Floats, Indices, Numbers, Weighted
from kb.engine.embedded.rows import Rows, Steps
from kb.tuning import Tuning

_SHARE_OF_COUNTS = 0.1
"""Of the memory for what concepts weigh, what goes to their mere numbers of pages."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A concept's weight on pages: those with it in the text, and those where only title or heading has it."""

    rows: Indices
    weights: Floats
    context_rows: Indices
    context_weights: Floats

    @property
    def nbytes(self) -> int:
        """Memory used, in bytes."""
        return self.rows.nbytes + self.weights.nbytes + self.context_rows.nbytes + self.context_weights.nbytes + 200


class _Part(NamedTuple):
    """The rows of one form, or one lemma of a word, in one field, with what it adds to each."""

    field: str
    steps: Steps
    weight: float
    idf: float
    rows: Indices
    frequencies: Numbers
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
        for_counts = int(cache_bytes * _SHARE_OF_COUNTS)
        self._scored: Cache[Scored] = Cache(cache_bytes - for_counts)
        self._counts: Cache[int] = Cache(for_counts)

    def scored(self, concept: Concept) -> Scored:
        """A concept's weight on every page that has it, the page's own weight multiplied in."""
        check()
        forms = concept.forms
        found = self._scored.get(forms)
        if found is None:
            found = self._score(forms)
            # Of a word that stands nowhere the forms are all there is to keep.
            self._scored.put(forms, found, found.nbytes + bytes_of(forms))
        return found

    def count(self, concept: Concept) -> int:
        """On how many pages a concept stands in the text: of words alone that is found out without weighing them."""
        check()
        forms = concept.forms
        found = self._counts.get(forms)
        if found is None:
            words = [form for form in forms if len(form.steps) == 1]
            found = self._count(words) if len(words) == len(forms) else len(self.scored(concept).rows)
            self._counts.put(forms, found, bytes_of(forms))
        return found

    def _count(self, words: Sequence[Form]) -> int:
        terms = dict.fromkeys((form.field, term) for form in words for term in form.steps[0])
        lists = [rows for field, term in terms if len(rows := self._rows.find(field, ((term,),))[0])]
        if len(lists) < 2:
            return len(lists[0]) if lists else 0
        present = np.zeros(1 + max(int(rows[-1]) for rows in lists), dtype=bool)
        for rows in lists:
            present[rows] = True
        return int(np.count_nonzero(present))

    def _score(self, forms: Sequence[Form]) -> Scored:
        text: dict[str, list[Weighted]] = {"lemma": [], "surface": []}
        context: dict[str, list[Weighted]] = {"title": [], "heading": []}
        for part in self._parts(forms):
            (context if part.field in context else text)[part.field].append((part.rows, part.weights))
        rows, weights = ranking.sum_of_best(list(text.values()))
        extra_rows, extra = ranking.sum_of_best(list(context.values()))
        if len(extra_rows) and len(rows):
            at = rows.searchsorted(extra_rows)
            at[at == len(rows)] = 0
            both = rows[at] == extra_rows
            if both.any():
                weights[at[both]] += extra[both]
                extra_rows, extra = extra_rows[~both], extra[~both]
        if self._rows.weighted:
            page_weights = self._rows.weights
            weights, extra = weights * page_weights[rows], extra * page_weights[extra_rows]
        return Scored(rows, weights, extra_rows, extra)

    def _parts(self, forms: Sequence[Form]) -> Iterator[_Part]:
        """Every way in which forms add to any score; of the parts of one field the best counts, fields add up."""
        find = self._rows.find
        for form in forms:
            for steps in [((term,),) for term in form.steps[0]] if len(form.steps) == 1 else [form.steps]:
                check()
                rows, frequencies = find(form.field, steps)
                rarity = idf(self._rows.page_count, len(rows))
                if len(rows):
                    weights = ranking.impacts(rows, frequencies, self._rows.norms)
                    weights *= form.weight * rarity
                    yield _Part(form.field, steps, form.weight, rarity, rows, frequencies, weights)
                for field, share in self._context if form.field == "lemma" else ():
                    rows = find(field, steps)[0]
                    if len(rows):
                        rows = self._rows.pages_of(rows) if field == "title" else rows
                        weight = form.weight * share
                        once, each = np.ones(len(rows), np.int8), np.full(len(rows), weight * rarity, np.float32)
                        yield _Part(field, steps, weight, rarity, rows, once, each)

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


def bytes_of(forms: Sequence[Form]) -> int:
    """The memory that forms take, from the sizes of their parts in CPython; letters may take four bytes."""
    size = 0
    for form in forms:
        size += 200
        for step in form.steps:
            size += 56 + 88 * len(step) + 4 * len("".join(step))
    return size
