"""Suggestions while typing: the likeliest first, a slip forgiven, nothing said twice."""

from __future__ import annotations

import pytest
from library import TAXONOMY, Library

from kb.finding.suggest import Grammar
from kb.polish import shared_analyzer
from kb.search import KnowledgeBase

PHRASES = """\
Rada uchwala budżet obywatelski gminy wiejskiej.

Nowy budżet obywatelski gminy wiejskiej zależy od mieszkańców.

Tegoroczny budżet obywatelski gminy wiejskiej rozdzielono.

Dla wsi jest lokalna strategia oświaty.

Dla miasta jest lokalna strategia oświaty.

Dla powiatu jest lokalna strategia oświaty.

Lokalna strategia, lokalna strategia.

Lokalna strategia, lokalna strategia.

Lokalna strategia!

Zarząd spółki komunalnej.
"""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """Titles, headings and phrases that begin alike."""
    library = Library(tmp_path_factory.mktemp("suggest"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write("synonyms.yaml", "abbreviations:\n  - {short: TBS, long: [towarzystwo budownictwa społecznego]}\n")
    library.markdown("rewitalizacja.md", "Tekst.", id="rewitalizacja", title="Rewitalizacja śródmieścia")
    library.markdown("poradnik.md", "Tekst.", id="poradnik", title="Poradnik: rewitalizacja krok po kroku")
    library.markdown("transport.md", "# Rewitalizacja dworców\n\nTekst.", id="transport", title="Transport publiczny")
    library.markdown("frazy.md", PHRASES, id="frazy", title="Frazy")
    library.markdown("domy.md", "Domy towarzystw budownictwa społecznego.", id="domy", title="Domy")
    library.run()
    return library.open()


def suggested(knowledge: KnowledgeBase, typed: str, limit: int = 8) -> list[str]:
    """The texts suggested, in their order."""
    return [suggestion.text for suggestion in knowledge.suggest(typed, limit)]


def test_the_likeliest_comes_first(knowledge: KnowledgeBase) -> None:
    """What begins as typed goes first, a title before a heading; what only has the word somewhere comes last."""
    inside = ["Rewitalizacja śródmieścia", "Rewitalizacja dworców", "Poradnik: rewitalizacja krok po kroku"]
    assert suggested(knowledge, "rewit") == inside
    assert suggested(knowledge, "rewit", limit=1) == inside[:1]


@pytest.mark.parametrize(
    "typed", ["trasnport", "transprot", "tansport", "transsport", "tramsport publ", "puboiczny tran"]
)
def test_a_slip_is_forgiven(knowledge: KnowledgeBase, typed: str) -> None:
    """One typing error in a word, also in one that is finished, and the title is suggested all the same."""
    assert suggested(knowledge, typed) == ["Transport publiczny"]


def test_two_slips_in_a_word_are_not(knowledge: KnowledgeBase) -> None:
    """A word that is another one brings nothing rather than a guess."""
    assert suggested(knowledge, "trensbort") == []


def test_a_part_of_a_longer_phrase_is_not_suggested_beside_it(knowledge: KnowledgeBase) -> None:
    """Where a phrase nearly always stands in a longer one, only the longer one fills the short list."""
    assert suggested(knowledge, "budżet") == ["budżet obywatelski gminy wiejskiej"]
    assert suggested(knowledge, "gminy wiejskiej") == ["budżet obywatelski gminy wiejskiej"]


def test_a_phrase_with_a_life_of_its_own_is_suggested(knowledge: KnowledgeBase) -> None:
    """A phrase that mostly stands by itself is suggested beside the longer one that it is sometimes part of."""
    assert set(suggested(knowledge, "lokalna")) == {"lokalna strategia", "lokalna strategia oświaty"}
    assert suggested(knowledge, "lokalna")[0] == "lokalna strategia"


def test_what_was_written_once_is_no_frequent_phrase(knowledge: KnowledgeBase) -> None:
    """Words that met by chance are not put into anybody's mouth."""
    assert suggested(knowledge, "zarząd") == []


def test_an_abbreviation_brings_its_long_form(knowledge: KnowledgeBase) -> None:
    """Typing either of the two suggests it and shows the other."""
    (short,) = knowledge.suggest("tbs")
    assert (short.text, short.detail) == ("TBS", "towarzystwo budownictwa społecznego")
    (long,) = knowledge.suggest("towarz")
    assert (long.text, long.detail) == ("towarzystwo budownictwa społecznego", "TBS")


@pytest.mark.parametrize("typed", ["kowr", "krajowy ośr", "gkr"])
def test_an_abbreviation_that_nothing_has_is_not_suggested(knowledge: KnowledgeBase, typed: str) -> None:
    """The program knows abbreviations of all local government; those without a page here would lead to nothing."""
    assert suggested(knowledge, typed) == []


@pytest.mark.parametrize(
    "phrase",
    [
        "wkład własny",
        "organizator społeczności lokalnej",
        "umowy o dofinansowanie",
        "transport od drzwi do drzwi",
        "zasada dnsh w projektach samorządów",
        "energia w partnerstwach samorządowych",
    ],
)
def test_a_name_in_the_nominative_is_a_phrase(phrase: str) -> None:
    """What a person would type: a noun with what describes it, genitives and prepositions."""
    assert Grammar(shared_analyzer()).is_name(phrase.split())


@pytest.mark.parametrize(
    "run",
    [
        "zamówień publicznych",
        "rewitalizacja w gminie krok",
        "finansowanych ze środków europejskich",
        "dostępności osobom ze szczególnymi",
        "przygotowany na potrzeby bazy",
        "szkoły średniej",
        "wpf sprawdzić",
    ],
)
def test_a_scrap_of_a_sentence_is_no_phrase(run: str) -> None:
    """Other cases, a name cut short, participles without a noun, verbs."""
    assert not Grammar(shared_analyzer()).is_name(run.split())
