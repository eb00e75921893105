"""Related documents: about the same things, nearest first, and never the document that is being read."""

from __future__ import annotations

import itertools

import pytest
from library import TAXONOMY, Library

from kb.search import KnowledgeBase


def _invented(first: str, count: int) -> list[str]:
    """Different words that are in no dictionary."""
    syllables = ("bur", "kol", "dem", "tus", "wan", "gri")
    return [first + "".join(rest) for rest in itertools.islice(itertools.product(syllables, repeat=3), count)]


EVERYWHERE = " ".join(_invented("mo", 40))
"""Words that every document has, as an organisation's own always do."""
PASSING = _invented("ze", 180)
"""Words that a long text says once, in passing."""

TEXTS = {
    "woda": f"{'Wodociąg i kanalizacja, a w nich ścieki. ' * 8}{f'{EVERYWHERE}. ' * 12}{' '.join(PASSING)}.",
    "scieki": f"Kanalizacja odprowadza ścieki, a wodociąg daje wodę. {EVERYWHERE}.",
    "przypadek": f"Całkiem inny temat: {' '.join(PASSING[3::40])} i nic więcej poza tym. {EVERYWHERE}.",
    **{f"inny-{number}": f"Ogłoszenie numer {number}. {EVERYWHERE}." for number in range(9)},
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A long document on water, one that shares its subject, others that share something else with it."""
    library = Library(tmp_path_factory.mktemp("related"))
    library.write("taxonomy.yaml", TAXONOMY)
    for id, text in TEXTS.items():
        library.markdown(f"{id}.md", text, id=id, title="Dokument")
    library.run()
    return library.open()


def related(knowledge: KnowledgeBase, document: str, limit: int = 5) -> list[str]:
    """Ids of the documents offered beside one."""
    return [other.id for other in knowledge.related(document, limit)]


def test_the_same_subject_comes_first(knowledge: KnowledgeBase) -> None:
    """What a document says again and again ties it to others: not words said in passing, not those that all documents have."""
    assert related(knowledge, "woda")[0] == "scieki"
    assert related(knowledge, "woda", limit=1) == ["scieki"]
    assert related(knowledge, "scieki")[0] == "woda"


def test_a_document_is_not_related_to_itself(knowledge: KnowledgeBase) -> None:
    """Nobody is sent from a document back to the same document."""
    for id in TEXTS:
        for limit in (1, 5, len(TEXTS)):
            others = related(knowledge, id, limit)
            assert id not in others
            assert len(others) <= limit
            assert len(others) == len(set(others))
