"""Parameters of a request → Query: one reader for the API, the pages and the command line.

The reader never raises: it gives a query made of all that is right, and names every problem, so that the API can refuse them
all at once and a page can go on without them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

from kb import limits, messages
from kb.errors import BadRequest
from kb.facets import FACETS, Facet
from kb.model import Query, Sort, Taxonomy
from kb.reading.query import cut, first_words, make_query, parse, print_clauses

DEFAULT_PER_PAGE = 10
LONGEST_SHOWN = 60
_WORD_FORMS = ("słowo", "słowa", "słów")

SEARCH_PARAMETERS = ("q", *FACETS, "sort", "page", "per_page")
_UNKNOWN_ORDER = "Takiej kolejności wyników nie ma; są w zwykłej."
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Multi(Protocol):
    """Query parameters as Starlette has them."""

    def multi_items(self) -> list[tuple[str, str]]:
        """Every name with its value, repeated names as well."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a parameter; ``known`` tells whether the parameter itself is known.

    ``notice`` is for readers where the rest of a value is used; elsewhere they are told that it was left out, and why.
    """

    parameter: str
    message: str
    known: bool = True
    notice: str = ""


@dataclass(frozen=True, slots=True)
class ParsedParameters:
    """The query of a request, made of all that is right, and every problem with the rest."""

    query: Query
    problems: tuple[Problem, ...] = ()

    def strict(self) -> Query:
        """The query. Raises BadRequest that lists every problem, but for a text too long: no text is an error.

        Of such a text the beginning is searched for, and the query has no more of it.
        """
        refuse(problem for problem in self.problems if not (problem.parameter == "q" and problem.notice))
        return self.query

    def lenient(self) -> tuple[Query, tuple[str, ...]]:
        """The query, and what to tell a reader about filters that could not be used. What is no page number is an error.

        Unknown parameters are left alone: links from newsletters carry them.
        """
        refuse(problem for problem in self.problems if problem.parameter == "page" and not problem.notice)
        told = [problem.notice or f"Pominięto: {problem.message}" for problem in self.problems if problem.known]
        return self.query, tuple(told)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise BadRequest that lists the problems; do nothing where there are none."""
    details = [problem.message for problem in problems]
    if details:
        raise BadRequest("Nie rozumiemy parametrów zapytania. Popraw je i spróbuj ponownie.", details)


def read_query(params: Multi, taxonomy: Taxonomy, allowed: Sequence[str] = SEARCH_PARAMETERS) -> ParsedParameters:
    """The search that a request is for. Values are checked against the taxonomy; empty ones, as a form sends, mean nothing."""
    given, problems = collect(params, allowed, several=FACETS, texts=("q",))
    filters: dict[str, list[str]] = {}
    for name, facet in FACETS.items():
        labels = taxonomy.labels(name)
        values = given.get(name, ())
        if len(values) > limits.FACET_VALUES:
            problems.append(Problem(name, f"{name}: można podać najwyżej {limits.FACET_VALUES} różnych wartości."))
        for value in values[: limits.FACET_VALUES]:
            problem = _facet_problem(facet, value, labels)
            if problem:
                problems.append(Problem(name, problem, notice=_facet_notice(facet, value, labels)))
            else:
                filters.setdefault(name, []).append(value)
    sort = _only(given, "sort", "relevance")
    if sort not in get_args(Sort):
        problems.append(
            Problem(
                "sort",
                f"sort = „{_shown(sort)}”: możliwe wartości to {', '.join(get_args(Sort))}.",
                notice=_UNKNOWN_ORDER,
            )
        )
        sort = "relevance"
    per_page = _number(given, "per_page", DEFAULT_PER_PAGE, limits.RESULTS_A_PAGE, problems)
    page = _number(given, "page", 1, None, problems)
    if (page - 1) * per_page > limits.LAST_RESULT:
        most = messages.grouped(limits.LAST_RESULT)
        message = f"page = {page}: można przejrzeć najwyżej pierwszych {most} dokumentów."
        notice = f"Przejrzeć można najwyżej pierwszych {most} dokumentów. Do dalszych dotrzesz, gdy zawęzisz wyniki filtrami."
        problems.append(Problem("page", message, notice=notice))
        page = limits.LAST_RESULT // per_page
    text = _only(given, "q", "")
    problems += _query_problems(text)
    query = make_query(text, filters, sort=sort, page=page, per_page=per_page)
    return ParsedParameters(query, tuple(problems))


def read_export(params: Multi, taxonomy: Taxonomy) -> tuple[Query, str, list[Problem]]:
    """The search whose whole list is asked for, the format (BibTeX unless said), and every problem with them."""
    listed = ("q", *FACETS, "sort", "format")
    parsed = read_query(params, taxonomy, listed)
    problems = [problem for problem in parsed.problems if not (problem.parameter == "q" and problem.notice)]
    given, _ = collect(params, listed, several=FACETS, texts=("q",))
    return parsed.query, _only(given, "format", "bibtex"), problems


def collect(
    params: Multi, allowed: Collection[str], several: Collection[str] = (), texts: Collection[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Values by name, cleaned of control characters, and problems: unknown names, single ones given twice, too much of any.

    Values of ``texts`` may have any length: who reads them knows how much to read.
    """
    given: dict[str, dict[str, None]] = {}
    problems: list[Problem] = []
    unknown: set[str] = set()
    pairs = params.multi_items()
    if len(pairs) > limits.PARAMETERS:
        message = f"parametry: można podać najwyżej {limits.PARAMETERS}, podano {len(pairs)}."
        problems.append(
            Problem("", message, notice=f"Z adresu odczytaliśmy tylko pierwszych {limits.PARAMETERS} parametrów.")
        )
    for name, value in pairs[: limits.PARAMETERS]:
        if name not in allowed:
            if name not in unknown:
                unknown.add(name)
                problems.append(Problem(_shown(name), _unknown(name, allowed), known=False))
        elif name not in texts and len(value) > limits.PARAMETER_CHARACTERS:
            problems.append(Problem(name, _too_long(name, limits.PARAMETER_CHARACTERS, len(value))))
        elif cleaned := _CONTROL.sub(" ", value).strip():
            given.setdefault(name, {})[cleaned] = None
    for name, values in given.items():
        if name not in several and len(values) > 1:
            problems.append(Problem(name, f"{name}: ten parametr można podać tylko raz."))
    return {name: tuple(values) for name, values in given.items()}, problems


def whole_number(text: str) -> int | None:
    """A number as people type it, at most nine digits; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _query_problems(text: str) -> Iterator[Problem]:
    """What of a query is not read because it is too long."""
    if len(text) > limits.QUERY_CHARACTERS:
        message = _too_long("q", limits.QUERY_CHARACTERS, len(text))
        notice = f"Zapytanie jest bardzo długie. Uwzględniliśmy tylko pierwszych {limits.QUERY_CHARACTERS} znaków."
        yield Problem("q", message, notice=notice)
    clauses = parse(cut(text))
    read = first_words(clauses)
    if read != clauses:
        message = (
            f"q: można podać najwyżej {messages.counted(limits.QUERY_WORDS, *_WORD_FORMS)} "
            f"({limits.QUERY_WORDS_IN_ALL} razem z takimi jak „i” czy „na”)."
        )
        yield Problem(
            "q", message, notice=f"Pytanie ma zbyt wiele słów. Uwzględniliśmy tylko początek: {print_clauses(read)}"
        )


def _too_long(name: str, most: int, given: int) -> str:
    characters = messages.counted(most, "znak", "znaki", "znaków")
    return f"{name}: wartość może mieć najwyżej {characters}, a ma {messages.grouped(given)}."


def _facet_problem(facet: Facet, value: str, labels: Mapping[str, str]) -> str:
    if re.fullmatch(facet.pattern, value) if facet.pattern else value in labels:
        return ""
    return f"{facet.name} = „{_shown(value)}”: {facet.unknown}{_nearest(value, labels)}"


def _facet_notice(facet: Facet, value: str, labels: Mapping[str, str]) -> str:
    """The same for readers, who know the values by their names."""
    near = difflib.get_close_matches(value[:LONGEST_SHOWN].lower(), list(labels), 1)
    hint = f" Może chodziło o „{labels[near[0]]}”?" if near else ""
    return f"Pominęliśmy filtr „{facet.legend}: {_shown(value)}”: {facet.unknown}.{hint}"


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
    return f"{_shown(name)}: nie ma takiego parametru{_nearest(name, allowed)}"


def _nearest(value: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(value[:LONGEST_SHOWN].lower(), list(known), 1)
    return f". Może chodziło o „{near[0]}”?" if near else "."


def _shown(value: str) -> str:
    value = _CONTROL.sub(" ", value)
    return value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
