"""Checking a quotation: what is verbatim, what differs and how it is told, where it stands, and what it may cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from library import Library

from kb.deadline import Deadline, within
from kb.errors import BadRequest, TooSlow
from kb.model import Page
from kb.quoting.compare import Difference, differences, places
from kb.quoting.places import Checked, _note_numbers
from kb.quoting.saying import extent, headline, warnings
from kb.quoting.words import quotation, read
from kb.search import KnowledgeBase

LAW = (
    "Rada gminy nie może podjąć uchwały w sprawie 12 działek bez zgody właścicieli – chyba że „ustawa” stanowi inaczej. "
    "Stowarzyszenie społeczno-gospodarcze składa wniosek o kwotę 1 500,50 zł w terminie 30 dni od dnia ogłoszenia."
)


def kinds(quoted: str, source: str = LAW, notes: frozenset[str] = frozenset()) -> set[Difference]:
    """How a quotation differs from the first place in a text where it stands."""
    text = quotation(quoted).parts[0]
    there = read(source)
    found = places(text, there)
    assert found, quoted
    return {piece.kind for piece in differences(text, there, found[0], notes)} - {Difference.SAME}


@pytest.mark.parametrize(
    ("quoted", "noted"),
    [
        ("Rada gminy nie może podjąć uchwały w sprawie 12 działek bez zgody właścicieli", set()),
        ("„Rada gminy  nie może\npodjąć uchwały w sprawie 12 działek”.", set()),
        ("Rada gminy nie mo\u00adże podjąć uchwa-\nły w sprawie 12 dzia\u00ad\n łek", set()),
        ('właścicieli - chyba że "ustawa" stanowi inaczej', {Difference.QUOTES}),
        ("Stowarzy szenie społeczno-\ngospodarcze składa wniosek", {Difference.SPACING}),
        ("Rada gminy **nie może** podjąć uchwały [podkr. aut.] w sprawie 12 działek", set()),
        ("„Rada gminy nie może podjąć uchwały” (Kowalski, 2024, s. 15).", set()),
        ('"Rada gminy nie może podjąć uchwały"[12]', set()),
        ("„Rada gminy nie może podjąć uchwały”.3", set()),
        ("o kwotę 1500,50 zł w terminie", {Difference.SPACING}),
    ],
)
def test_what_leaves_a_quotation_verbatim(quoted: str, noted: set[Difference]) -> None:
    """Line ends, hyphens, spaces, quotation marks, dashes and added stress are no differences; some are told."""
    assert kinds(quoted) == noted
    assert all(kind.verbatim for kind in noted)


@pytest.mark.parametrize(
    ("quoted", "kind"),
    [
        ("rada gminy nie może podjąć uchwały", Difference.CASE),
        ("Rada gminy nie moze podjac uchwaly w sprawie 12 dzialek", Difference.DIACRITICS),
        ("Rada gminy, nie może podjąć uchwały", Difference.PUNCTUATION),
        ("Rada gminy nie może podjąć decyzji w sprawie 12 działek", Difference.WORD),
        ("Rada gminy może podjąć uchwały w sprawie 12 działek", Difference.NEGATION),
        ("Rada gminy nie może podjąć uchwały w sprawie 12 działek ze zgody właścicieli", Difference.NEGATION),
        ("Rada gminy nie może podjąć uchwały w sprawie 13 działek bez zgody", Difference.NUMBER),
        ("Rada gminy nie może podjąć uchwały w sprawie działek bez zgody", Difference.NUMBER),
        ("Rada gminy nie może podjąć uchwały w sprawie 1 2 działek bez zgody", Difference.NUMBER),
        ("składa wniosek o kwotę 1 500.50 zł w terminie 30 dni", Difference.NUMBER),
        ("składa wniosek o kwotę 1 50050 zł w terminie 30 dni", Difference.NUMBER),
        ("składa wniosek o kwotę 1 500,50 zł w terminie -30 dni", Difference.NUMBER),
        ("składa wniosek o kwotę 1 500,50 € w terminie 30 dni", Difference.NUMBER),
        ("składa wniosek w terminie trzydziestu dni od dnia ogłoszenia", Difference.NUMBER),
    ],
)
def test_what_is_never_verbatim(quoted: str, kind: Difference) -> None:
    """Each difference is told by its kind, and those of numbers and of „nie” by the strong ones."""
    found = kinds(quoted)
    assert kind in found
    assert not kind.verbatim


@pytest.mark.parametrize(
    "text", ["„Rada gminy” ustala (na sesji)", "„Rada gminy” i „wójt” (na sesji)", "Rada gminy (na sesji)"]
)
def test_only_what_follows_a_whole_quotation_says_where_it_is_from(text: str) -> None:
    """Brackets after words that stand in no quotation marks are quoted too."""
    assert "sesji" in quotation(text).text


def test_a_negated_word_is_not_the_same_divided_otherwise() -> None:
    """„nie zgodne” for „zgodne” and „niezgodne” for „zgodne” both are told as a negation."""
    source = "Postanowienia umowy są zgodne z prawem i obowiązują obie strony."
    assert kinds("Postanowienia umowy są niezgodne z prawem i obowiązują obie strony", source) == {Difference.NEGATION}
    assert kinds("Postanowienia umowy są nie zgodne z prawem i obowiązują obie strony", source) == {Difference.NEGATION}


def test_only_a_footnote_that_the_page_has_may_be_left_out() -> None:
    """„gminy5” is „gminy” where there is a footnote 5, and another number where there is none; CO2 is not CO."""
    assert kinds("Rada gminy5 nie może podjąć uchwały", notes=frozenset({"5"})) == {Difference.FOOTNOTE}
    assert Difference.FOOTNOTE in kinds("Rada gminy[5] nie może podjąć uchwały", notes=frozenset({"5"}))
    assert kinds("Rada gminy 5 nie może podjąć uchwały", notes=frozenset({"5"})) == {Difference.NUMBER}
    assert kinds("Rada gminy5 nie może podjąć uchwały") == {Difference.NUMBER}
    assert kinds("ograniczenie emisji CO w gminach", "Celem jest ograniczenie emisji CO2 w gminach.") == {
        Difference.NUMBER
    }


def test_the_comparison_has_all_words_of_both() -> None:
    """Put together, the pieces are the quotation on one side and the document's words on the other."""
    text, there = read("Rada gminy może podjąć ważne uchwały w sprawie 12 działek"), read(LAW)
    (place,) = places(text, there)
    pieces = differences(text, there, place)
    assert " ".join("".join(piece.quoted for piece in pieces).split()) == text.text
    assert " ".join("".join(piece.source for piece in pieces).split()) == LAW[: LAW.index(" bez")]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """Two statutes with a sentence in common, and a report whose sentence runs over a page's end."""
    library = Library(tmp_path_factory.mktemp("quotes"))
    common = "Wspólnicy odpowiadają solidarnie za zobowiązania spółki wobec wierzycieli."
    library.markdown("a.md", f"# Statut\n\n{common} Zarząd liczy trzech członków.", id="statut-a", title="Statut A")
    library.markdown("b.md", f"# Statut\n\nUchwała. {common}", id="statut-b", title="Statut B")
    library.markdown("c.md", f"# Prawo\n\n{LAW}", id="prawo", title="Prawo")
    library.pdf(
        "raport.pdf",
        ["Pierwsza strona raportu o transporcie.", "Autobusy elektryczne kursują w każdej gminie powiatu,"],
        ["a bilety sprzedaje jeden organizator przewozów.", "Druga strona ma jeszcze inne zdania o kosztach."],
        id="raport",
        title="Raport",
    )
    library.run(ocr="off", meaning="off")
    return library.open()


def found_in(checked: Checked) -> list[str]:
    """The documents that have the quotation, the best first."""
    return [finding.document.id for finding in checked.findings]


def test_every_place_is_listed(knowledge: KnowledgeBase) -> None:
    """A sentence of two documents is told with both, and the headline counts them."""
    checked = knowledge.check_quotation("Wspólnicy odpowiadają solidarnie za zobowiązania spółki wobec wierzycieli.")
    assert sorted(found_in(checked)) == ["statut-a", "statut-b"]
    assert headline(checked) == "Cytat występuje dosłownie w 2 miejscach"


def test_a_sentence_over_a_pages_end_has_both_pages(knowledge: KnowledgeBase) -> None:
    """The place of a sentence that begins on one page and ends on the next is both, verbatim or not."""
    sentence = "Autobusy elektryczne kursują w każdej gminie powiatu, a bilety sprzedaje jeden organizator przewozów."
    for text, verbatim in ((sentence, True), (sentence.replace("jeden", "inny"), False)):
        checked = knowledge.check_quotation(text)
        (finding,) = checked.findings
        assert (finding.page.number, finding.last_page.number) == (1, 2)
        assert finding.verbatim is verbatim
        assert [words[-1] for _, words in finding.passages[0].on] == ["powiatu", "przewozów"]


def test_verbatim_places_come_first(tmp_path: Path) -> None:
    """A place that has all the words in other letters is as like as can be, and stands after one that has the sentence."""
    library = Library(tmp_path)
    sentence = "Organizator przewozów sprzedaje bilety powiatowe w każdej gminie"
    for number, text in enumerate((sentence.upper(), sentence, sentence.upper())):
        library.markdown(f"{number}.md", f"# Uwaga {number}\n\n{text}.", id=f"uwaga-{number}", title=f"Uwaga {number}")
    library.run(ocr="off", meaning="off")
    checked = library.open().check_quotation(sentence)
    assert [(one.document.id, one.verbatim) for one in checked.findings] == [
        ("uwaga-1", True),
        ("uwaga-0", False),
        ("uwaga-2", False),
    ]
    assert headline(checked) == "Cytat występuje dosłownie"


def test_numbers_of_a_pages_footnotes() -> None:
    """A number counts where a footnote begins with it, not within one, nor in the running text."""
    running = "12 gmin podjęło uchwały5.\n3 miasta czekają.\n"
    notes = "5 Ustawa z 8 marca 1990 r.\n  6) Art. 7 ust. 2.\n[71] Tamże, s. 15.\n2023 to rok, nie przypis."
    pages = [Page(number=1, text=running + notes, notes_at=len(running)), Page(number=2, text="9 Bez przypisów.")]
    assert _note_numbers(pages) == {"5", "6", "71"}


def test_parts_are_checked_in_order(knowledge: KnowledgeBase) -> None:
    """Parts around „[…]” are verbatim in the document's order; in another order one of them is told as missing."""
    first, second = "Rada gminy nie może podjąć uchwały", "wniosek o kwotę 1 500,50 zł w terminie 30 dni"
    checked = knowledge.check_quotation(f"{first} […] {second}")
    assert (found_in(checked), checked.verbatim) == (["prawo"], True)
    assert knowledge.check_quotation(f"{first} (...) {second}").verbatim
    turned = knowledge.check_quotation(f"{second} […] {first}")
    assert not turned.verbatim
    for finding in turned.findings:
        assert "Części cytatu nie ma w tym dokumencie." in list(warnings(finding))


def test_differences_are_counted_and_warned_of(knowledge: KnowledgeBase) -> None:
    """A dropped „nie” is one word, and a line of its own says what it may mean."""
    checked = knowledge.check_quotation("Rada gminy może podjąć uchwały w sprawie 12 działek bez zgody właścicieli")
    assert headline(checked) == "Cytat występuje z różnicami (1 słowo)"
    assert list(warnings(checked.findings[0])) == ["Uwaga: różni się przeczenie, więc sens może być odwrotny."]
    lower = knowledge.check_quotation("zarzad liczy trzech członków")
    assert extent(lower.findings[0]) == "polskie znaki"


@pytest.mark.parametrize(
    "text",
    [
        "W tym zdaniu nie ma niczego, co pisał ktokolwiek z autorów zbioru.",
        "Rada nadzorcza banku zatwierdza roczne sprawozdanie finansowe emitenta.",
        "Wspólnicy odpowiadają za szkody, którą wyrządzono przy budowie elektrowni wodnej.",
    ],
)
def test_what_is_not_there_is_not_found(knowledge: KnowledgeBase, text: str) -> None:
    """Another sentence with some of the words is no quotation."""
    checked = knowledge.check_quotation(text)
    assert not checked.findings
    assert headline(checked) == "Nie znaleziono takiego zdania w zbiorze"


@pytest.mark.parametrize(
    "text",
    [
        "słowo " * 5000,
        "a" * 300_000,
        "i " * 1001,
        "gmina [...] " * 9 + "gmina",
        "",
        "...",
        "gmina",
        "z" + "\u0301" * 9000,
    ],
)
def test_too_much_or_too_little_is_refused(text: str) -> None:
    """What cannot be checked is an error that says why."""
    with pytest.raises(BadRequest) as error:
        quotation(text)
    assert error.value.details


@pytest.mark.parametrize(
    "text",
    [
        "gminy " * 800,
        "w i na z do " * 80,
        ". " * 2000 + "rada gminy",
        "rada\u0301\u0302\u0303 " * 300,
        "[ " * 1500 + "rada gminy",
        "**" * 2000 + "rada gminy",
        "[podkr " * 700 + "rada gminy",
        "-\n" * 1500 + "rada gminy",
        "1 " * 900,
        "rada\x00gminy\ud800 nie może",
    ],
)
def test_hostile_texts_are_answered(knowledge: KnowledgeBase, text: str) -> None:
    """Texts that are all one word, function words, dots or marks have an answer within the time of a request."""
    with within(Deadline(2)):
        assert knowledge.check_quotation(text).total >= 0


def test_the_deadline_ends_the_work(knowledge: KnowledgeBase) -> None:
    """A request whose time is over is not worked on."""
    with within(Deadline(0)), pytest.raises(TooSlow):
        knowledge.check_quotation("Rada gminy może podjąć uchwały w sprawie 12 działek bez zgody właścicieli")
