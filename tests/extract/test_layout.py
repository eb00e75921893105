"""Lines become paragraphs; heads go, notes come apart, headings keep their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from kb.extract.footnotes import split_notes, without_marks
from kb.extract.headings import Entry
from kb.extract.layout import TidyPage, tidy
from kb.extract.lines import RAISED, Line, PageLines, plain_lines
from tests.extract.paper import BODY, HEIGHT, column, line, page

Known = Callable[[str], bool]
SOFT = "\u00ad"
FULL = "Rada gminy uchwala budżet i strategię rozwoju na kolejne lata, a wójt je"
NOTE = 8.0


def _tidied(*pages: PageLines, known: Known, outline: Sequence[Entry] = ()) -> list[TidyPage]:
    return list(tidy(pages, known, outline=outline).pages)


def _mark(number: str) -> str:
    return f"{RAISED}{number}{RAISED}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([FULL, "wykonuje."], [f"{FULL} wykonuje."]),
        (
            [FULL, "wykonuje.", "Drugi akapit zaczyna się tutaj i ma zwykłą długość wiersza strony."],
            [f"{FULL} wykonuje.", "Drugi akapit zaczyna się tutaj i ma zwykłą długość wiersza strony."],
        ),
        (["Rozdział 2", "Obowiązki gminy", FULL], ["Rozdział 2", "Obowiązki gminy", FULL]),
        (["WSTĘP", FULL], ["WSTĘP", FULL]),
        ([FULL, "1) sprawy pierwsze,", "2) sprawy drugie."], [FULL, "1) sprawy pierwsze,", "2) sprawy drugie."]),
        (["• jeden", "• dwa"], ["• jeden", "• dwa"]),
        (["•\tjeden", "•\tdwa"], ["• jeden", "• dwa"]),
        (["\u0287 jeden", "\u0287 dwa", "\u0287 trzy"], ["• jeden", "• dwa", "• trzy"]),
        ([f"{FULL}:", "– jeden,", "– dwa."], [f"{FULL}:", "– jeden,", "– dwa."]),
        ([FULL, "– kiedyś było inaczej – wykonuje."], [f"{FULL} – kiedyś było inaczej – wykonuje."]),
        ([FULL, "15. roku życia dziecka."], [f"{FULL} 15. roku życia dziecka."]),
        ([FULL.replace(" je", " art."), "5 ust. 2 ustawy."], [f"{FULL.replace(' je', ' art.')} 5 ust. 2 ustawy."]),
        (["§ 3", "1. Rada gminy uchwala budżet."], ["§ 3", "1. Rada gminy uchwala budżet."]),
        ([FULL, "§ 5 uchwały."], [f"{FULL} § 5 uchwały."]),
        (["Wstęp......7", "Cele programu......12"], ["Wstęp … 7", "Cele programu … 12"]),
        (["32 1 2", "8 9 10"], ["32 1 2", "8 9 10"]),
        (["Rok\tKoszt w zł", "2023\t1500"], ["Rok | Koszt w zł", "2023 | 1500"]),
        ([f"samo{SOFT}", "rząd"], ["samorząd"]),
        (["Gmina północno-", "-wschodnia"], ["Gmina północno-wschodnia"]),
        (["Por. http://www.", "gov.pl/web/gmina, dostęp"], ["Por. http://www.gov.pl/web/gmina, dostęp"]),
        (["Por. https://gov.pl/i-slub-", "ci-dam/a, dostęp"], ["Por. https://gov.pl/i-slub-ci-dam/a, dostęp"]),
        (["Por. https://gov.pl/", "w ustawie. Tak."], ["Por. https://gov.pl/ w ustawie. Tak."]),
        ([f"Gmina północno{SOFT}", "-wschodnia"], ["Gmina północno-wschodnia"]),
        (["doty-", "czące"], ["dotyczące"]),
        (["jest częściej dyskutowana", ", choć rzadko"], ["jest częściej dyskutowana, choć rzadko"]),
        ([], []),
    ],
)
def test_paragraphs(lines: list[str], expected: list[str], known: Known) -> None:
    """Lines of running text are joined; headings, items, notes and rows stay on lines of their own."""
    # A full line beside them says how wide the column is.
    filler = line(FULL, 200, block=1)
    assert _tidied(page(*column(lines), filler), known=known)[0].text.split("\n")[:-1] == expected


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        (line("wykonuje uchwały.", 746), True),
        (line("wykonuje uchwały.", 746, block=1), True),  # over the end of a column
        (line("Wykonuje uchwały.", 746, block=1), False),
        (line("Wykonuje uchwały.", 700), False),  # far below
        (line("Wykonuje uchwały.", 746, size=8), False),
        (line("1) wykonuje uchwały.", 746, block=1), False),
    ],
)
def test_what_a_place_says(second: Line, joined: bool, known: Known) -> None:
    """Blocks, distances and sizes part paragraphs; a sentence that goes on in small letters is one."""
    text = _tidied(page(line(FULL, 760), second), known=known)[0].text
    assert text == (f"{FULL} {second.text}" if joined else f"{FULL}\n{second.text}")


def test_headings_keep_their_place(known: Known) -> None:
    """A heading is a line of its own even over two lines, and its start is where this line begins."""
    lines = column([FULL, "wykonuje.", "1.2 Wkład własny", "i jego źródła", FULL, "wykonuje."])
    first = page(*lines)
    (found,) = _tidied(
        first, known=known, outline=[Entry(0, "1.2 Wkład własny i jego źródła", 2), Entry(0, "Nie ma", 1, top=100)]
    )
    assert found.text.split("\n") == [f"{FULL} wykonuje.", "1.2 Wkład własny i jego źródła", f"{FULL} wykonuje."]
    heading, below = found.headings
    assert (heading.text, heading.level, heading.start) == ("1.2 Wkład własny i jego źródła", 2, len(FULL) + 11)
    assert (below.text, below.start) == ("Nie ma", len(found.text) + 1)


@pytest.mark.parametrize(
    ("text", "notes", "expected"),
    [
        (f"dyskutowana{_mark('2')}, choć rzadko", {"2"}, "dyskutowana, choć rzadko"),
        (f"umowy {_mark('12')} o partnerstwie", set(), "umowy o partnerstwie"),
        (f"umowy{_mark('*')} i{_mark('1, 2')} dalej.{_mark('3)')}", set(), "umowy i dalej."),
        (f"w 2018{_mark('4')} roku", {"4"}, "w 2018 roku"),
        (f"10{_mark('6')} osób", set(), "10⁶ osób"),
        (f"art. 22{_mark('1')} kodeksu", {"1"}, "art. 22¹ kodeksu"),
        (f"50 m{_mark('2')} i 3 km{_mark('2')}", {"2"}, "50 m² i 3 km²"),
        (f"1{_mark('st')} Avenue", set(), "1st Avenue"),
        ("bez znaku", {"1"}, "bez znaku"),
    ],
)
def test_raised_numbers(text: str, notes: set[str], expected: str) -> None:
    """Numbers of footnotes go out of the sentence; exponents and numbers of articles stay, as such."""
    assert without_marks(text, notes) == expected


def _with_notes(*, after: str = "Nowe zdanie.") -> list[PageLines]:
    left = column([f"Wójt wykonuje uchwały{_mark('1')} rady i", "zarządza gminą, a"])
    first = line(f"{_mark('1')} Ustawa o samorządzie gminnym,", 80, size=NOTE, block=1)
    rest = line("art. 30.", 70, size=NOTE, block=1)
    right = column(["rada ocenia jego pracę", "i"], left=320.0, block=2)
    return [page(*left, first, rest, *right), page(*column([after]))]


def test_notes_come_last(known: Known) -> None:
    """Footnotes stand after the text of both columns, each on a line; the sentence goes on over them and over the page."""
    one, _ = _tidied(*_with_notes(after="udziela absolutorium. Potem."), known=known)
    body = "Wójt wykonuje uchwały rady i zarządza gminą, a rada ocenia jego pracę i"
    assert one.text == f"{body}\n1 Ustawa o samorządzie gminnym, art. 30."
    assert one.notes_at == len(body) + 1
    assert one.continuation == "udziela absolutorium."


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ([line(f"uchwała{_mark('3')}", 400), line(f"{_mark('3')} Por. ustawa", 80, size=NOTE)], 1),
        (
            [line(f"uchwała{_mark('3')}", 400), line("3 Por. ustawa", 80, size=NOTE), line("z 1990 r.", 70, size=NOTE)],
            2,
        ),
        ([line(f"uchwała{_mark('3')}", 400), line("3\tPor. ustawa", 80, size=NOTE)], 1),
        # an item of a list in the text's size, and a number that nothing in the text has
        ([line(f"uchwała{_mark('3')}", 400), line("3 Por. ustawa", 80)], 0),
        ([line("uchwała", 400), line("3 Por. ustawa", 80, size=NOTE)], 0),
        # text below, and a place high on the page
        ([line(f"{_mark('3')} Por. ustawa", 80, size=NOTE), line("Tekst akapitu gminy", 60)], 0),
        ([line(f"uchwała{_mark('3')}", 820), line(f"{_mark('3')} Por. ustawa", 800, size=NOTE)], 0),
    ],
)
def test_what_a_note_is(lines: list[Line], notes: int) -> None:
    """A note begins with a number that the text has raised, in small type, with only notes below it."""
    assert len(split_notes(lines, BODY, HEIGHT)[1]) == notes


def test_a_note_goes_on_on_the_next_page() -> None:
    """The end of a long note stands above the first note of the next page, or alone at its foot."""
    rest, own = line("i dalszy ciąg.", 90, size=NOTE, block=1), line(f"{_mark('4')} Tamże.", 80, size=NOTE, block=1)
    text = line(f"uchwała{_mark('4')}", 400)
    assert split_notes([text, rest, own], BODY, HEIGHT, unfinished=True) == ([text], [rest, own])
    assert split_notes([text, rest, own], BODY, HEIGHT) == ([text, rest], [own])
    assert split_notes([text, rest], BODY, HEIGHT, unfinished=True) == ([text], [rest])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["to jest samo-"], ["rząd lokalny", "dalej"], ("to jest samorząd", "lokalny dalej")),
        ([f"to jest samo{SOFT}"], ["rząd."], ("to jest samorząd.", "")),
        (["koniec -"], ["Nowy"], ("koniec -", "Nowy")),
        (["koniec."], ["nowy"], ("koniec.", "nowy")),
    ],
)
def test_word_over_a_page_end(before: list[str], after: list[str], expected: tuple[str, str], known: Known) -> None:
    """A word broken over a page's end stands whole on its first page."""
    assert tuple(one.text for one in _tidied(page(*column(before)), page(*column(after)), known=known)) == expected


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("Wójt wykonuje uchwały", ["rady gminy. Następnie składa raport."], "rady gminy."),
        (
            "Wójt wykonuje uchwały",
            ["rady na podst. art. 5 ust. 2 ustawy. Dalej."],
            "rady na podst. art. 5 ust. 2 ustawy.",
        ),
        ("Wójt wykonuje uchwały.", ["Rada gminy."], ""),
        ("Wójt wykonuje uchwały z 2020 r.", ["Rada gminy."], ""),
        ("Wójt wykonuje art.", ["5 ustawy. Dalej."], ""),
        ("Tytuł", ["Rada gminy uchwala budżet."], ""),
        ("Wykonuje je", ["1) wójt,", "2) rada."], ""),
        ("Wójt wykonuje", ["słowo " * 100], " ".join(["słowo"] * 60)),
        (
            "Wójt wykonuje",
            ["Tabela 2. Koszty", "Rok\tKoszt", "Źródło: gmina.", "uchwały rady. Dalej."],
            "uchwały rady.",
        ),
        ("Wójt wykonuje", ["Rok\tKoszt", "2023\t5"], ""),
        ("Wójt wykonuje", [], ""),
        ("", ["tekst"], ""),
    ],
)
def test_continuation(text: str, after: list[str], expected: str, known: Known) -> None:
    """The rest of a broken-off sentence is found, up to its end and sixty words at most, over tables too."""
    before = column([text] if text else [])
    assert _tidied(page(*before), page(*column(after)), known=known)[0].continuation == expected


def test_a_sentence_above_a_table_is_whole_somewhere(known: Known) -> None:
    """Where a table stands after the broken sentence, its beginning is repeated before the rest."""
    lines = column(["Rada zbiera się raz. Wójt wykonuje", "Tabela 2. Koszty", "Rok\tKoszt", "Źródło: gmina."])
    one, _ = _tidied(page(*lines), page(*column(["uchwały rady. Dalej."])), known=known)
    assert one.continuation == "Wójt wykonuje uchwały rady."


def test_text_without_places(known: Known) -> None:
    """What the second reader gives is text alone: heads, hyphens, notes, ż and leaders are dealt with all the same."""
    town = ["Łódź", "Kłaj", "Śrem", "Żory"]
    pages = [
        plain_lines(
            f"Poradnik {n + 1}\r\n{town[n]}: rada gminy uch\x02wala na {n * n} lat budŜet2 i stra-\r\n"
            f"tegię dla miasta {town[n]}.\r\n"
            f"2 Por. ustawa z roku {n * n}.\r\n\r\nCele programu{'.' * 9}{n * 3}"
        )
        for n in range(3)
    ]
    text = tidy(pages, known, frozenset(range(3))).pages[2].text
    assert "Śrem: rada gminy uchwala na 4 lat budżet i strategię dla miasta Śrem.\n2 Por. ustawa z roku 4." in text
    assert text.endswith("Cele programu … 6")
