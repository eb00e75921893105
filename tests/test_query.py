"""What is typed becomes clauses, and clauses print to a text that means the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.limits import QUERY_CHARACTERS
from kb.model import Clause, ClauseKind
from kb.reading.query import literal, make_query, parse, print_clauses

TYPED = st.text() | st.text(st.sampled_from("gmina źrodła 12 „”\"«»“‟″--−–.,:!?'()[]*~^&|\\/%\n\t"))


def word(*parts: str, excluded: bool = False) -> Clause:
    """A word, or the halves of a compound to be left out."""
    return Clause(kind=ClauseKind.WORD, words=parts, excluded=excluded)


def phrase(*parts: str, excluded: bool = False) -> Clause:
    """Words in quotation marks."""
    return Clause(kind=ClauseKind.PHRASE, words=parts, excluded=excluded)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", ()),
        ("   \n", ()),
        ("?! … – .", ()),
        ("gmina", (word("gmina"),)),
        ("Źródła dofinansowania", (word("Źródła"), word("dofinansowania"))),
        ("gmina, powiat; miasto", (word("gmina"), word("powiat"), word("miasto"))),
        ("art. 16 ust. 2", (word("art"), word("16"), word("ust"), word("2"))),
        ("Dz.U. 2023 poz. 1440", (word("Dz"), word("U"), word("2023"), word("poz"), word("1440"))),
        ("społeczno-gospodarczy", (word("społeczno"), word("gospodarczy"))),
        ("Bielsko–Biała", (word("Bielsko"), word("Biała"))),
        ("„rozwój lokalny”", (phrase("rozwój", "lokalny"),)),
        ('"rozwój lokalny"', (phrase("rozwój", "lokalny"),)),
        ("«rozwój lokalny»", (phrase("rozwój", "lokalny"),)),
        ("“rozwój lokalny”", (phrase("rozwój", "lokalny"),)),
        ('„rozwój lokalny"', (phrase("rozwój", "lokalny"),)),
        ("„gminą”", (phrase("gminą"),)),
        ("„rozwój”lokalny", (phrase("rozwój"), word("lokalny"))),
        ("plan „rozwój lokalny” gminy", (word("plan"), phrase("rozwój", "lokalny"), word("gminy"))),
        ("„społeczno-gospodarczy, plan”", (phrase("społeczno", "gospodarczy", "plan"),)),
        ("„”", ()),
        ("„ – ”", ()),
        ("„rozwój lokalny", (word("rozwój"), word("lokalny"))),
        ("rozwój lokalny”", (word("rozwój"), word("lokalny"))),
        ('"rozwój" "', (phrase("rozwój"),)),
        ("gmina -powiat", (word("gmina"), word("powiat", excluded=True))),
        ("gmina −powiat", (word("gmina"), word("powiat", excluded=True))),
        ("gmina - powiat", (word("gmina"), word("powiat"))),
        ("gmina -„rada gminy”", (word("gmina"), phrase("rada", "gminy", excluded=True))),
        ("-społeczno-gospodarczy", (word("społeczno", "gospodarczy", excluded=True),)),
        ("gmina--powiat", (word("gmina"), word("powiat"))),
        ("gmina --", (word("gmina"),)),
        ("-", ()),
        ("a AND b OR NOT c", tuple(map(word, ["a", "AND", "b", "OR", "NOT", "c"]))),
        ("gmin* (rada) tytuł:plan", tuple(map(word, ["gmin", "rada", "tytuł", "plan"]))),
        ("%00 \0 <b>", tuple(map(word, ["00", "b"]))),
        ("🏛 gmina 🏛", (word("gmina"),)),
    ],
)
def test_parse(text: str, clauses: tuple[Clause, ...]) -> None:
    """A text is read as its row says."""
    assert parse(text) == clauses


@given(TYPED)
@example("-„a")
@example("a-„b”")
@example("-a-„b”-c")
@example("„a” -“b‟")
@example("a --b")
def test_printed_clauses_parse_to_the_same(text: str) -> None:
    """Whatever is typed is read without an error, and what is printed of it is read alike."""
    clauses = parse(text)
    assert parse(print_clauses(clauses)) == clauses
    assert all(clause.words for clause in clauses)


@given(TYPED)
def test_decomposed_text_is_read_alike(text: str) -> None:
    """A query pasted from macOS is the same query."""
    assert parse(unicodedata.normalize("NFD", text)) == parse(unicodedata.normalize("NFC", text))


def test_literal_puts_just_that_word_in_quotation_marks() -> None:
    """The way back from a repair takes the word as typed and leaves the rest of the query alone."""
    clauses = parse("zrodla finansowania zrodla „zrodla wody”")
    undone = literal(clauses, "zrodla")
    assert undone == "+„zrodla” finansowania +„zrodla” „zrodla wody”"
    assert parse(undone)[1] == word("finansowania")


def test_long_text_is_cut_at_a_word() -> None:
    """Of a text pasted by mistake the beginning is read, whole words only."""
    query = make_query("samorząd " * 400)
    assert len(query.text) <= QUERY_CHARACTERS
    assert {clause.words for clause in query.clauses} == {("samorząd",)}


@given(st.text(min_size=QUERY_CHARACTERS + 1, max_size=3 * QUERY_CHARACTERS, alphabet="aą ł-„”"))
@example("a" * 3_000)
def test_long_text_is_still_a_query(text: str) -> None:
    """No length is an error, and what is kept fits the limit."""
    query = make_query(text)
    assert len(query.text) <= QUERY_CHARACTERS
    assert query.clauses == parse(query.text)


def test_filters_without_values_are_left_out() -> None:
    """A facet with nothing chosen is no filter."""
    assert make_query("gmina", {"edition": [], "topic": ["transport"]}).filters == {"topic": ("transport",)}


def test_invisible_characters_in_a_query() -> None:
    """What comes along when words are copied from a page does not break them, also in a phrase."""
    typed = "re\u00adkul\u00adty\u200bwacja „skła\u00addo\ufeffwiska\u2060 odpadów”"
    assert make_query(typed).clauses == make_query("rekultywacja „składowiska odpadów”").clauses
