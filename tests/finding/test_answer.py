"""The quoted sentence: the one that answers, in its own words, and only where the search is sure of it."""

from __future__ import annotations

import re
from datetime import date

import pytest
from library import TAXONOMY, Library

from kb.model import Results, Sort
from kb.reading.query import make_query
from kb.search import KnowledgeBase

QUESTION = "Ile dni ma burmistrz na odpowiedź w sprawie petycji?"
ANSWER = "Na odpowiedź w sprawie petycji burmistrz ma trzydzieści dni od jej złożenia w urzędzie."

TEXTS = {
    # The sentence that answers stands between sentences that have a word or two of the question.
    "petycje": (
        f"O petycji mówi osobna ustawa z dwa tysiące czternastego roku. {ANSWER} "
        "Każda petycja trafia też na stronę internetową urzędu miasta."
    ),
    "dni": "Dni miasta burmistrz otwiera w sobotę, a w niedzielę żegna gości na rynku.",
    # Two pages that answer equally well.
    "azbest": "Za usuwanie azbestu z dachu płaci w całości gminny program ochrony powietrza.",
    "eternit": "Usuwanie azbestu z dachu i jego wywóz płaci w całości wojewódzki fundusz.",
    # More than half of one question, less than half of another.
    "lodowisko": "Sezonowe lodowisko przy szkole działa codziennie od grudnia aż do lutego.",
    # What the first sentence names the second answers.
    "skargi": "Skargę mieszkaniec wnosi do wojewody na piśmie. Termin rozpatrzenia wynosi tutaj jeden miesiąc bez wyjątków.",
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A few short documents, the one on petitions being the newest."""
    library = Library(tmp_path_factory.mktemp("answer"))
    library.write("taxonomy.yaml", TAXONOMY)
    for id, text in TEXTS.items():
        day = date(2024 if id == "petycje" else 2020, 1, 1)
        library.markdown(f"{id}.md", text, id=id, title="Dokument", published=day)
    library.run()
    return library.open()


def quoted(results: Results) -> str:
    """The quoted sentence without its marks; "" where nothing is quoted."""
    return re.sub("</?mark>", "", results.answer.sentence) if results.answer else ""


def ask(knowledge: KnowledgeBase, text: str) -> str:
    """What is quoted for a question."""
    return quoted(knowledge.search(make_query(text)))


def test_the_sentence_that_answers_is_quoted(knowledge: KnowledgeBase) -> None:
    """Of a page's sentences the one with most of the question is quoted, and it says from which document it is."""
    results = knowledge.search(make_query(QUESTION))
    assert quoted(results) == ANSWER
    assert results.answer
    assert results.answer.document.id == "petycje"
    assert results.answer.page.url == "/dokumenty/petycje/strony/1"
    assert "<mark>petycji</mark>" in results.answer.sentence


def test_nothing_is_quoted_when_two_documents_answer_alike(knowledge: KnowledgeBase) -> None:
    """Where another page answers as well, the reader sees both in the list, and neither is put forward."""
    results = knowledge.search(make_query("kto płaci za usuwanie azbestu z dachu"))
    assert {hit.document.id for hit in results.hits[:2]} == {"azbest", "eternit"}
    assert quoted(results) == ""


def test_nothing_is_quoted_beside_the_second_page_of_results(knowledge: KnowledgeBase) -> None:
    """Who turns to the second page did not find the answer on the first: what follows is only a list."""
    first = knowledge.search(make_query("burmistrz otwiera dni miasta", per_page=1))
    assert first.hits[0].document.id == "dni"
    assert quoted(first)
    second = knowledge.search(make_query("burmistrz odpowiedź petycji miasta dni", per_page=1, page=2))
    assert second.hits[0].document.id == "dni"
    assert quoted(second) == ""


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_nothing_is_quoted_in_order_of_time(knowledge: KnowledgeBase, sort: Sort) -> None:
    """Who asks for the newest or oldest documents wants a list; a sentence above it would belong to another order."""
    text = "odpowiedź burmistrza na petycję w urzędzie"
    assert ask(knowledge, text) == ANSWER
    results = knowledge.search(make_query(text, sort=sort))
    assert results.hits[0].document.id == "petycje"
    assert quoted(results) == ""


def test_two_words_get_no_sentence(knowledge: KnowledgeBase) -> None:
    """Two words ask for documents about something; from the third on they are a question."""
    assert ask(knowledge, "odpowiedź petycja") == ""
    assert ask(knowledge, "odpowiedź petycja burmistrz") == ANSWER


def test_a_sentence_that_covers_little_is_not_quoted(knowledge: KnowledgeBase) -> None:
    """A sentence with most of the question is quoted, one with less than half of it is not."""
    whole = TEXTS["lodowisko"]
    assert ask(knowledge, "lodowisko przy szkole działa codziennie?") == whole
    assert ask(knowledge, "lodowisko działa codziennie w ferie lub święta?") == whole
    assert ask(knowledge, "lodowisko działa codziennie w ferie, święta, Wielkanoc?") == ""


def test_what_the_sentence_before_speaks_of_counts(knowledge: KnowledgeBase) -> None:
    """An answer often leaves out what it is about, because the sentence before has just said it."""
    assert ask(knowledge, "termin rozpatrzenia skargi mieszkańca") == TEXTS["skargi"].partition(". ")[2]
