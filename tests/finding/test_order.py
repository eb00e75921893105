"""Which document and which page come first, where two hold the same words.

Of equals the one that was indexed first is shown first, so each test puts the one that should win second.
"""

from __future__ import annotations

from library import Library

from kb.reading.query import make_query


def _pages(library: Library, text: str) -> list[tuple[str, int]]:
    """The pages found, best first within each document, as (document id, page number)."""
    hits = library.open().search(make_query(text)).hits
    return [(hit.document.id, page.number) for hit in hits for page in hit.pages]


def test_a_table_of_contents_stands_behind_the_page_it_points_to(library: Library) -> None:
    """Who looks for a chapter gets the chapter, not the list of contents, though the list says its name in fewer words."""
    library.pdf(
        "raport.pdf",
        ["Spis treści", "Wkład własny ........ 2", "Koszty stałe ........ 3", "Wnioski ........ 4"],
        ["Wkład własny gminy może być gruntem, pracą albo pieniędzmi, a jego wysokość", "określa regulamin naboru."],
        ["Koszty stałe ponosi lider partnerstwa w całości."],
        ["Wnioski z obu edycji programu."],
        id="raport",
    )
    library.run()
    assert _pages(library, "wkład własny") == [("raport", 2), ("raport", 1)]


def test_a_page_under_a_heading_that_names_the_subject_comes_first(library: Library) -> None:
    """Of two pages with the same words the one whose heading has the word asked for is about it."""
    library.markdown("a.md", "# Grunt gminy\n\nWkład partnera.", id="a", title="Dokument")
    library.markdown("b.md", "# Wkład partnera\n\nGrunt gminy.", id="b", title="Dokument")
    library.run()
    assert library.find("wkład") == ["b", "a"]
    assert library.find("grunt") == ["a", "b"]


def test_a_document_whose_title_names_the_subject_comes_first(library: Library) -> None:
    """Of two documents with the same text the one whose title has the word asked for is about it."""
    library.markdown("a.md", "Wkład partnera w gruncie, rok pierwszy.", id="a", title="Grunt partnera")
    library.markdown("b.md", "Wkład partnera w gruncie, rok drugi.", id="b", title="Wkład partnera")
    library.run()
    assert library.find("wkład") == ["b", "a"]


def test_the_form_as_typed_comes_first(library: Library) -> None:
    """All forms of a word are found, the typed one before the others."""
    library.markdown("a.md", "Partnerstwem gmin.", id="a", title="Dokument")
    library.markdown("b.md", "Partnerstwo gmin.", id="b", title="Dokument")
    library.run()
    assert library.find("partnerstwo") == ["b", "a"]
    assert library.find("partnerstwem") == ["a", "b"]


def test_words_side_by_side_come_first(library: Library) -> None:
    """Of two pages with the same words the one where they stand together, as asked, comes first, inflected or not."""
    library.markdown("a.md", "Rada osiedla i sołtys gminy radzą.", id="a", title="Dokument")
    library.markdown("b.md", "Rada gminy i sołtys osiedla radzą.", id="b", title="Dokument")
    library.run()
    assert library.find("rada gminy") == ["b", "a"]
    assert library.find("radzie gmin") == ["b", "a"]


def test_a_noun_finds_its_adjective_and_the_reverse(library: Library) -> None:
    """„Samorząd” finds what is „samorządowe”, and the reverse; the word as asked comes first."""
    library.markdown("a.md", "Samorządowe inwestycje w drogi.", id="przymiotnik", title="Dokument")
    library.markdown("b.md", "Samorządy inwestują w drogi.", id="rzeczownik", title="Dokument")
    library.markdown("c.md", "Koleje inwestują w tory.", id="inny", title="Dokument")
    library.run()
    assert library.find("samorząd") == ["rzeczownik", "przymiotnik"]
    assert library.find("samorządowych") == ["przymiotnik", "rzeczownik"]


def test_a_synonym_of_two_words_counts_once(library: Library) -> None:
    """„Śmieci” stands for both words of „odpady komunalne” together, so pages with both words come before it."""
    library.write("synonyms.yaml", "synonyms: [[śmieci, odpady komunalne]]")
    library.markdown("a.md", "Śmieci wywozi spółka.", id="smieci", title="Dokument")
    for number in range(3):
        text = f"Odpady zbiera się w altanie, a komunalne mieszkania numer {number} ma miasto."
        library.markdown(f"b{number}.md", text, id=f"odpady-{number}", title="Dokument")
        library.markdown(f"c{number}.md", f"Szkoła numer {number} ma boisko.", title="Dokument")
    library.run()
    *first, last = library.find("odpady komunalne")
    assert (sorted(first), last) == (["odpady-0", "odpady-1", "odpady-2"], "smieci")
