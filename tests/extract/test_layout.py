"""Lines become paragraphs, and what belongs to the paper rather than the text goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.extract.clean import LINE_END, SOFT, SPACED
from kb.extract.layout import continuation, paragraphs, tidy, whole_last_words, without_repeated

Known = Callable[[str], bool]
FULL = "Rada gminy uchwala budżet i strategię rozwoju na kolejne lata, a wójt je"


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
        ([f"{FULL}:", "– jeden,", "– dwa."], [f"{FULL}:", "– jeden,", "– dwa."]),
        ([FULL, "– kiedyś było inaczej – wykonuje."], [f"{FULL} – kiedyś było inaczej – wykonuje."]),
        ([FULL, "15. roku życia dziecka."], [f"{FULL} 15. roku życia dziecka."]),
        (["Wstęp......7", "Cele programu......12"], ["Wstęp......7", "Cele programu......12"]),
        (["32 1 2", "8 9 10"], ["32 1 2", "8 9 10"]),
        ([f"samo{SOFT}", "rząd"], [f"samo{SOFT}rząd"]),
        (["doty-", "czące"], [f"doty{LINE_END}czące"]),
        (["wychowawczego -", "profilaktycznego"], [f"wychowawczego{SPACED}profilaktycznego"]),
        (["jest częściej dyskutowana2", ", choć rzadko"], ["jest częściej dyskutowana2, choć rzadko"]),
        ([f"{FULL} wykonuje3", "oraz", "3 Por. ustawa"], [f"{FULL} wykonuje3 oraz", "3 Por. ustawa"]),
        (["jeden", "", "dwa"], ["jeden", "dwa"]),
        ([], []),
    ],
)
def test_paragraphs(lines: list[str], expected: list[str]) -> None:
    """Lines of running text are joined; headings, items, notes and rows stay on lines of their own."""
    assert paragraphs(lines) == "\n".join(expected)


def _book(pages: int) -> list[list[str]]:
    return [
        [
            f"Raport o gminach {n + 2}",
            f"Akapit numer {n * n} o czymś.",
            f"Inny koniec {n * 7 % 5}.",
            f"{n + 2}",
            "raport.indd",
        ]
        for n in range(pages)
    ]


def test_running_heads_go() -> None:
    """Heads with growing numbers, page numbers and slugs go, sentences stay."""
    assert without_repeated(_book(6))[3] == ["Akapit numer 9 o czymś.", "Inny koniec 1."]


@pytest.mark.parametrize(
    ("pages", "kept"),
    [
        ([["Ten sam wiersz", "a"], ["Ten sam wiersz", "b"], ["inny", "c"]], "Ten sam wiersz"),
        ([[f"Art. {n * 3}.", f"treść {n * n}"] for n in range(1, 9)], "Art. 6."),
        ([[f"wiersz {n * n}", f"{n * n % 7}"] for n in range(1, 30)], "4"),
    ],
)
def test_lines_of_the_text_stay(pages: list[list[str]], kept: str) -> None:
    """A line on few pages, headings of articles and numbers in tables are no running heads."""
    assert kept in without_repeated(pages)[1] or kept in without_repeated(pages)[0]


def test_a_short_page_stays() -> None:
    """A page is never emptied, even when all it has is repeated."""
    assert without_repeated([["Aneks"]] * 5) == [["Aneks"]] * 5


def test_heads_of_a_chapter_go() -> None:
    """A head that runs through one chapter of a long document only goes too, left and right pages apart."""
    pages = [[f"wiersz {n * n}", f"zdanie {n * 31 % 101}"] for n in range(100)]
    for n in range(40, 56, 2):
        pages[n].insert(0, "Rozdział o dotacjach")
    assert all("Rozdział o dotacjach" not in page for page in without_repeated(pages))


@pytest.mark.parametrize(
    ("page", "after", "expected"),
    [
        (["to jest samo-"], ["rząd lokalny", "dalej"], (["to jest samo-", "rząd"], ["lokalny", "dalej"])),
        ([f"to jest samo{SOFT}"], ["rząd."], ([f"to jest samo{SOFT}", "rząd."], [])),
        (
            [f"nie spot{SOFT}", "12 Por. raport."],
            ["kały się"],
            ([f"nie spot{SOFT}", "kały", "12 Por. raport."], ["się"]),
        ),
        (["koniec -"], ["Nowy"], (["koniec -"], ["Nowy"])),
        (["koniec."], ["nowy"], (["koniec."], ["nowy"])),
    ],
)
def test_word_over_a_page_end(page: list[str], after: list[str], expected: tuple[list[str], list[str]]) -> None:
    """A word broken over a page's end stands whole on its first page, above its notes."""
    assert tuple(whole_last_words([page, after])) == expected


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("Wójt wykonuje uchwały", "rady gminy. Następnie składa raport.", "rady gminy."),
        (
            "Wójt wykonuje uchwały",
            "rady na podst. art. 5 ust. 2 ustawy. Dalej.",
            "rady na podst. art. 5 ust. 2 ustawy.",
        ),
        ("Wójt wykonuje uchwały.", "Rada gminy.", ""),
        ("Tytuł", "Rada gminy uchwala budżet.", ""),
        ("Wykonuje je", "1) wójt,\n2) rada.", ""),
        ("Wójt wykonuje,\n3 Por. ustawa.", "co uchwali rada. Dalej.", "co uchwali rada."),
        ("Wójt wykonuje", "słowo " * 100, " ".join(["słowo"] * 60)),
        ("Wójt wykonuje", "", ""),
        ("", "tekst", ""),
    ],
)
def test_continuation(text: str, after: str, expected: str) -> None:
    """The rest of a broken-off sentence is found, up to its end and sixty words at most."""
    assert continuation(text, after) == expected


def test_tidy_puts_the_steps_together(known: Known) -> None:
    """Heads, hyphens, notes, ż and dot leaders of a whole document are dealt with at once."""
    town = ["Łódź", "Kłaj", "Śrem", "Żory"]
    pages = [
        f"Poradnik {n + 1}\r\n{town[n]}: rada gminy uch\x02wala na {n * n} lat budŜet2 i stra-\r\ntegię dla miasta {town[n]}.\r\n"
        f"2 Por. ustawa z roku {n * n}.\r\n\r\nCele programu{'.' * 9}{n * 3}"
        for n in range(3)
    ]
    text = tidy(pages, known)[2].text
    assert text == (
        "Śrem: rada gminy uchwala na 4 lat budżet i strategię dla miasta Śrem.\n2 Por. ustawa z roku 4.\nCele programu … 6"
    )
