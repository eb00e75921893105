"""Hits of one document: how many on each page, how much of the query, and counting that goes on where time was out."""

from __future__ import annotations

from itertools import count

from library import Library

from kb.deadline import Deadline, within
from kb.engine import Concept, Form
from kb.engine.analysis import Analysis
from kb.finding.hits import count as counted
from kb.finding.hits import total_of
from kb.finding.snippets import Highlighter
from kb.model import Page
from kb.polish import shared_analyzer
from kb.reading.query import make_query


def test_pages_are_counted_and_shaded(library: Library) -> None:
    """Each page has its number of places and how many stand before it; all that the document has of a query is all of it."""
    library.pdf("a.pdf", ["Gmina i powiat, gminy"], ["Nic."], ["Powiaty"], ["Gmina, powiat"], id="a")
    library.run()
    knowledge = library.open()
    query = make_query("gmina powiat xqzwy")
    hits = knowledge.hits(query, "a", knowledge.highlighter(query))
    assert [(hit.places, hit.first) for hit in hits] == [(3, 0), (0, 3), (1, 3), (2, 4)]
    assert hits[0].share == hits[3].share == 1
    assert hits[1].share == 0
    assert 0 < hits[2].share < 1
    assert total_of(hits) == 6
    assert total_of(()) == 0


def test_counting_goes_on(library: Library) -> None:
    """Who has no time for all pages gets no hits, and the next one counts the rest."""
    library.pdf("a.pdf", *[["Gmina"]] * 12, id="a")
    library.run()
    knowledge = library.open()
    query = make_query("gmina")
    highlighter = knowledge.highlighter(query)
    answers = []
    for _ in range(12):
        seconds = count()
        with within(Deadline(10, lambda seconds=seconds: next(seconds))):
            answers.append(len(knowledge.hits(query, "a", highlighter)))
    assert answers[0] == 0
    assert answers[-1] == 12
    assert sorted(answers) == answers


def test_hits_go_by_the_synonyms_of_now(library: Library) -> None:
    """A synonym that was added counts at once, as it is marked at once."""
    library.pdf("a.pdf", ["Śmieci i odpadki"], id="a")
    library.run()
    knowledge = library.open()
    query = make_query("śmieci")
    assert total_of(knowledge.hits(query, "a", knowledge.highlighter(query))) == 1
    library.write("synonyms.yaml", "synonyms: [[odpadki, śmieci]]")
    assert total_of(knowledge.hits(query, "a", knowledge.highlighter(query))) == 2


def test_what_is_kept_of_hits_is_counted_in_pages(library: Library) -> None:
    """Every kept page takes room, and so does a query of which nothing was counted in time."""
    library.pdf("a.pdf", *[["Gmina"]] * 12, id="a")
    library.run()
    knowledge = library.open()
    kept = knowledge._counts
    for number in range(1, 4):
        query = make_query(f"gmina {number}")
        assert knowledge.hits(query, "a", knowledge.highlighter(query))
        assert kept.currsize > 12 * number
    before, late = kept.currsize, make_query("gmina 4")
    highlighter = knowledge.highlighter(late)
    with within(Deadline(0)):
        assert not knowledge.hits(late, "a", highlighter)
    assert kept.currsize > before


def test_words_of_the_next_page_shift_no_mark() -> None:
    """The index has the rest of a page's last sentence before its footnotes; in the page's own text it is not."""
    page = Page(
        number=1,
        text="Gmina i powiat ma\n1 Rada gminy i gmina.",
        continuation="gminę oraz radę.",
        notes_at=18,
    )
    analyzer = shared_analyzer()
    form = Form(field="lemma", steps=(analyzer.terms("gmina"),))
    highlighter = Highlighter(analyzer, [Concept(label="gmina", forms=(form,))], [1.0])
    terms = highlighter.terms["lemma"]
    among = [
        number
        for number, word in enumerate(Analysis(analyzer).of_text(page.whole_text))
        if not terms.isdisjoint(word.terms)
    ]
    assert among == [0, 4, 9, 11]
    assert counted(highlighter, page, among) == counted(highlighter, page)
    assert counted(highlighter, page, among).places == 3
