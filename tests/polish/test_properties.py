"""What holds of any text that goes through the analyzer."""

from __future__ import annotations

import unicodedata
from itertools import chain

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kb import limits
from kb.finding.beginnings import beginnings
from kb.polish import (
    _AT_ONCE,
    Analyzer,
    fold,
    is_plain,
    is_stop_word,
    normalise,
    places,
    shared_analyzer,
    surface,
    word_at,
    words,
)

POLISH = "aąbcćdeęfghijklłmnńoóprsśtuwyzźżAĄBCĆDEĘFGHIJKLŁMNŃOÓPRSŚTUWYZŹŻ"
TEXT = st.text() | st.text(st.sampled_from(POLISH + "  -–.,„”0123456789§"))
WORD = st.from_regex(r"[^\W_]+", fullmatch=True) | st.text(st.sampled_from(POLISH), min_size=1)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The real dictionary and stemmer."""
    return shared_analyzer()


@given(TEXT)
@example("Zażółć gęślą jaźń, Łódź")
def test_decomposed_text_is_the_same_text(text: str) -> None:
    """NFC and NFD of a text have the same words."""
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert words(normalise(composed)) == words(normalise(decomposed))


@given(TEXT)
@example("a\u0301")
@example("raz\u200bdwa")
@example("\x00")
def test_plain_text_needs_nothing(text: str) -> None:
    """Plain text is NFC, has ink or blanks alone, and is known by each of its characters."""
    assert is_plain(text) == all(map(is_plain, text))
    if is_plain(text):
        assert unicodedata.is_normalized("NFC", text)
        assert all(c.isprintable() or c in "\t\n" for c in text)


@given(
    st.lists(st.sampled_from(["a", "łąka", "ż" * 90, " ", ".", "§", "_", "a\u0301", "w" * 50])).map("".join),
    st.integers(0, 90),
)
def test_words_of_a_long_text_are_found_piece_by_piece(text: str, before: int) -> None:
    """No step looks at more than a piece of the text, and a word on the border of two is there once, and whole."""
    padded = "." * (_AT_ONCE - before) + text
    pieces = list(places(padded))
    assert words(padded) == [place[0] for piece in pieces for place in piece] == words(text)
    assert all(piece[-1].end() - piece[0].start() <= _AT_ONCE for piece in pieces if piece)
    assert beginnings(padded).tolist() == [place.start() for piece in pieces for place in piece]


@given(TEXT)
@example("§§ 1–2 ½ a\u0301 \U0001d400\U0001d401 \U0001f600 x_y")
@example("")
def test_places_are_the_words_where_they_stand(text: str) -> None:
    """Each place is a word of the text, in order, none overlapping; each begins where it is said to, and is read there."""
    found = list(chain.from_iterable(places(text)))
    assert [place[0] for place in found] == words(text)
    assert beginnings(text).tolist() == [place.start() for place in found]
    assert [word_at(text, place.start())[0] for place in found] == words(text)
    at = 0
    for place in found:
        assert text[place.start() : place.end()] == place[0]
        assert at <= place.start() < place.end()
        at = place.end()


@given(TEXT)
@example("Łódź ŁÓDŹ ßæœø đ")
@example("ﬁ Ŀ ½ ㎏ ẛ̣ Ǆ ᴭ")
def test_folding_again_changes_nothing(text: str) -> None:
    """Folding is idempotent."""
    assert fold(fold(text)) == fold(text)


@given(WORD)
@example("ł")
def test_a_word_never_folds_to_nothing(word: str) -> None:
    """A word that is folded is still something to look for."""
    assert fold(word)


@given(WORD)
@example("ą")
@example("Zażółć")
@example("em")
def test_terms_are_never_empty(analyzer: Analyzer, word: str) -> None:
    """Each word has terms, each of them is a folded text, none stands twice."""
    terms = analyzer.terms(word)
    assert terms
    assert all(terms)
    assert len(set(terms)) == len(terms)
    assert [fold(term) for term in terms] == list(terms)


@given(st.lists(WORD, min_size=1, max_size=5))
@settings(max_examples=25)
def test_terms_depend_on_the_word_alone(analyzer: Analyzer, typed: list[str]) -> None:
    """A query and a document get the same terms, whatever each has analysed before."""
    fresh = shared_analyzer()
    assert [fresh.terms(word) for word in typed] == [analyzer.terms(word) for word in reversed(typed)][::-1]


LONG = st.builds(
    lambda unit, length: (unit * length)[:length],
    st.text(st.sampled_from(POLISH), min_size=1, max_size=5),
    st.integers(limits.WORD_CHARACTERS + 1, 1000),
)


@given(LONG, LONG)
@example("dwu" * 12_000, "dwu")
@example("Ż" * 65, "ó" * 65)
def test_an_overlong_word_is_its_beginning(analyzer: Analyzer, word: str, after: str) -> None:
    """A query and a text have the same surface and terms for an overlong word, for its beginning and for a longer one."""
    beginning = word[: limits.WORD_CHARACTERS]
    assert words(word) == words(beginning) == words(word + after) == [beginning]
    assert words(f"{word}-{word}, {word}_a") == [beginning, beginning, beginning, "a"]
    assert [place.span() for piece in places(f" {word} a") for place in piece] == [
        (1, 1 + len(beginning)),
        (len(word) + 2, len(word) + 3),
    ]
    assert analyzer.terms(word) == analyzer.terms(beginning)
    assert max(map(len, analyzer.terms(word))) <= limits.WORD_CHARACTERS


@pytest.mark.parametrize("word", ["dwu" * 12_000, "Dwu" * 12_000, "pół" * 7_000, "a" * 60_000, "1" * 20_000])
def test_the_dictionary_never_gets_a_long_word(word: str) -> None:
    """Whatever asks the analyzer, Morfeusz, which would crash, is given the beginning alone."""
    analyzer = Analyzer()
    counting = _Counting(analyzer._morfeusz)
    analyzer._morfeusz = counting
    analyzer.terms(word)
    analyzer.lemmas(word)
    analyzer.known(word)
    analyzer.is_given_name(word)
    assert counting.asked
    assert max(map(len, counting.asked)) <= limits.WORD_CHARACTERS


@given(st.text(st.sampled_from(POLISH), min_size=1))
def test_surface_keeps_diacritics_and_drops_capitals(word: str) -> None:
    """The surface form is the word in small letters."""
    assert surface(word) == surface(word.upper()) == surface(surface(word))
    assert len(surface(word)) == len(word)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Łódź", "Lodz"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "ZAZOLC GESLA JAZN"),
        ("Straße", "Strasse"),
        ("Ørsted", "Orsted"),
        ("Đorđe", "Dorde"),
        ("Malmö", "Malmo"),
        ("Москва", "Москва"),
        ("2021", "2021"),
        ("", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    """Marks go, ł and its like become plain letters, other scripts stay what they are."""
    assert fold(typed) == folded


@pytest.mark.parametrize("word", ["w", "we", "z", "się", "Który", "ŻE", "gdzie", "czym", "komu", "według"])
def test_function_words(word: str) -> None:
    """Function words are known in any letter case."""
    assert is_stop_word(word)


@pytest.mark.parametrize("word", ["gmina", "rok", "rada", "cel", "nie wiem", "zrodlo", ""])
def test_content_words_are_no_function_words(word: str) -> None:
    """A word that somebody may look for is not left out."""
    assert not is_stop_word(word)


class _Counting:
    """Counts what is asked of the dictionary."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.asked: list[str] = []

    def analyse(self, word: str) -> object:
        """Ask the dictionary."""
        self.asked.append(word)
        return self._real.analyse(word)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["gmina gminy gminie gminą", "xqzt Xqzv XQZW", "Kwaśniewskiego w Krakowie i Łodzi"])
def test_work_grows_with_new_words_alone(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A word asks the dictionary at most twice, however often and long the text: no part of the work is quadratic."""
    analyzer = shared_analyzer()
    counting = _Counting(analyzer._morfeusz)
    monkeypatch.setattr(analyzer, "_morfeusz", counting)
    for word in words(" ".join([text] * 50)):
        analyzer.terms(word)
    assert len(counting.asked) <= 2 * len(set(words(text)))
    assert set(counting.asked) <= {form for word in words(text) for form in (word, word.lower())}
