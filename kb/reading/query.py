"""What was typed ↔ clauses. No input is ever an error; the text printed from clauses parses to the same clauses.

„cudzysłów”, "cudzysłów" and «cudzysłów» mean these forms in this order, also for a single word: exactly so where nothing else
is asked for, first of all beside other words; ``+„cudzysłów”`` means exactly so everywhere. ``-słowo`` leaves out pages with
the word in any form. An unpaired quotation mark, a lone hyphen and punctuation are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kb.limits import QUERY_CHARACTERS, QUERY_WORDS, QUERY_WORDS_IN_ALL
from kb.model import Clause, ClauseKind, Query
from kb.polish import is_stop_word, normalise, words

_QUOTES = '„”“‟"«»″'
_PART = re.compile(
    rf"(?P<minus>(?<!\S)[-−])?(?P<plus>(?<!\S)\+(?=[{_QUOTES}]))?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]|(?P<word>[^\s{_QUOTES}]+))"
)


def parse(text: str) -> tuple[Clause, ...]:
    """The clauses of a typed query, in order."""
    clauses: list[Clause] = []
    for part in _PART.finditer(normalise(text)):
        excluded = part["minus"] is not None
        if part["phrase"] is not None:
            found = tuple(words(part["phrase"]))
            if found:
                clauses.append(_phrase(found, excluded=excluded, exact=part["plus"] is not None))
        else:
            found = tuple(words(part["word"]))
            if excluded and found:
                clauses.append(Clause(kind=ClauseKind.WORD, words=found, excluded=True))
            else:
                clauses.extend(Clause(kind=ClauseKind.WORD, words=(word,)) for word in found)
    return tuple(clauses)


def _phrase(found: tuple[str, ...], *, excluded: bool, exact: bool) -> Clause:
    return Clause(kind=ClauseKind.PHRASE, words=found, excluded=excluded, exact=exact)


def print_clauses(clauses: Sequence[Clause]) -> str:
    """A text that parses to the clauses."""
    return " ".join(
        ("-" if clause.excluded else "+" if clause.exact else "")
        + (f"„{' '.join(clause.words)}”" if clause.kind is ClauseKind.PHRASE else "-".join(clause.words))
        for clause in clauses
    )


def literal(clauses: Sequence[Clause], word: str) -> str:
    """The query in which ``word`` is taken exactly as typed."""
    return print_clauses(taken_literally(clauses, {word}))


def taken_literally(clauses: Sequence[Clause], typed: Collection[str]) -> list[Clause]:
    """The clauses in which these words stand in quotation marks, so that they are taken exactly as typed."""
    beside_others = len(clauses) > 1
    return [
        Clause(kind=ClauseKind.PHRASE, words=clause.words, exact=beside_others)
        if clause.kind is ClauseKind.WORD and not clause.excluded and clause.words[0] in typed
        else clause
        for clause in clauses
    ]


def make_query(text: str, filters: Mapping[str, Sequence[str]] | None = None, **rest: object) -> Query:
    """A query from what was typed. Long texts are cut: so many characters, so many words. Filters without values are left out."""
    text = cut(text)
    clauses = parse(text)
    read = first_words(clauses)
    if read != clauses:
        text = print_clauses(read)
    kept = {name: tuple(values) for name, values in (filters or {}).items() if values}
    return Query(text=text, clauses=read, filters=kept, **rest)  # type: ignore[arg-type]


def cut(text: str) -> str:
    """The part of a typed text that is read: as much as a query may have, cut at a word."""
    # Composed characters are at most three times as many; what is cut off needs no normalising.
    text = normalise(text[: 4 * QUERY_CHARACTERS]).strip()
    return text if len(text) <= QUERY_CHARACTERS else text[:QUERY_CHARACTERS].rsplit(None, 1)[0]


def first_words(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """The clauses that are looked for: as many words, from the first on, as a query may have.

    A phrase is cut where the words end; an exclusion is kept whole or not at all, since half of it would exclude more.
    """
    content, others = QUERY_WORDS, QUERY_WORDS_IN_ALL
    kept: list[Clause] = []
    for clause in clauses:
        fitting: list[str] = []
        for word in clause.words:
            content -= not is_stop_word(word)
            others -= 1
            if content < 0 or others < 0:
                if fitting and not clause.excluded:
                    kept.append(replace(clause, words=tuple(fitting)))
                return tuple(kept)
            fitting.append(word)
        kept.append(clause)
    return tuple(kept)
