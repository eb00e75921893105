"""Concepts → queries: the rules of ``kb.engine`` in the cluster's language, over the rows of pages of one commit.

Lucene's own BM25 could not give the same scores: it keeps lengths in one byte, and each shard counts its own frequencies, dead
rows with them. So the cluster tells the bare frequency on each page, a script makes the weight of it, and how many pages have a
term comes from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from kb.engine import Concept, Form, Request
from kb.engine.opensearch.commits import Commit
from kb.engine.opensearch.layout import ANY, PAGE
from kb.tuning import Tuning

JSON = dict[str, Any]
Steps = tuple[tuple[str, ...], ...]

_NOTHING: JSON = {"match_none": {}}
_ROUNDING = 1e-4
"""Sums are float32: a page that holds just enough must not be lost by their last digits."""
_NORM = "(params.a + params.b * Math.max(doc['length'].value / params.average, params.shortest))"
_OF_TERM = f"double f = _score; return params.weight * f / (f + {_NORM});"
# What the cluster says of places where terms stand in order is f / (f + 1).
_OF_PHRASE = f"double f = Math.rint(_score / (1.0 - _score)); return params.weight * f / (f + {_NORM});"


class Way(NamedTuple):
    """One thing to look for in the text: a term, or terms at consecutive positions."""

    field: str
    steps: Steps


class Part(NamedTuple):
    """What is looked for in a field, what it weighs there, and the query that finds it."""

    field: str
    way: Way
    weight: float
    query: JSON


def ways(form: Form) -> Iterator[Way]:
    """Each term of a single step by itself, a phrase as a whole; without the empty steps at its end."""
    if len(form.steps) == 1:
        yield from (Way(form.field, ((term,),)) for term in form.steps[0])
        return
    steps = form.steps
    while steps and not steps[-1]:
        steps = steps[:-1]
    if steps:
        yield Way(form.field, steps)


def find(way: Way, field: str = "") -> JSON:
    """The pages that have it, in its field or another one; scored by how often."""
    name, steps = field or way.field, way.steps
    if len(steps) == 1 and len(steps[0]) == 1:
        return {"term": {name: steps[0][0]}}
    # A phrase query would count each of its terms, and a place twice where two terms of a step share it.
    rules = [_any_term(step or (ANY,)) for step in steps]
    rule = rules[0] if len(rules) == 1 else {"all_of": {"ordered": True, "max_gaps": 0, "intervals": rules}}
    return {"intervals": {name: rule}}


def _any_term(step: Sequence[str]) -> JSON:
    terms = [{"match": {"query": term}} for term in step]
    return terms[0] if len(terms) == 1 else {"any_of": {"intervals": terms}}


def any_of(queries: Sequence[JSON]) -> JSON:
    """What any of the queries finds: nothing where there are none."""
    queries = [query for query in queries if query != _NOTHING]
    if len(queries) < 2:
        return queries[0] if queries else _NOTHING
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def in_text(concept: Concept) -> JSON:
    """The pages whose text has a concept."""
    return any_of([find(way) for way in dict.fromkeys(way for form in concept.forms for way in ways(form))])


class Queries:
    """The queries over one commit. ``idf_of`` tells how rare something is."""

    def __init__(self, commit: Commit, tuning: Tuning, idf_of: Callable[[Way], float]) -> None:
        self._tuning = tuning
        self._idf_of = idf_of
        self._context = [
            (name, share) for name, share in (("title", tuning.title), ("heading", tuning.heading)) if share
        ]
        dead = [ord for each in commit.dead for ord in each.ords]
        self._alive: list[JSON] = [{"range": {"born": {"lte": commit.number}}}]
        self._dead: list[JSON] = [
            {"terms": {"ord": dead[start : start + 50_000]}} for start in range(0, len(dead), 50_000)
        ]
        if commit.void:
            self._dead.append({"terms": {"born": list(commit.void)}})
        self.average = max(commit.words / max(commit.pages, 1), 1.0)
        self._norm = {
            "a": tuning.k1 * (1 - tuning.b),
            "b": tuning.k1 * tuning.b,
            "average": self.average,
            "shortest": tuning.shortest,
        }

    def rows(self, row: str, *filters: JSON) -> JSON:
        """The rows of one kind of this commit."""
        return {"bool": {"filter": [{"term": {"row": row}}, *self._alive, *filters], "must_not": self._dead}}

    # What matches

    def matching(self, request: Request) -> JSON:
        """The pages that match by words, scored."""
        concepts = request.concepts
        asked = [concept for concept in concepts if concept.asked]
        excluded = [in_text(concept) for concept in concepts if concept.excluded]
        if not asked:  # each document by its first page
            return self._weighted([{"term": {"number": 1}}], excluded, [])
        texts = {concept.forms: in_text(concept) for concept in asked}
        anywhere = {forms: any_of([text, self._in_context(forms)]) for forms, text in texts.items()}
        first = {"bool": {"filter": [{"term": {"number": 1}}, any_of(list(anywhere.values()))]}}
        filters = [any_of([*texts.values(), first])]
        floor = request.floor - _ROUNDING
        if any(concept.worth < floor for concept in asked):
            held = [{"constant_score": {"filter": anywhere[own.forms], "boost": own.worth}} for own in asked]
            filters.append({"function_score": {"query": {"bool": {"should": held}}, "min_score": floor}})
        filters += [anywhere[concept.forms] for concept in asked if concept.required]
        scores = [part for concept in asked for part in (*self._of_text(concept), *self._of_context(concept))]
        for concept in concepts:
            if concept.bonus and not concept.excluded:
                inside = self._of_text(concept)
                if inside:  # title and heading count beside a text that has it
                    both = {"must": [{"bool": {"should": inside}}], "should": self._of_context(concept)}
                    scores.append({"bool": both})
        return self._weighted(filters, excluded, scores)

    def joining(self, request: Request, places: Sequence[str]) -> JSON:
        """Those of these pages that may be found without the words."""
        required = [
            any_of([in_text(concept), self._in_context(concept.forms)])
            for concept in request.concepts
            if concept.required and not concept.excluded
        ]
        excluded = [in_text(concept) for concept in request.concepts if concept.excluded]
        query = self.rows(PAGE, {"terms": {"place": list(places)}}, *required)
        query["bool"]["must_not"] = [*query["bool"]["must_not"], *excluded, *self._worthless()]
        return query

    def _worthless(self) -> list[JSON]:
        """Pages that nothing finds."""
        return [] if self._tuning.contents_page else [{"term": {"contents": True}}]

    def _weighted(self, filters: list[JSON], excluded: list[JSON], scores: list[JSON]) -> JSON:
        query = self.rows(PAGE, *filters)
        query["bool"]["must_not"] = [*query["bool"]["must_not"], *excluded, *self._worthless()]
        if scores:
            query["bool"]["should"] = scores
        else:
            query = {"constant_score": {"filter": query}}
        factor = self._tuning.contents_page
        if factor in (0, 1):
            return query
        less = [{"filter": {"term": {"contents": True}}, "weight": factor}]
        return {"function_score": {"query": query, "functions": less, "boost_mode": "multiply"}}

    # What it is worth

    def _of_text(self, concept: Concept) -> list[JSON]:
        """What a concept in the text adds: of each field the best."""
        found: dict[str, list[JSON]] = {}
        for form in concept.forms:
            for way in ways(form):
                query = find(way)
                script = {
                    "source": _OF_PHRASE if "intervals" in query else _OF_TERM,
                    "params": {"weight": form.weight * self._idf_of(way), **self._norm},
                }
                found.setdefault(way.field, []).append({"script_score": {"query": query, "script": script}})
        return [_best(queries) for queries in found.values()]

    def _of_context(self, concept: Concept) -> list[JSON]:
        """What a concept in the title and in a heading adds."""
        found = []
        for field, share in self._context:
            parts = [
                {"constant_score": {"filter": find(way, field), "boost": form.weight * share * self._idf_of(way)}}
                for form in concept.forms
                if form.field == "lemma"
                for way in ways(form)
            ]
            if parts:
                found.append(_best(parts))
        return found

    def _in_context(self, forms: Sequence[Form]) -> JSON:
        """The pages where the title or a heading has one of the forms."""
        own = dict.fromkeys(way for form in forms if form.field == "lemma" for way in ways(form))
        return any_of([find(way, field) for way in own for field, _ in self._context])

    def parts(self, concept: Concept) -> Iterator[Part]:
        """Every way in which a concept may add to a score."""
        for form in concept.forms:
            for way in ways(form):
                yield Part(way.field, way, form.weight, find(way))
                for field, share in self._context if form.field == "lemma" else ():
                    yield Part(field, way, form.weight * share, find(way, field))


def _best(queries: list[JSON]) -> JSON:
    return queries[0] if len(queries) == 1 else {"dis_max": {"queries": queries}}
