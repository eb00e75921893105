"""The analyzer's specification: ``terms.tsv`` says which text finds which.

``+``: each word of ``word`` stands in ``other`` in some form. ``-``: not each. ``=``: as ``+``, but only put up with.
A ``known_gap`` is not yet as it should be, and the row must be moved up when it is.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kb.polish import Analyzer, normalise, shared_analyzer, words


class Row(NamedTuple):
    """A row of the table, as written."""

    word: str
    relation: str
    other: str
    known_gap: str
    why: str


def _rows() -> Iterator[Row]:
    with (Path(__file__).parent / "terms.tsv").open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        table = csv.DictReader(lines, dialect="excel-tab", strict=True)
        assert table.fieldnames == list(Row._fields)
        yield from (Row(**row) for row in table)


ROWS = list(_rows())


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The real dictionary and stemmer."""
    return shared_analyzer()


def _finds(analyzer: Analyzer, word: str, other: str) -> bool:
    there = {term for part in words(normalise(other)) for term in analyzer.terms(part)}
    return all(there & set(analyzer.terms(part)) for part in words(normalise(word)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.word} {row.relation} {normalise(row.other)}")
def test_row(analyzer: Analyzer, row: Row) -> None:
    """A text finds just what its row says; a known gap is still one."""
    wanted = row.relation in ("+", "=")
    assert _finds(analyzer, row.word, row.other) == (wanted != bool(row.known_gap)), row.why


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.relation == "+" and not row.known_gap], ids=lambda r: r.other
)
def test_letter_case_and_decomposition_do_not_matter(analyzer: Analyzer, row: Row) -> None:
    """What finds a text also finds it in small letters, in capitals and with marks apart from their letters."""
    for other in (row.other.lower(), row.other.upper(), unicodedata.normalize("NFD", row.other)):
        assert _finds(analyzer, row.word, other), other


def test_table_is_sound() -> None:
    """Each row has known columns, says something of two texts and stands once; gaps stay few and each kind is there."""
    assert len(ROWS) >= 220
    assert len({row[:3] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.relation in ("+", "-", "=")
        assert row.known_gap in ("", "gap")
        assert words(row.word)
        assert words(row.other)
        assert row.why
        assert unicodedata.is_normalized("NFC", row.other) == (row.why != "NFD"), (
            "an editor has changed the row's bytes"
        )
    kinds = [row.relation for row in ROWS]
    assert min(kinds.count("+"), kinds.count("-")) >= 80
    assert sum(bool(row.known_gap) for row in ROWS) <= 20
