"""Repair chooses from the collection's own words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.polish import fold
from kb.reading.vocabulary import Vocabulary

PAGES = {
    "źródła": 9,
    "źródło": 4,
    "zrodła": 1,
    "gmina": 20,
    "gminy": 30,
    "samorząd": 12,
    "samorządu": 15,
    "partnerstwo": 8,
    "dofinansowanie": 6,
    "sąd": 3,
    "sad": 5,
    "rok": 40,
    "2023": 7,
    "20234": 1,
    "cwd2": 1,
}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """Some words with the number of their pages."""
    return Vocabulary(PAGES)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zrodla", ["źródła", "zrodła"]),
        ("źrodlo", ["źródło"]),
        ("sąd", ["sad"]),
        ("sad", ["sąd"]),
        ("ŹRÓDŁA".lower(), ["zrodła"]),
        ("gmina", []),
        ("nieznane", []),
        ("", []),
    ],
)
def test_same_fold(vocabulary: Vocabulary, typed: str, found: list[str]) -> None:
    """Words that differ in diacritics alone, most frequent first, never the word itself."""
    assert vocabulary.same_fold(typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gmian", ["gmina"]),  # exchanged neighbours are one edit
        ("gmna", ["gmina"]),
        ("gminna", ["gmina"]),
        ("gmika", ["gmina"]),
        ("samorzadu", ["samorządu", "samorząd"]),
        ("dofinasowanie", ["dofinansowanie"]),
        ("dofinasowani", ["dofinansowanie"]),  # two edits in a long word
        ("parnerstow", ["partnerstwo"]),
        ("gmxxa", []),  # two edits in a short word
        ("rk", []),
        ("rik", []),  # too short to be sure
        ("2022", []),  # a number is no slip of another
        ("cwd3", []),
        ("zupełniecoinnego", []),
        ("", []),
    ],
)
def test_near(vocabulary: Vocabulary, typed: str, found: list[str]) -> None:
    """The nearest words: one edit, in long words two; none for short words and numbers."""
    assert vocabulary.near(typed) == found


def test_near_prefers_fewer_edits_to_more_pages() -> None:
    """A word one edit away is meant rather than a frequent one two edits away."""
    vocabulary = Vocabulary({"strategie": 1, "strategią": 1, "tragedia": 500, "strategicznie": 900})
    assert set(vocabulary.near("strategia")) == {"strategie", "strategią"}


def test_near_orders_by_pages_then_by_letters() -> None:
    """Equally near words come most frequent first and always in the same order."""
    assert Vocabulary({"karta": 2, "kasta": 7, "kabta": 2}).near("kaata") == ["kasta", "kabta", "karta"]


def test_empty_vocabulary() -> None:
    """A collection without words repairs nothing."""
    empty = Vocabulary({})
    assert "gmina" not in empty
    assert empty.near("samorzad") == empty.same_fold("gmina") == []


@pytest.mark.parametrize("near", ["honorii", "onoria", "hhonoria", "hnooria", "honoriź", "honorią"])
def test_one_edit_away_holds_each_slip(near: str) -> None:
    """A letter more, less, other or exchanged, Polish letters too."""
    assert near in set(Vocabulary.one_edit_away("honoria"))


@pytest.mark.parametrize("word", ["", "abc", "cwd2", "12345"])
def test_one_edit_away_leaves_short_words_and_numbers_alone(word: str) -> None:
    """What cannot be repaired with any certainty is not tried."""
    assert list(Vocabulary.one_edit_away(word)) == []


@given(st.text(max_size=20))
@example("zrodlaa")
def test_what_is_found_is_in_the_collection(typed: str) -> None:
    """Any text has an answer, of words that the collection has, at most two edits away in length."""
    vocabulary = Vocabulary(PAGES)
    for word in vocabulary.near(typed):
        assert word in vocabulary
        assert abs(len(fold(word)) - len(fold(typed))) <= 2
    for word in vocabulary.same_fold(typed):
        assert fold(word) == fold(typed)


@given(st.text(st.sampled_from("aąbłz"), min_size=4, max_size=9))
def test_one_edit_away_is_linear(word: str) -> None:
    """The number of tries grows with the word's length alone."""
    assert len(list(Vocabulary.one_edit_away(word))) <= (len(word) + 1) * 75


def test_every_word_of_a_large_collection_is_compared() -> None:
    """However many words there are of one length, the nearest is found, whichever came first."""
    letters = "abcdefghij"
    words = [f"ryba{a}{b}{c}{d}" for a in letters for b in letters for c in letters for d in letters]
    vocabulary = Vocabulary(dict.fromkeys(words, 1))
    for word in (words[0], words[5_000], words[-1]):
        assert word in vocabulary.near(f"{word}x")
