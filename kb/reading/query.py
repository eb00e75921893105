"""What was typed ↔ clauses. No input is ever an error; the text printed from clauses parses to the same clauses.

„cudzysłów”, "cudzysłów" and «cudzysłów» mean exactly these forms in this order, also for a single word; ``-słowo`` leaves
out pages with the word in any form. An unpaired quotation mark, a lone hyphen and punctuation are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kb.model import Clause, ClauseKind, Query
from kb.polish import normalise, words

_QUOTES = '„”“‟"«»″'
_PART = re.compile(
    rf"(?P<minus>(?<!\S)[-−])?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]|(?P<word>[^\s{_QUOTES}]+))"
)
LONGEST_QUERY = 1_000
"""Characters of a query that are read: nobody asks longer questions, and every word takes time."""


def parse(text: str) -> tuple[Clause, ...]:
    """The clauses of a typed query, in order."""
    clauses: list[Clause] = []
    for part in _PART.finditer(normalise(text)):
        excluded = part["minus"] is not None
        if part["phrase"] is not None:
            found = tuple(words(part["phrase"]))
            if found:
                clauses.append(Clause(kind=ClauseKind.PHRASE, words=found, excluded=excluded))
        else:
            found = tuple(words(part["word"]))
            if excluded and found:
                clauses.append(Clause(kind=ClauseKind.WORD, words=found, excluded=True))
            else:
                clauses.extend(Clause(kind=ClauseKind.WORD, words=(word,)) for word in found)
    return tuple(clauses)


def print_clauses(clauses: Sequence[Clause]) -> str:
    """A text that parses to the clauses."""
    return " ".join(
        ("-" if clause.excluded else "")
        + (f"„{' '.join(clause.words)}”" if clause.kind is ClauseKind.PHRASE else "-".join(clause.words))
        for clause in clauses
    )


def literal(clauses: Sequence[Clause], word: str) -> str:
    """The query in which ``word`` is put in quotation marks, so that it is taken as typed."""
    return print_clauses(
        [
            Clause(kind=ClauseKind.PHRASE, words=clause.words, excluded=clause.excluded)
            if clause.kind is ClauseKind.WORD and clause.words == (word,)
            else clause
            for clause in clauses
        ]
    )


def make_query(text: str, filters: Mapping[str, Sequence[str]] | None = None, **rest: object) -> Query:
    """A query from what was typed. Long texts are cut at a word; filters without values are left out."""
    text = normalise(text).strip()
    if len(text) > LONGEST_QUERY:
        text = text[:LONGEST_QUERY].rsplit(None, 1)[0]
    kept = {name: tuple(values) for name, values in (filters or {}).items() if values}
    return Query(text=text, clauses=parse(text), filters=kept, **rest)  # type: ignore[arg-type]
