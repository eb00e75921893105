"""Concepts → queries: the rules of ``kb.engine`` in the cluster's language, over the rows of pages of one commit.

Lucene's own BM25 could not give the same scores: it keeps lengths in one byte, and each shard counts its own frequencies, dead
rows with them. So the cluster tells the bare frequency on each page, a script makes the weight of it, and how many pages have a
term comes from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from kb.engine import Concept, Form, Request
from kb.engine.opensearch.commits import Commit, Dead
from kb.engine.opensearch.layout import ANY, PAGE, dead_id
from kb.tuning import Tuning

JSON = dict[str, Any]
Steps = tuple[tuple[str, ...], ...]

NOTHING: JSON = {"match_none": {}}
_A_PAGE: JSON = {"term": {"row": PAGE}}
_FIRST: JSON = {"term": {"number": 1}}
_MOST_SETS = 20
"""A long question has more ways to be worth enough than it pays to tell one by one."""
_ROUNDING = 1e-4
"""Sums are float32: a page that holds just enough must not be lost by their last digits."""
_WAYS_KEPT = 2_000
_SATURATED = """
double weight = params.weight; double a = params.a; double b = params.b; double least = params.least;
double length = doc['length'].value;
return weight * f / (f + Math.max(a + b * length, least));"""
_OF_TERM = f"double f = _score;{_SATURATED}"
# What the cluster says of places where terms stand in order is f / (f + 1).
_OF_PHRASE = f"double f = Math.rint(_score / (1.0 - _score));{_SATURATED}"


class Way(NamedTuple):
    """One thing to look for in the text: a term, or terms at consecutive positions."""

    field: str
    steps: Steps

    @property
    def single(self) -> bool:
        """Whether it is nothing but a term."""
        return len(self.steps) == 1 and len(self.steps[0]) == 1


class Part(NamedTuple):
    """What is looked for, as its field has it, what it weighs there, and how rare it is in texts."""

    found: Way
    way: Way
    weight: float
    rarity: float


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


def find(way: Way) -> JSON:
    """The pages that have it, scored by how often."""
    if way.single:
        return {"term": {way.field: way.steps[0][0]}}
    # A phrase query would count each of its terms, and a place twice where two terms of a step share it.
    rules = [_any_term(step) if step else _any_word(way.field) for step in way.steps]
    rule = rules[0] if len(rules) == 1 else {"all_of": {"ordered": True, "max_gaps": 0, "intervals": rules}}
    return {"intervals": {way.field: rule}}


def _any_term(step: Sequence[str]) -> JSON:
    terms = [{"match": {"query": term}} for term in step]
    return terms[0] if len(terms) == 1 else {"any_of": {"intervals": terms}}


def _any_word(field: str) -> JSON:
    # The surface field has the positions of the lemmas, and nothing that stands at all of them.
    return {"match": {"query": ANY, "use_field": "lemma"} if field == "surface" else {"query": ANY}}


def any_of(wanted: Sequence[Way | None]) -> JSON:
    """The pages that have any of what is wanted: none where nothing is. All count alike."""
    own = dict.fromkeys(way for way in wanted if way is not None)
    terms: dict[str, list[str]] = {}
    for way in own:
        if way.single:
            terms.setdefault(way.field, []).append(way.steps[0][0])
    queries: list[JSON] = [{"terms": {field: each}} for field, each in terms.items()]
    return either([*queries, *(find(way) for way in own if not way.single)])


def either(queries: Sequence[JSON]) -> JSON:
    """What any of the queries finds: nothing where there are none."""
    queries = [query for query in queries if query != NOTHING]
    if len(queries) < 2:
        return queries[0] if queries else NOTHING
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def every(queries: Sequence[JSON]) -> JSON:
    """What each of the queries finds: nothing where one finds nothing."""
    if NOTHING in queries:
        return NOTHING
    return queries[0] if len(queries) == 1 else {"bool": {"filter": list(queries)}}


class Alive:
    """The rows of one commit."""

    def __init__(self, commit: Commit) -> None:
        self._born: JSON = {"range": {"born": {"lte": commit.number}}}
        self.dead = [listed(commit.build, own) for own in commit.dead]
        if commit.void:
            self.dead.append({"terms": {"born": list(commit.void)}})

    def rows(self, row: str, *filters: JSON) -> JSON:
        """Those of one kind that pass the filters."""
        return self.pages({"term": {"row": row}}, *filters)

    def pages(self, *filters: JSON) -> JSON:
        """Those that pass filters which nothing but pages can pass: only they have texts, titles and places."""
        return {"bool": {"filter": [self._born, *filters], "must_not": self.dead}}


def listed(build: str, dead: Dead) -> JSON:
    """The rows of documents that a commit has removed or replaced: the cluster reads which by itself."""
    where = {"index": build, "id": dead_id(dead.number), "path": "dead", "store": True}
    return {"terms": {"ord": where, "value_type": "bitmap"}}


class Queries:
    """The queries over one commit. What stands nowhere is not asked for.

    ``pages_of`` tells on how many pages a term of a field stands, ``idf_of`` how rare something is.
    """

    def __init__(
        self, commit: Commit, tuning: Tuning, pages_of: Callable[[str, str], int], idf_of: Callable[[Way], float]
    ) -> None:
        self._tuning = tuning
        self._pages_of = pages_of
        self._idf_of = idf_of
        self._context = [
            (name, share) for name, share in (("title", tuning.title), ("heading", tuning.heading)) if share
        ]
        # One request asks for the same ways again and again.
        self._there = lru_cache(_WAYS_KEPT)(self._found_there)
        self.alive = Alive(commit)
        self.average = max(commit.words / max(commit.pages, 1), 1.0)
        # Of a page's length, the number that a frequency is compared with: numbers alone, of one type, make scripts fast.
        self._norm = {
            "a": float(tuning.k1 * (1 - tuning.b)),
            "b": float(tuning.k1 * tuning.b / self.average),
            "least": float(tuning.k1 * (1 - tuning.b + tuning.b * tuning.shortest)),
        }

    def there(self, way: Way, field: str = "") -> Way | None:
        """A way as far as a field, its own or another one, has its terms; None where it cannot stand there."""
        return self._there(way, field)

    def _found_there(self, way: Way, field: str) -> Way | None:
        name = field or way.field
        steps = tuple(tuple(term for term in step if self._pages_of(name, term)) for step in way.steps)
        if any(step and not left for step, left in zip(way.steps, steps, strict=True)):
            return None
        return Way(name, steps) if any(steps) else None

    def in_text(self, concept: Concept) -> JSON:
        """The pages whose text has a concept."""
        return any_of([self.there(way) for way in dict.fromkeys(way for form in concept.forms for way in ways(form))])

    # What matches

    def matching(self, request: Request) -> JSON:
        """The pages that match by words, scored."""
        asked = [concept for concept in request.concepts if concept.asked]
        if not asked:  # each document by its first page
            return self._weighted({"constant_score": {"filter": self._passing(request, _A_PAGE, _FIRST)}})
        inside = [part for concept in asked for part in self._of_text(concept)]
        first = self._in_context(asked)
        if first != NOTHING:  # of a document's first page title and heading are enough
            inside.append({"constant_score": {"filter": {"bool": {"filter": [_FIRST, first]}}, "boost": 0.0}})
        if not inside:
            return NOTHING
        filters = [self._anywhere(concept) for concept in asked if concept.required]
        floor = request.floor - _ROUNDING
        if any(concept.worth < floor for concept in asked):
            filters += self._worth(asked, floor)
        query = self._passing(request, *filters)
        query["bool"]["must"] = [{"bool": {"should": inside}}]
        query["bool"]["should"] = [
            *(part for concept in asked for part in self._of_context(concept)),
            *(part for concept in request.concepts if concept.bonus for part in self._of_bonus(concept)),
        ]
        return self._weighted(query)

    def joining(self, request: Request, places: Sequence[str]) -> JSON:
        """Those of these pages that may be found without the words."""
        required = [self._anywhere(own) for own in request.concepts if own.required and not own.excluded]
        return self._passing(request, {"terms": {"place": list(places)}}, *required)

    def _passing(self, request: Request, *filters: JSON) -> JSON:
        """The pages that pass filters, without what is excluded and without pages that nothing finds."""
        query = self.alive.pages(*filters)
        excluded = [self.in_text(concept) for concept in request.concepts if concept.excluded]
        worthless = [] if self._tuning.contents_page else [{"term": {"contents": True}}]
        query["bool"]["must_not"] = [*self.alive.dead, *excluded, *worthless]
        return query

    def _worth(self, asked: Sequence[Concept], floor: float) -> list[JSON]:
        """The pages whose concepts are worth so much together."""
        anywhere = [self._anywhere(concept) for concept in asked]
        sets = _enough([concept.worth for concept in asked], floor)
        if len(sets) <= _MOST_SETS:
            return [either([every([anywhere[at] for at in own]) for own in sets])]
        held = [
            {"constant_score": {"filter": query, "boost": concept.worth}}
            for concept, query in zip(asked, anywhere, strict=True)
            if concept.worth
        ]
        # Pages with nothing but frequent words are passed over.
        telling = either([self._anywhere(concept) for concept in _telling(asked, floor)])
        return [{"function_score": {"query": {"bool": {"should": held}}, "min_score": floor}}, telling]

    def _weighted(self, query: JSON) -> JSON:
        factor = self._tuning.contents_page
        if factor in (0, 1):
            return query
        less = [{"filter": {"term": {"contents": True}}, "weight": factor}]
        return {"function_score": {"query": query, "functions": less, "boost_mode": "multiply"}}

    def _anywhere(self, concept: Concept) -> JSON:
        return either([self.in_text(concept), self._in_context([concept])])

    def _in_context(self, concepts: Sequence[Concept]) -> JSON:
        """The pages where the title or a heading has one of the concepts."""
        own = dict.fromkeys(
            way for concept in concepts for form in concept.forms if form.field == "lemma" for way in ways(form)
        )
        return any_of([self.there(way, field) for way in own for field, _ in self._context])

    # What it is worth

    def _of_text(self, concept: Concept) -> list[JSON]:
        """What a concept in the text adds: of each field the best."""
        found: dict[str, list[JSON]] = {}
        for part in self.parts(concept):
            if part.found.field == part.way.field:
                script = {
                    "source": _OF_TERM if part.found.single else _OF_PHRASE,
                    "params": {"weight": float(part.weight * part.rarity), **self._norm},
                }
                query = {"script_score": {"query": find(part.found), "script": script}}
                found.setdefault(part.found.field, []).append(query)
        return [_best(queries) for queries in found.values()]

    def _of_context(self, concept: Concept) -> list[JSON]:
        """What a concept in the title and in a heading adds."""
        found: dict[str, list[JSON]] = {}
        for part in self.parts(concept):
            if part.found.field != part.way.field:
                query = {"constant_score": {"filter": find(part.found), "boost": part.weight * part.rarity}}
                found.setdefault(part.found.field, []).append(query)
        return [_best(queries) for queries in found.values()]

    def _of_bonus(self, concept: Concept) -> list[JSON]:
        """The same of a bonus: title and heading count beside a text that has it."""
        inside = [] if concept.excluded else self._of_text(concept)
        return (
            [{"bool": {"must": [{"bool": {"should": inside}}], "should": self._of_context(concept)}}] if inside else []
        )

    def parts(self, concept: Concept) -> Iterator[Part]:
        """Every way in which a concept may add to a score."""
        for form in concept.forms:
            for way in ways(form):
                fields = [(way.field, 1.0), *(self._context if form.field == "lemma" else ())]
                there = [(found, share) for field, share in fields if (found := self.there(way, field))]
                rarity = self._idf_of(way) if there else 0.0
                yield from (Part(found, way, form.weight * share, rarity) for found, share in there)


def _telling(asked: Sequence[Concept], floor: float) -> list[Concept]:
    """The concepts without which no page is worth enough: the others together are worth less than the floor."""
    ordered = sorted(asked, key=lambda concept: concept.worth)
    sums = list(accumulate(concept.worth for concept in ordered))
    return [concept for concept, worth in zip(ordered, sums, strict=True) if worth >= floor]


def _enough(worths: Sequence[float], floor: float) -> list[tuple[int, ...]]:
    """The least sets of these, by number, that are worth so much together; of very many not all."""
    found: list[tuple[int, ...]] = []
    # From the most to the least: what is enough with the one that came last is not enough without any.
    order = sorted(range(len(worths)), key=lambda at: -worths[at])

    def add(own: tuple[int, ...], worth: float, left: Sequence[int]) -> None:
        for start, at in enumerate(left):
            if len(found) > _MOST_SETS or worth + sum(worths[each] for each in left[start:]) < floor:
                return
            if worth + worths[at] >= floor:
                found.append((*own, at))
            else:
                add((*own, at), worth + worths[at], left[start + 1 :])

    add((), 0.0, order)
    return found


def _best(queries: list[JSON]) -> JSON:
    return queries[0] if len(queries) == 1 else {"dis_max": {"queries": queries}}
