"""Looser searches for a query that found nothing or little: each leaves out one thing, and says how much it would find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from kb.facets import FACETS
from kb.limits import RELAXATIONS
from kb.model import Clause, ClauseKind, Query, Relaxation, Taxonomy, Topic
from kb.polish import Analyzer, is_stop_word, normalise, words
from kb.reading.query import print_clauses

THIN = 2
"""Of so few found documents, or none, looser searches are offered."""


def relaxations(
    query: Query, found_already: int, totals: Callable[[Sequence[Query]], Sequence[int]]
) -> tuple[Relaxation, ...]:
    """The looser queries that find more, most found first. ``totals`` tells how many documents each query finds."""
    candidates = list(islice(_candidates(query), RELAXATIONS))
    found = totals([looser for _, looser in candidates])
    relaxed = [
        Relaxation(label=label, query=looser, total=total)
        for (label, looser), total in zip(candidates, found, strict=True)
        if total > found_already
    ]
    return tuple(sorted(relaxed, key=lambda looser: -looser.total))


def _candidates(query: Query) -> Iterator[tuple[str, Query]]:
    for name in query.filters:
        rest = {other: values for other, values in query.filters.items() if other != name}
        yield f"bez filtra {FACETS[name].genitive}", replace(query, filters=rest, page=1)
    if len(query.filters) > 1:
        yield "bez żadnych filtrów", replace(query, filters={}, page=1)
    for clause in query.clauses:
        shown = " ".join(clause.words)
        if clause.kind is ClauseKind.PHRASE and not clause.excluded and len(clause.words) > 1:
            loose = [Clause(kind=ClauseKind.WORD, words=(word,)) for word in clause.words]
            yield f"słowa „{shown}” bez cudzysłowu", _with(query, _swapped(query.clauses, clause, loose))
        elif len(query.clauses) > 1:
            label = f"bez wykluczenia „{shown}”" if clause.excluded else f"bez słowa „{shown}”"
            yield label, _with(query, _swapped(query.clauses, clause, []))


def _swapped(clauses: Sequence[Clause], old: Clause, new: Sequence[Clause]) -> list[Clause]:
    return [part for clause in clauses for part in (new if clause is old else [clause])]


def _with(query: Query, clauses: Sequence[Clause]) -> Query:
    return replace(query, text=print_clauses(clauses), clauses=tuple(clauses), page=1)


def nearest_topics(query: Query, taxonomy: Taxonomy, analyzer: Analyzer, most: int = 4) -> tuple[str, ...]:
    """Slugs of the topics whose names and descriptions share words with the query, nearest first."""
    asked = {term for clause in query.clauses for word in clause.words for term in analyzer.terms(word)}

    def shared(topic: Topic) -> int:
        name, description = _terms(topic.name, analyzer), _terms(topic.description, analyzer)
        return 3 * len(asked & name) + len(asked & description)

    near = [(shared(topic), topic.slug) for topic in taxonomy.topics]
    return tuple(slug for score, slug in sorted(near, key=lambda pair: -pair[0]) if score)[:most]


def _terms(text: str, analyzer: Analyzer) -> set[str]:
    return {term for word in words(normalise(text)) if not is_stop_word(word) for term in analyzer.terms(word)}
