"""Parameters of a request ↔ Query: one reader for the API and the pages, one printer for links.

Reading never raises. It returns a query made of the valid parameters and a list of all problems, so that the API can report
them all at once and a page can go on without them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, get_args
from urllib.parse import urlencode

from kb.errors import BadRequest
from kb.model import FACETS, Query, Sort, Taxonomy
from kb.reading.query import make_query

DEFAULT_PER_PAGE = 10
MOST_PER_PAGE = 50
LARGEST_OFFSET = 10_000
"""Nobody pages further than this, and ranking further takes time."""
LONGEST_SHOWN = 60

SEARCH_PARAMETERS = ("q", *FACETS, "sort", "page", "per_page")
_FACET_NAMES = {"edition": "takiej edycji", "topic": "takiego tematu", "kind": "takiego rodzaju dokumentów"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Multi(Protocol):
    """Query parameters as Starlette has them."""

    def multi_items(self) -> list[tuple[str, str]]:
        """Every name with its value, repeated names as well."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a parameter; ``known`` tells whether the parameter itself is known."""

    parameter: str
    message: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of a request, made of its valid parameters, and every problem with the others."""

    query: Query
    problems: tuple[Problem, ...] = ()

    def strict(self) -> Query:
        """The query. Raises BadRequest that lists every problem."""
        refuse(self.problems)
        return self.query


def refuse(problems: Iterable[Problem]) -> None:
    """Raise BadRequest that lists the problems; do nothing where there are none."""
    details = [problem.message for problem in problems]
    if details:
        raise BadRequest("Nie rozumiemy parametrów zapytania. Popraw je i spróbuj ponownie.", details)


def read_query(params: Multi, taxonomy: Taxonomy, allowed: Sequence[str] = SEARCH_PARAMETERS) -> Asked:
    """What is asked for. Values are checked against the taxonomy; empty ones, which forms send, are ignored."""
    given, problems = collect(params, allowed, several=FACETS)
    filters: dict[str, list[str]] = {}
    for facet in FACETS:
        labels = taxonomy.labels(facet)
        for value in given.get(facet, ()):
            problem = _facet_problem(facet, value, labels)
            if problem:
                problems.append(Problem(facet, problem))
            else:
                filters.setdefault(facet, []).append(value)
    sort = _only(given, "sort", "relevance")
    if sort not in get_args(Sort):
        problems.append(Problem("sort", f"sort = „{_shown(sort)}”: możliwe wartości to {', '.join(get_args(Sort))}."))
        sort = "relevance"
    per_page = _number(given, "per_page", DEFAULT_PER_PAGE, MOST_PER_PAGE, problems)
    page = _number(given, "page", 1, None, problems)
    if (page - 1) * per_page > LARGEST_OFFSET:
        problems.append(
            Problem("page", f"page = {page}: można przejrzeć najwyżej {LARGEST_OFFSET} pierwszych dokumentów.")
        )
        page = 1
    query = make_query(_only(given, "q", ""), filters, sort=sort, page=page, per_page=per_page)
    return Asked(query, tuple(problems))


def collect(
    params: Multi, allowed: Collection[str], several: Collection[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Values by name, cleaned of control characters, and problems: unknown names, and parameters repeated that may not be."""
    given: dict[str, dict[str, None]] = {}
    problems: list[Problem] = []
    unknown: set[str] = set()
    for name, value in params.multi_items():
        if name not in allowed:
            if name not in unknown:
                unknown.add(name)
                problems.append(Problem(_shown(name), _unknown(name, allowed), known=False))
        elif cleaned := _CONTROL.sub(" ", value).strip():
            given.setdefault(name, {})[cleaned] = None
    for name, values in given.items():
        if name not in several and len(values) > 1:
            problems.append(Problem(name, f"{name}: ten parametr można podać tylko raz."))
    return {name: tuple(values) for name, values in given.items()}, problems


def whole_number(text: str) -> int | None:
    """A number as people type it, at most nine digits; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def search_url(query: Query, path: str = "/szukaj") -> str:
    """The address of a search. Defaults are left out, so that each search has one address."""
    pairs = [("q", query.text)] if query.text else []
    pairs += [(facet, value) for facet in FACETS for value in query.filters.get(facet, ())]
    pairs += [("sort", query.sort)] if query.sort != "relevance" else []
    pairs += [("page", str(query.page))] if query.page > 1 else []
    return f"{path}?{urlencode(pairs)}" if pairs else path


def with_query(url: str, text: str) -> str:
    """A link to a document or page that carries the query, so that what was found is marked there."""
    return f"{url}?{urlencode({'q': text})}" if text else url


def toggled(query: Query, facet: str, value: str) -> Query:
    """The query with a filter value added or, where it is chosen, removed; back on the first page of results."""
    chosen = query.filters.get(facet, ())
    values = tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)
    filters = {name: own for name, own in {**query.filters, facet: values}.items() if own}
    return replace(query, filters=filters, page=1)


def _facet_problem(facet: str, value: str, labels: Mapping[str, str]) -> str:
    if facet == "year":
        return "" if re.fullmatch("[0-9]{4}", value) else f"year = „{_shown(value)}”: rok musi mieć cztery cyfry."
    if value in labels:
        return ""
    return f"{facet} = „{_shown(value)}”: nie ma {_FACET_NAMES[facet]}{_nearest(value, labels)}."


def _number(
    given: Mapping[str, tuple[str, ...]], name: str, default: int, most: int | None, problems: list[Problem]
) -> int:
    text = _only(given, name, str(default))
    number = whole_number(text)
    if number is None or number < 1 or (most is not None and number > most):
        limits = f"liczbą od 1 do {most}" if most else "liczbą całkowitą, najmniej 1"
        problems.append(Problem(name, f"{name} = „{_shown(text)}”: wartość musi być {limits}."))
        return default
    return number


def _only(given: Mapping[str, tuple[str, ...]], name: str, default: str) -> str:
    return given.get(name, (default,))[0]


def _unknown(name: str, allowed: Collection[str]) -> str:
    return f"{_shown(name)}: nie ma takiego parametru{_nearest(name, allowed)}."


def _nearest(value: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(value[:LONGEST_SHOWN].lower(), list(known), 1)
    return f"; może chodzi o {near[0]}" if near else ""


def _shown(value: str) -> str:
    value = _CONTROL.sub(" ", value)
    return value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
