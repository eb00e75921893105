"""When nothing is found: looser searches that do find something, and the topics that are nearest."""

from __future__ import annotations

import pytest
from library import Library

from kb.model import Results
from kb.reading.query import make_query
from kb.search import KnowledgeBase

TAXONOMY = """\
editions:
  - {slug: pilotaz, name: Pilotaż}
  - {slug: cwd-plus, name: CWD Plus}
topics:
  - {slug: kultura, name: Kultura}
  - {slug: energia, name: Energia i klimat, description: Ocieplanie szkół i budowa wiatraków.}
  - {slug: oswiata, name: Szkoły i przedszkola, description: Sieć placówek oraz dowóz uczniów.}
"""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """One guide of the first edition and four reports of the second."""
    library = Library(tmp_path_factory.mktemp("relax"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.markdown("a.md", "Rowery i hulajnogi miejskie.", id="a", kind="poradnik", edition="pilotaz")
    for id in "bcde":
        text = f"Rowery {'miejskie ' * (id in 'bc')}numer {id}."
        library.markdown(f"{id}.md", text, id=id, kind="raport", edition="cwd-plus")
    library.run()
    return library.open()


def offered(results: Results) -> list[tuple[str, int]]:
    """The looser searches as people see them: what is left out, how many documents it finds."""
    return [(looser.label, looser.total) for looser in results.relaxations]


def test_each_filter_may_be_left_out(knowledge: KnowledgeBase) -> None:
    """Where filters leave nothing, the searches without them are offered, the one that finds most first."""
    nothing = knowledge.search(make_query("rowery", {"edition": ["cwd-plus"], "kind": ["poradnik"]}))
    assert nothing.total == 0
    assert offered(nothing) == [
        ("bez żadnych filtrów", 5),
        ("bez filtra rodzaju", 4),
        ("bez filtra edycji", 1),
    ]


def test_words_may_be_left_out_or_freed(knowledge: KnowledgeBase) -> None:
    """A phrase may lose its quotation marks, an exclusion its minus; what would find nothing either is not offered."""
    assert offered(knowledge.search(make_query("„rowery miejskie”", {"kind": ["poradnik"]}))) == [
        ("bez filtra rodzaju", 2),
        ("słowa „rowery miejskie” bez cudzysłowu", 1),
    ]
    assert offered(knowledge.search(make_query("hulajnogi -rowery"))) == [("bez wykluczenia „rowery”", 1)]
    assert offered(knowledge.search(make_query("„hulajnogi” „numer”"))) == [
        ("bez słowa „hulajnogi”", 4),
        ("bez słowa „numer”", 1),
    ]
    assert offered(knowledge.search(make_query("xqzwy", {"kind": ["raport"]}))) == []


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("rowery", {"edition": ["cwd-plus"], "kind": ["poradnik"]}),
        ("„hulajnogi miejskie”", {"kind": ["raport"]}),
        ("hulajnogi -rowery", {}),
    ],
)
def test_a_looser_search_finds_what_it_says(knowledge: KnowledgeBase, text: str, filters: dict[str, list[str]]) -> None:
    """A looser search begins at its first page of results and finds as many documents as the number beside it says."""
    nothing = knowledge.search(make_query(text, filters, page=3))
    assert nothing.total == 0
    assert nothing.relaxations
    for looser in nothing.relaxations:
        there = knowledge.search(looser.query)
        assert there.total == looser.total > 0
        assert there.hits


def test_where_something_is_found_nothing_is_loosened(knowledge: KnowledgeBase) -> None:
    """Beside results there is no advice for those who found nothing."""
    results = knowledge.search(make_query("rowery", {"kind": ["raport"]}))
    assert (results.total, results.relaxations, results.nearest_topics) == (4, (), ())


def test_the_nearest_topic_comes_first(knowledge: KnowledgeBase) -> None:
    """A topic named like the question is nearer than one that only speaks of it; one that does neither is not offered."""
    results = knowledge.search(make_query("wiatraki przy szkole"))
    assert results.total == 0
    assert results.nearest_topics == ("oswiata", "energia")
