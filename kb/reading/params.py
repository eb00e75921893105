"""Parameters of a request → Query: one reader for the API, the pages and the command line.

The reader never raises: it gives a query made of all that is right, and names every problem, so that the API can refuse them
all at once and a page can go on without them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

from kb.errors import BadRequest
from kb.facets import FACETS, Facet
from kb.model import Query, Sort, Taxonomy
from kb.reading.query import make_query

DEFAULT_PER_PAGE = 10
MOST_PER_PAGE = 50
LARGEST_OFFSET = 10_000
"""No person turns so many pages, and ranking them all would only cost."""
LONGEST_SHOWN = 60

SEARCH_PARAMETERS = ("q", *FACETS, "sort", "page", "per_page")
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
class ParsedParameters:
    """The query of a request, made of all that is right, and every problem with the rest."""

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


def read_query(params: Multi, taxonomy: Taxonomy, allowed: Sequence[str] = SEARCH_PARAMETERS) -> ParsedParameters:
    """The search that a request is for. Values are checked against the taxonomy; empty ones, as a form sends, mean nothing."""
    given, problems = collect(params, allowed, several=FACETS)
    filters: dict[str, list[str]] = {}
    for name, facet in FACETS.items():
        labels = taxonomy.labels(name)
        for value in given.get(name, ()):
            problem = _facet_problem(facet, value, labels)
            if problem:
                problems.append(Problem(name, problem))
            else:
                filters.setdefault(name, []).append(value)
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
    return ParsedParameters(query, tuple(problems))


def collect(
    params: Multi, allowed: Collection[str], several: Collection[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Values by name, cleaned of control characters, and problems: unknown names, single ones given twice."""
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


def _facet_problem(facet: Facet, value: str, labels: Mapping[str, str]) -> str:
    if re.fullmatch(facet.pattern, value) if facet.pattern else value in labels:
        return ""
    return f"{facet.name} = „{_shown(value)}”: {facet.unknown}{_nearest(value, labels)}."


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
