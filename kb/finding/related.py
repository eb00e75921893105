"""Related documents, from term vectors: a document's most telling words are a query for the documents that share them.

The weight of a word is tf · idf, its frequency damped by a logarithm; the heaviest words make the query.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from kb.deadline import check
from kb.engine import Concept, Form, Request, State
from kb.model import Document, Page
from kb.polish import Analyzer, each_word, is_stop_word

_PAGES = 60
_CHARACTERS = 500_000
"""Characters of text that are read: 150 printed pages. Sixty pages of an odd document may have millions."""
_WORDS = 30
_SHORTEST_WORD = 4
_IN_TITLE = 5


def related(document: Document, state: State, analyzer: Analyzer, limit: int) -> tuple[Document, ...]:
    """Documents about the same things, nearest first."""
    concepts = _vector(document.title, islice(state.pages(document.id), _PAGES), state, analyzer)
    matches = state.match(Request(concepts=concepts, limit=limit + 1, pages_per_document=0, facets=()))
    return tuple(match.document for match in matches.documents if match.document.id != document.id)[:limit]


def _vector(title: str, pages: Iterable[Page], state: State, analyzer: Analyzer) -> tuple[Concept, ...]:
    """A document's most telling terms as weighted concepts."""
    counts: Counter[str] = Counter()
    left = _CHARACTERS
    for page in pages:
        check()
        counts.update(_terms(page.text[:left], analyzer))
        left -= len(page.text)
        if left <= 0:
            break
    for term in _terms(title, analyzer):
        counts[term] += _IN_TITLE
    frequent = counts.most_common(4 * _WORDS)
    weighted = []
    for (term, count), found in zip(frequent, state.frequencies([_concept(term) for term, _ in frequent]), strict=True):
        if found:
            weighted.append(((1 + math.log(count)) * math.log(1 + state.size.pages / found), term))
    heaviest = sorted(weighted, reverse=True)[:_WORDS]
    top = heaviest[0][0] if heaviest else 1.0
    return tuple(_concept(term, round(weight / top, 2)) for weight, term in heaviest)


def _concept(term: str, weight: float = 1.0) -> Concept:
    return Concept(label=term, forms=(Form(field="lemma", steps=((term,),), weight=weight),))


def _terms(text: str, analyzer: Analyzer) -> Iterable[str]:
    for word in each_word(text):
        if len(word) >= _SHORTEST_WORD and word.isalpha() and not is_stop_word(word):
            yield analyzer.terms(word)[0]
