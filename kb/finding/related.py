"""Related documents, from term vectors: a document's most telling words are a query for the documents that share them.

The weight of a word is tf · idf, its frequency damped by a logarithm; the first words by weight make the query.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

from kb.engine import Concept, Form
from kb.model import Page
from kb.polish import Analyzer, is_stop_word, normalise, words

_PAGES = 60
_WORDS = 30
_SHORTEST_WORD = 4


def vector(
    title: str, pages: Iterable[Page], analyzer: Analyzer, frequency: Callable[[Concept], int], total: int
) -> tuple[Concept, ...]:
    """A document's most telling terms as weighted concepts. ``total`` counts the collection's pages."""
    counts: Counter[str] = Counter()
    for number, page in enumerate(pages):
        if number == _PAGES:
            break
        counts.update(_terms(page.text, analyzer))
    for term in _terms(title, analyzer):
        counts[term] += 5
    weighted = []
    for term, count in counts.most_common(4 * _WORDS):
        concept = Concept(label=term, forms=(Form(field="lemma", steps=((term,),)),))
        found = frequency(concept)
        if found:
            weighted.append(((1 + math.log(count)) * math.log(1 + total / found), term))
    heaviest = sorted(weighted, reverse=True)[:_WORDS]
    top = heaviest[0][0] if heaviest else 1.0
    return tuple(
        Concept(label=term, forms=(Form(field="lemma", steps=((term,),), weight=round(weight / top, 2)),))
        for weight, term in heaviest
    )


def _terms(text: str, analyzer: Analyzer) -> Iterable[str]:
    for word in words(normalise(text)):
        if len(word) >= _SHORTEST_WORD and word.isalpha() and not is_stop_word(word):
            yield analyzer.terms(word)[0]
