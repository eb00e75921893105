"""Search as people meet it: any text is a question, and results say honestly what was found."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from library import TAXONOMY, Library, found

from kb.errors import IndexMissing, NotFound
from kb.facets import FACETS
from kb.model import Results
from kb.reading.query import make_query
from kb.search import KnowledgeBase


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A small collection with each kind, edition and some topics, a PDF among Markdown."""
    library = Library(tmp_path_factory.mktemp("search"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write("synonyms.yaml", "abbreviations:\n  - {short: WPF, long: [wieloletnia prognoza finansowa]}\n")
    library.pdf(
        "raport.pdf",
        ["Transport publiczny w gminach.", "Autobusy kursują co dzień."],
        ["Energia i klimat.", "Gmina oszczędza prąd."],
        ["Gminny transport i gminy.", "Gmina, gmina, gmina."],
        ["Zakończenie bez nowych słów."],
        ["Transport gmin raz jeszcze."],
        id="raport",
        title="Raport o transporcie",
        kind="raport",
        edition="cwd-plus",
        topics=["transport", "energia"],
        published=date(2023, 6, 19),
    )
    library.markdown(
        "poradnik.md",
        "# Wstęp\n\nGmina organizuje transport.\n\n# Pieniądze\n\nWPF i zadłużenie gminy Łódź.",
        id="poradnik",
        title="Poradnik dla gmin",
        kind="poradnik",
        edition="pilotaz",
        topics=["transport"],
        published=date(2021, 1, 2),
    )
    library.markdown(
        "aktualnosc.md",
        "Rzeszów i Kraków oszczędzają energię. Pan Kwaśniewski z Zielonej Góry też.",
        id="aktualnosc",
        title="Aktualność",
        kind="aktualnosc",
        edition="cwd-plus",
        topics=["energia"],
        published=date(2023, 1, 1),
    )
    library.markdown(
        "bez-daty.md", "Uchwała na podstawie art. 16 ust. 2 (Dz.U. 2023 poz. 1440) o transporcie.", id="bez-daty"
    )
    library.run()
    return library


@pytest.fixture(scope="module")
def knowledge(shelf: Library) -> KnowledgeBase:
    """The collection's knowledge base."""
    return shelf.open()


def counts(results: Results, facet: str) -> dict[str, int]:
    """A facet's counts."""
    return {value.value: value.count for value in results.facets[facet]}


# Any text

ODD = st.sampled_from(
    [
        *"„”\"«»-−'*^()\\\n\0wi",
        *(
            "--",
            "%00",
            "\x1b[31m",
            "\u202e",
            "🏛️",
            "👩\u200d👩\u200d👧",
            "~1",
            "AND",
            "NOT",
            "ﬁ",
            "ŻŹ",
            "<script>",
            "1/2",
        ),
        *("gmina", "-gmina", "„gmina transport”", "tytuł:gmina", "a" * 60),
    ]
)


@given(st.text() | st.lists(ODD, max_size=12).map("".join) | st.lists(ODD, max_size=12).map(" ".join))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("")
@example("a" * 3_000)
@example("gmina " * 500)
@example("„" * 3_000)
@example("- " * 1_500)
@example("\0")
@example("%00")
@example("„gmina")
@example("„”")
@example('"""')
@example("-")
@example("-gmina -transport")
@example("„nie ma takiej frazy” -„ani takiej”")
@example("ą" * 1_000)
@example("🏛" * 50)
def test_no_text_is_an_error(knowledge: KnowledgeBase, text: str) -> None:
    """Whatever is typed is answered: with hits that have snippets, or with none; marks are well formed."""
    results = knowledge.search(make_query(text))
    assert len(results.hits) <= results.total
    for hit in results.hits:
        assert 1 <= len(hit.pages) <= hit.matching_pages
        for page in hit.pages:
            assert re.fullmatch(r"([^<>]|<mark>[^<>]+</mark>)*", page.snippet)
    knowledge.suggest(text)


@pytest.mark.parametrize("text", ["", "  ", "?!", "„”", "-"])
def test_nothing_typed_finds_everything(knowledge: KnowledgeBase, text: str) -> None:
    """A query without a word lists all documents by their first pages."""
    results = knowledge.search(make_query(text))
    assert results.total == 4
    assert {hit.pages[0].number for hit in results.hits} == {1}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("kwaśniewskiego", "aktualnosc"),
        ("kwasniewski", "aktualnosc"),
        ("KRAKOWIE", "aktualnosc"),
        ("krakow", "aktualnosc"),
        ("rzeszow", "aktualnosc"),
        ("zielona gora", "aktualnosc"),
        ("lodzi", "poradnik"),
        ("łódź", "poradnik"),
        ("art. 16 ust. 2", "bez-daty"),
        ("Dz. U. z 2023 r. poz. 1440", "bez-daty"),
        ("wieloletniej prognozy finansowej", "poradnik"),
        ("autobusem", "raport"),
        ("autobsuy", "raport"),
    ],
)
def test_people_find_what_they_mean(knowledge: KnowledgeBase, typed: str, first: str) -> None:
    """Inflected, without diacritics, in any letter case, with a slip, by abbreviation: the document comes first."""
    assert found(knowledge, typed)[:1] == [first]


# What a hit holds


def test_a_hit_lists_its_best_pages(knowledge: KnowledgeBase) -> None:
    """A document comes once, with at most three pages, best first, and the number of all that match."""
    results = knowledge.search(make_query("gmina transport"))
    hit = next(hit for hit in results.hits if hit.document.id == "raport")
    assert hit.matching_pages == 4
    assert len(hit.pages) == 3
    assert [page.score for page in hit.pages] == sorted((page.score for page in hit.pages), reverse=True)
    assert hit.score == hit.pages[0].score
    assert {page.url for page in hit.pages} <= {f"/dokumenty/raport/strony/{n}" for n in (1, 2, 3, 5)}
    assert results.total_pages == sum(hit.matching_pages for hit in results.hits)


def test_a_snippet_marks_inflected_forms(knowledge: KnowledgeBase) -> None:
    """What stands on the page is marked, not what was typed."""
    (hit,) = knowledge.search(make_query("kwasniewskiemu")).hits
    assert "<mark>Kwaśniewski</mark>" in hit.pages[0].snippet


def test_pages_of_results_are_slices(knowledge: KnowledgeBase) -> None:
    """Page by page, each document comes once, and the totals stay."""
    whole = knowledge.search(make_query("gmina transport energia"))
    slices = [knowledge.search(make_query("gmina transport energia", per_page=1, page=n)) for n in range(1, 6)]
    ids = [hit.document.id for part in slices for hit in part.hits]
    assert ids == [hit.document.id for hit in whole.hits]
    assert {part.total for part in slices} == {whole.total} == {len(ids)}
    assert slices[-1].hits == ()


def test_a_page_of_results_far_out_is_empty(knowledge: KnowledgeBase) -> None:
    """No page number is an error."""
    assert knowledge.search(make_query("gmina", page=10**6)).hits == ()


# Filters, facets, order


def test_filters_narrow(knowledge: KnowledgeBase) -> None:
    """Values of one facet add up, facets narrow each other, a value that nothing has leaves nothing."""

    def filtered(**filters: list[str]) -> set[str]:
        return {hit.document.id for hit in knowledge.search(make_query("", filters)).hits}

    assert filtered(edition=["cwd-plus"]) == {"raport", "aktualnosc"}
    assert filtered(edition=["cwd-plus", "pilotaz"]) == {"raport", "aktualnosc", "poradnik"}
    assert filtered(edition=["cwd-plus"], topic=["transport"]) == {"raport"}
    assert filtered(year=["2023"], kind=["aktualnosc"]) == {"aktualnosc"}
    assert filtered(kind=["brak"]) == set()


def test_facets_are_honest(knowledge: KnowledgeBase) -> None:
    """Each count is the number of documents that choosing the value alone in its facet would give."""
    for chosen in ({}, {"edition": ("cwd-plus",)}, {"edition": ("cwd-plus",), "topic": ("transport", "energia")}):
        results = knowledge.search(make_query("gmina transport", chosen))
        for facet in FACETS:
            for value in results.facets[facet]:
                alone = knowledge.search(make_query("gmina transport", {**chosen, facet: (value.value,)}))
                assert alone.total == value.count, (facet, value)


def test_facets_name_their_values(knowledge: KnowledgeBase) -> None:
    """Editions, topics and kinds come in the taxonomy's order by their names, years newest first, chosen ones always."""
    results = knowledge.search(make_query("", {"year": ("1999",), "kind": ("wydarzenie",)}))
    assert results.total == 0
    assert [(v.value, v.label) for v in results.facets["kind"] if v.selected] == [("wydarzenie", "Wydarzenie")]
    assert [(v.value, v.count) for v in results.facets["year"] if v.selected] == [("1999", 0)]
    everything = knowledge.search(make_query(""))
    assert [v.label for v in everything.facets["edition"]] == ["Pilotaż", "CWD Plus"]
    assert [v.value for v in everything.facets["year"]] == ["2023", "2021"]
    assert counts(everything, "topic") == {"transport": 2, "energia": 2}


def test_order_by_date(knowledge: KnowledgeBase) -> None:
    """Newest or oldest first, documents without a date last in both."""
    newest = [hit.document.id for hit in knowledge.search(make_query("", sort="newest")).hits]
    oldest = [hit.document.id for hit in knowledge.search(make_query("", sort="oldest")).hits]
    assert newest == ["raport", "aktualnosc", "poradnik", "bez-daty"]
    assert oldest == ["poradnik", "aktualnosc", "raport", "bez-daty"]


# What changes under a running server


def test_synonyms_change_without_reindexing(library: Library) -> None:
    """A new entry works at once; while the file is broken the last good one does; a removed file removes them."""
    library.markdown("a.md", "Wodociąg i śmieci.", id="a")
    library.run()
    knowledge = library.open()
    assert found(knowledge, "odpadki") == []
    path = library.write("synonyms.yaml", "synonyms: [[odpadki, śmieci]]")
    assert found(knowledge, "odpadki") == ["a"]
    library.write("synonyms.yaml", "synonyms: [[odpadki, śmieci], [niepełna")
    assert found(knowledge, "odpadki") == ["a"]
    path.unlink()
    assert found(knowledge, "odpadki") == []


def test_a_new_commit_is_seen(library: Library) -> None:
    """A reader opened before a run finds what the run brought, and no longer what it took."""
    old = library.markdown("a.md", "Pierwszy tekst.", id="a")
    library.run()
    knowledge = library.open()
    assert found(knowledge, "pierwszy") == ["a"]
    library.markdown("b.md", "Drugi tekst, zupełnie inny.", id="b")
    old.unlink()
    library.run()
    assert found(knowledge, "pierwszy") == []
    assert found(knowledge, "drugi") == ["b"]
    assert knowledge.search(make_query("pierwsy")).reading.repaired == ()


def test_kept_results_are_those_of_now(library: Library) -> None:
    """A question is answered from what is kept until the index, the taxonomy or the synonyms change; each page by itself."""
    for number in range(8):
        library.markdown(f"{number}.md", "Śmieci w gminie.", id=f"d{number}", kind="raport")
    library.write("taxonomy.yaml", "kinds: [{slug: raport, name: Raport}]")
    library.run()
    knowledge = library.open()
    query = make_query("śmieci")
    first = knowledge.search(query)
    assert knowledge.search(query).hits is first.hits
    assert knowledge.search(replace(query, per_page=3)).hits == first.hits[:3]
    assert knowledge.search(replace(query, per_page=3, page=2)).hits == first.hits[3:6]
    assert knowledge.search(replace(query, filters={"kind": ("raport",)})).facets["kind"][0].selected
    library.write("taxonomy.yaml", "kinds: [{slug: raport, name: Sprawozdanie}]")
    assert [value.label for value in knowledge.search(query).facets["kind"]] == ["Sprawozdanie"]
    library.write("synonyms.yaml", "synonyms: [[nieczystości, śmieci]]")
    assert "nieczystości" in knowledge.search(query).reading.expanded[0].after
    library.markdown("new.md", "Śmieci w gminie.", id="new", kind="raport")
    library.run()
    assert knowledge.search(query).total == 9


def test_a_slip_that_was_corrected_is_forgotten(library: Library) -> None:
    """A misspelt word that stands only in a replaced version is repaired like any other."""
    library.markdown("a.md", "Partnerstow gmin i powiatów.", id="a")
    library.markdown("b.md", "Inny dokument.", id="b")
    library.run()
    library.markdown("a.md", "Partnerstwo gmin i powiatów.", id="a")
    library.run()
    assert found(library.open(), "partnerstow") == ["a"]
    assert library.open().search(make_query("partnerstow")).reading.read_as == "partnerstwo"


def test_documents_and_pages_that_are_not_there(knowledge: KnowledgeBase) -> None:
    """A link to what is gone says so, and which pages there are."""
    with pytest.raises(NotFound, match="Nie ma takiego dokumentu"):
        knowledge.document("brak")
    with pytest.raises(NotFound, match="Nie ma takiego dokumentu"):
        knowledge.page("brak", 1)
    for number in (0, -1, 6, 10**9):
        with pytest.raises(NotFound, match="od 1 do 5"):
            knowledge.page("raport", number)


def test_no_index_yet(library: Library) -> None:
    """Before the first run each question says what to do."""
    knowledge = library.open()
    with pytest.raises(IndexMissing, match="kb index"):
        knowledge.search(make_query("gmina"))


def test_an_empty_collection_answers(library: Library) -> None:
    """A collection without documents finds nothing, and that is no error."""
    library.run()
    knowledge = library.open()
    for text in ("", "gmina", "„gmina”", "-gmina"):
        assert knowledge.search(make_query(text)).total == 0
    assert list(knowledge.documents()) == []


def test_repeated_searches_are_equal(knowledge: KnowledgeBase) -> None:
    """The same question has the same answer each time, in whatever order questions come."""
    asked = ["gmina", "transport gmin", "„gmina”", "-transport", "energia w gminie"]
    first = {text: knowledge.search(make_query(text)).hits for text in asked}
    for one, other in itertools.permutations(asked, 2):
        assert knowledge.search(make_query(one)).hits == first[one]
        assert knowledge.search(make_query(other)).hits == first[other]


def test_a_rare_word_is_worth_no_less_for_its_family(library: Library) -> None:
    """A page that has one of a question's rare words matches, however many have a word made from it."""
    library.markdown("ona.md", "Autorka odpowiada.", id="ona", title="Dokument")
    for word in ("most", "tunel", "wiadukt"):
        library.markdown(f"{word}.md", f"Oto {word}.", id=word, title="Dokument")
    for number in range(13):
        library.markdown(f"on-{number}.md", f"Autor numer {number}.", id=f"on-{number}", title="Dokument")
    library.run()
    assert "ona" in found(library.open(), "dlaczego autorka most tunel wiadukt")


def test_of_a_pdf_without_a_title_the_beginning_says_what_it_is(library: Library) -> None:
    """Where the title is but the file's name, all its pages are of what its first page names; where it has one, that counts."""
    beginning = ["Statut Stowarzyszenia Jaźwiec"], ["O nas i o innych."]
    library.pdf("statut_2024.pdf", *beginning, ["Składka członkowska."])
    library.pdf("inny.pdf", *beginning, ["Składka członkowska"], title="Zasady")
    library.pdf("trzeci.pdf", ["Każda składka członkowska, gdy składka zaległa."], title="Składka")
    library.run()
    knowledge = library.open()
    assert found(knowledge, "składka jaźwiec")[0] == "statut-2024"
    assert [page.number for page in knowledge.search(make_query("składka jaźwiec")).hits[0].pages] == [1, 3]
    assert [page.number for page in knowledge.search(make_query("składka jaźwiec")).hits[1].pages] == [1]
    assert found(knowledge, "składka członkowska")[0] == "trzeci"


def test_a_title_up_to_its_bracket_is_a_title(library: Library) -> None:
    """What is called "CWD Plus (od maja 2022 r.)" comes before the news that says more of it."""
    library.markdown(
        "nowina.md", "CWD Plus rusza. CWD Plus doradza gminom. CWD Plus.", title="Rusza CWD Plus: doradztwo"
    )
    library.markdown("edycja.md", "Druga edycja CWD Plus, dla stu gmin i powiatów.", title="CWD Plus (od maja 2022 r.)")
    library.run()
    assert library.find("cwd plus")[0] == "edycja"
