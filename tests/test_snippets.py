"""Snippets: the right fragment, cut where people would cut it, with what was found marked and all else escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.engine import Concept, Form
from kb.engine.analysis import Analysis
from kb.finding.snippets import SNIPPET_CHARACTERS, Highlighter
from kb.polish import shared_analyzer, surface

ANALYZER = shared_analyzer()
FILLER = "Zupełnie inne zdanie o czymś, czego nikt tutaj nie szuka. "


def lemma(*words: str) -> Concept:
    """Words in any form, one after the other."""
    return Concept(label="", forms=(Form(field="lemma", steps=tuple(ANALYZER.terms(word) for word in words)),))


def exact(*words: str, **flags: bool) -> Concept:
    """Words just as written, one after the other."""
    form = Form(field="surface", steps=tuple((surface(word),) for word in words))
    return Concept(label="", forms=(form,), **flags)


def highlighter(*concepts: Concept, weights: Sequence[float] = ()) -> Highlighter:
    """Marks these concepts; equally telling unless said otherwise."""
    return Highlighter(ANALYZER, concepts, weights or [1.0] * len(concepts))


def marked(html: str) -> list[str]:
    """What stands between the marks."""
    return [unescape(found) for found in re.findall("<mark>(.*?)</mark>", html, re.DOTALL)]


def plain(html: str) -> str:
    """A snippet's text without its marks and ellipses."""
    return unescape(re.sub("</?mark>", "", html)).removeprefix("… ").removesuffix(" …")


def known(marking: Highlighter, written: Sequence[str]) -> list[int]:
    """What the index knows of a text of these words: the numbers of those that it has under a term of the query."""
    words = [Analysis(ANALYZER)[word] for word in written]
    return [
        number
        for number, word in enumerate(words)
        if word.surface in marking.terms["surface"]
        or (not word.function and not marking.terms["lemma"].isdisjoint(word.terms))
    ]


def undotted(text: str) -> str:
    """The words alone: in a snippet the ends of lines are dots between them."""
    return " ".join(text.replace("·", " ").split())


# What is marked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gmina i gminy, w gminie; GMIN.", ["Gmina", "gminy", "gminie", "GMIN"]),
        ("Gmach przy gminnej drodze.", []),
        ("miasto-gmina", ["gmina"]),
        ("gminą(gminą)", ["gminą", "gminą"]),
    ],
)
def test_inflected_forms_are_marked(text: str, found: list[str]) -> None:
    """Each form of the word is marked, whole words only."""
    assert marked(highlighter(lemma("gmina")).mark_all(text)) == found


WRITTEN = ("rok", "Roku", "ROKU", "gmina", "Gminy", "gminie", "rada", "RADY", "w", "A", "a", "mamy", "Mam", "pod")


@given(
    st.lists(st.sampled_from(WRITTEN), max_size=30),
    st.lists(st.sampled_from(["rok", "gmina", "rada", "mama", "a"]), min_size=1, max_size=3),
)
def test_what_the_index_knows_leaves_the_same_marks(written: list[str], asked: list[str]) -> None:
    """With the words that the index has under the query's terms the marks are those of a text that is analysed.

    The index has no terms of function words, which are marked all the same: „roku” for „rok”.
    """
    marking = highlighter(*map(lemma, asked), exact("rada", "gminy"), lemma("mama", "gmina"))
    among, text = known(marking, written), ", ".join(written)
    assert marking.marks(text, among) == marking.marks(text)
    assert marking.fragment(text, among=among) == marking.fragment(text)


@pytest.mark.parametrize("before", range(19_970, 20_010, 3))
def test_a_long_text_is_marked_where_it_is_cut(before: int) -> None:
    """Wherever a phrase stands in a text that is gone through in pieces, it has its mark, and so has what comes after it."""
    filler = "mur"
    written = [*[filler] * (before // 4), "z" * (before % 4 + 1), "rada", "gminy", "roku", *[filler] * 9_000, "radą"]
    marking = highlighter(exact("rada", "gminy"), lemma("rok"), lemma("rada"))
    text = " ".join(written)
    found = [text[mark.start : mark.end] for mark in marking.marks(text)]
    assert found == ["rada gminy", "roku", "radą"]
    assert marking.marks(text, known(marking, written)) == marking.marks(text)


def test_of_a_word_that_stands_everywhere_the_beginning_is_enough() -> None:
    """Of a page with a word of the query in each cell a snippet comes from its first thousands: the work has a limit."""
    marking = highlighter(lemma("gmina"), lemma("rada"), weights=[1.0, 2.0])
    table = "gmina " * 20_000
    assert len(marking.marks(table, enough=100)) == 101
    assert len(marking.marks(table)) == 20_000
    assert "rada" in plain(marking.fragment("gmina " * 500 + "rada " + table).html)
    assert marking.fragment(table + "rada").place == 0


def test_an_exact_form_marks_no_other() -> None:
    """What was asked for in quotation marks is marked in just that form, in any letter case."""
    assert marked(highlighter(exact("gminie")).mark_all("Gmina w gminie, GMINIE.")) == ["gminie", "GMINIE"]


def test_a_phrase_is_marked_as_one() -> None:
    """A phrase gets one mark over all its words and what stands between them; its words alone get none."""
    html = highlighter(exact("rada", "gminy")).mark_all("Rada gminy, a rada miasta i gminy. RADA\nGMINY")
    assert marked(html) == ["Rada gminy", "RADA\nGMINY"]


def test_the_longest_phrase_wins() -> None:
    """Where a word, a phrase and a longer phrase begin at one place, the longest is marked."""
    asked = highlighter(lemma("rada"), lemma("rada", "gminy"), lemma("rada", "gminy", "Zalesie"))
    assert marked(asked.mark_all("Rady gminy Zalesie, rada gminy, rada.")) == [
        "Rady gminy Zalesie",
        "rada gminy",
        "rada",
    ]


def test_a_gap_in_a_phrase_is_any_word() -> None:
    """A synonym with a function word inside is marked as a whole."""
    form = Form(field="lemma", steps=(ANALYZER.terms("opieka"), (), ANALYZER.terms("odległość")))
    asked = highlighter(Concept(label="", forms=(form,)))
    assert marked(asked.mark_all("Opieka na odległość i opieka odległości.")) == ["Opieka na odległość"]


@pytest.mark.parametrize("flag", ["excluded", "bonus"])
def test_what_was_not_asked_for_is_not_marked(flag: str) -> None:
    """Neither excluded words nor what only adds to a score are marked."""
    asked = highlighter(lemma("gmina"), exact("powiat", **{flag: True}))
    assert marked(asked.mark_all("Powiat i gmina, powiat.")) == ["gmina"]


def test_text_is_escaped() -> None:
    """Whatever stands in a document, the only markup is the mark."""
    text = '<script>alert("gmina")</script> & <mark>gmina</mark>'
    for html in (highlighter(lemma("gmina")).mark_all(text), highlighter(lemma("gmina")).snippet(text)):
        assert re.sub("</?mark>", "", html) == (
            "&lt;script&gt;alert(&quot;gmina&quot;)&lt;/script&gt; &amp; &lt;mark&gt;gmina&lt;/mark&gt;"
        )
        assert marked(html) == ["gmina", "gmina"]


# Which fragment


def test_short_text_is_shown_whole() -> None:
    """A text that fits has no ellipsis."""
    assert highlighter(lemma("gmina")).snippet("Jedna gmina.") == "Jedna <mark>gmina</mark>."
    assert highlighter(lemma("gmina")).snippet("") == ""


@pytest.mark.parametrize("asked", [(), ("powiat",)])
def test_without_a_mark_the_beginning_is_shown(asked: tuple[str, ...]) -> None:
    """Where nothing was asked for, or only the title has it, the text's beginning is shown."""
    text = "To jest początek. " + FILLER * 20
    snippet = highlighter(*map(lemma, asked)).snippet(text)
    assert snippet.startswith("To jest początek. Zupełnie")
    assert snippet.endswith(" …")


def test_snippet_begins_with_the_sentence() -> None:
    """Where the sentence of the mark begins near, the snippet begins there, without an ellipsis before it."""
    text = FILLER * 10 + "W tej gminie jest strategia. " + FILLER * 10
    assert (
        highlighter(lemma("strategia")).snippet(text).startswith("W tej gminie jest <mark>strategia</mark>. Zupełnie")
    )


def test_snippet_begins_with_a_word_of_a_long_sentence() -> None:
    """In a sentence without a near beginning it is cut between words, and says so."""
    text = "bardzo długie słowa " * 30 + "strategia " + "oraz inne słowa " * 30
    snippet = highlighter(lemma("strategia")).snippet(text)
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert set(plain(snippet).split()) <= set(text.split())


def test_an_abbreviation_ends_no_sentence() -> None:
    """„art. 16" and „2023 r. rada" are in the middle of a sentence."""
    text = FILLER * 10 + "Na podstawie art. 16 ust. 2 z 2023 r. strategia obowiązuje. " + FILLER * 10
    assert plain(highlighter(lemma("strategia")).snippet(text)).startswith(
        "Na podstawie art. 16 ust. 2 z 2023 r. strategia"
    )


def test_densest_place_is_shown() -> None:
    """Where several of the words stand together, rather than the first of them."""
    text = "Sama gmina. " + FILLER * 10 + "Strategia gminy i powiatu. " + FILLER * 10 + "Powiat sam."
    snippet = highlighter(lemma("gmina"), lemma("strategia"), lemma("powiat")).snippet(text)
    assert marked(snippet) == ["Strategia", "gminy", "powiatu"]


def test_the_first_of_equal_places_is_shown() -> None:
    """Where nothing says which place is better, it is the one that people meet first."""
    text = FILLER * 10 + "Pierwsza gmina. " + FILLER * 10 + "Druga gmina. " + FILLER * 10
    assert "Pierwsza" in highlighter(lemma("gmina")).snippet(text)


def test_telling_words_weigh_more() -> None:
    """One rare word is worth more than two that stand everywhere."""
    text = "Gmina i powiat. " + FILLER * 10 + "Strategia. " + FILLER * 10
    asked = highlighter(lemma("gmina"), lemma("powiat"), lemma("strategia"), weights=[0.1, 0.1, 1.0])
    assert marked(asked.snippet(text)) == ["Strategia"]


def test_a_sentence_that_ends_with_its_line_is_not_set_apart() -> None:
    """After a full stop, a colon or a comma a space is enough."""
    text = "Gmina buduje.\n\nPowiat pyta:\nile,\nkiedy\ni gdzie"
    assert highlighter(lemma("gmina")).snippet(text) == "<mark>Gmina</mark> buduje. Powiat pyta: ile, kiedy · i gdzie"


def test_a_snippet_is_one_line() -> None:
    """A line that ends without a full stop, such as a heading, is set apart from the next."""
    assert (
        highlighter(lemma("gmina")).snippet("Rozdział 1\n\nGmina\t i\u00a0 powiat")
        == "Rozdział 1 · <mark>Gmina</mark> i powiat"
    )


WORDS = st.sampled_from(
    ["gmina", "gminy", "rada", "art.", "Strategia", "r.", "i", "<b>", "&", "…", "–", "powiat.", "\n", "Żółć!"]
)


@given(st.lists(WORDS, max_size=150).map(" ".join) | st.text(max_size=600), st.integers(1, 300))
@example("a" * 1_000, SNIPPET_CHARACTERS)
@example("gmina " + "a" * 1_000, SNIPPET_CHARACTERS)
@example(" " * 1_000 + "gmina", SNIPPET_CHARACTERS)
@example("\n gmina", 1)
@example(" 0", 1)
@example("0\n0", 3)
def test_any_snippet(text: str, characters: int) -> None:
    """A snippet is a piece of the text of about the length that was asked for, well formed, its words whole."""
    snippet = highlighter(lemma("gmina"), exact("rada", "gminy")).snippet(text, characters)
    without_marks = re.sub("</?mark>", "", snippet)
    assert not re.search("[<>]", without_marks)
    assert "<mark><mark>" not in snippet
    assert snippet.count("<mark>") == snippet.count("</mark>") == len(marked(snippet))
    flat = undotted(text)
    assert undotted(plain(snippet)) in flat or undotted(unescape(without_marks)) in flat
    assert len(undotted(plain(snippet))) <= characters + 10


@given(st.text(max_size=300))
def test_marks_lie_in_order(text: str) -> None:
    """Marks stand in order, apart, on words of the text; marking loses nothing of the text."""
    asked = highlighter(lemma("gmina"), exact("rada", "gminy"))
    at = 0
    for mark in asked.marks(text):
        assert at <= mark.start < mark.end <= len(text)
        at = mark.end
    assert unescape(re.sub("</?mark>", "", asked.mark_all(text))) == text
