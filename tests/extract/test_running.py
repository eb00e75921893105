"""Running heads go by their place; what stands on a few pages, or reads like a title, stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.extract.lines import Line, PageLines
from kb.extract.outcome import Taken, taken_out
from kb.extract.running import without_running
from tests.extract.paper import BODY, column, line, page

Head = Callable[[int], list[Line]]
HIGH, LOW = 815.0, 40.0


def _text(number: int) -> list[Line]:
    return column([f"Zdanie {number * 31} strony.", f"Drugie zdanie {number * 17}.", f"Trzecie {number * 7 % 5}."])


def _book(pages: int, head: Head) -> list[PageLines]:
    return [page(*head(number), *_text(number)) for number in range(pages)]


def _left(pages: list[PageLines]) -> list[list[str]]:
    """For each page what is left of it beside its text."""
    stripped, _ = without_running(pages, BODY)
    return [
        [
            one.text
            for one in (*own.head, *own.lines, *own.foot)
            if "danie" not in one.text and "Trzecie" not in one.text
        ]
        for own in stripped
    ]


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        # small, at the top edge, on every page
        (lambda _: [line("Raport o gminach", HIGH, size=9)], {0: ["Raport o gminach"]}),
        # in the size of the text, but set apart from it
        (lambda _: [line("Raport o gminach", HIGH)], {0: ["Raport o gminach"]}),
        # left and right pages differ
        (
            lambda n: [line("Autor" if n % 2 else "Tytuł dzieła", HIGH, size=9)],
            {0: ["Tytuł dzieła"], 1: ["Autor"]},
        ),
        # numbers that grow, alone, in words, Roman, and of two pages at once
        (lambda n: [line(str(n + 3), LOW, size=9)], {}),
        (lambda n: [line(f"Strona {n + 1} z 12", LOW)], {}),
        (lambda n: [line(f"– {n + 1} –", HIGH)], {}),
        (lambda n: [line(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"][n], LOW)], {}),
        (lambda n: [line(f"{2 * n} | {2 * n + 1}", LOW)], {}),
        # text and number on one line, in cells
        (lambda n: [line(f"Raport o gminach\t{n + 1}", HIGH, size=9)], {0: ["Raport o gminach\t1"]}),
        (lambda n: [line(f"{n + 1} Dobra szkoła", LOW, size=8)], {0: ["1 Dobra szkoła"]}),
        # a printer's slug
        (lambda n: [line(f"raport.indd {n * n}", 20, size=6)], {}),
    ],
)
def test_heads_go(head: Head, kept: dict[int, list[str]]) -> None:
    """A head or foot goes; the first page that has its words keeps it where they stand nowhere else."""
    assert _left(_book(12, head)) == [kept.get(number, []) for number in range(12)]


@pytest.mark.parametrize(
    "head",
    [
        # titles of slides: on a few pages, and the same on more in large type
        lambda n: [line(["Wstęp", "Harmonogram", "Harmonogram", "Harmonogram", "Budżet"][n % 5] + str(n // 5), HIGH)],
        lambda n: [line("Harmonogram naboru" if n < 6 else "Budżet", HIGH, size=20)],
        lambda n: [line("Harmonogram naboru" if n < 6 else "Budżet", HIGH, bold=True)],
        # numbers that are names
        lambda n: [line(f"Załącznik nr {n + 1}", HIGH)],
        lambda n: [line(f"Załącznik nr {n + 1} do uchwały w sprawie budżetu", HIGH, size=9)],
        lambda n: [line(f"Karta projektu {n + 1}", HIGH)],
        # close above the text and in its size
        lambda n: [line("Karta projektu" if n < 8 else "Inna", 774)],
        # at another height on each page
        lambda n: [line("Ten sam wiersz", HIGH - 9 * n, size=9)],
        # in the middle of the page
        lambda _: [line("Podpis", 400, size=9)],
        # a number that does not grow with the pages
        lambda n: [line(str(n * n), LOW)],
    ],
)
def test_content_stays(head: Head) -> None:
    """Titles of slides, numbers of annexes and lines of the text are content, wherever they stand."""
    pages = _book(12, head)
    assert _left(pages) == [[one.text for one in head(number)] for number in range(12)]


def test_heads_of_chapters_go() -> None:
    """Short chapters lose their small heads too, where most pages have one at that height; the text has the words."""
    chapters = ["Wstęp", "Wstęp", "Wstęp", "Cele", "Cele", "Cele", "Skutki", "Skutki", "Skutki", "Koniec"]
    pages = [
        page(line(title, HIGH, size=9), *column([f"{title} i zdanie {number * 13}.", f"Dalej {number * 17}."]))
        for number, title in enumerate(chapters)
    ]
    stripped, taken = without_running(pages, BODY)
    assert [len(own.lines) for own in stripped] == [2] * 9 + [3]
    assert [(one.text, one.pages) for one in taken] == [
        ("Wstęp", (0, 1, 2)),
        ("Cele", (3, 4, 5)),
        ("Skutki", (6, 7, 8)),
    ]


def test_words_of_the_text_need_not_be_kept() -> None:
    """A head whose words stand in the text, as on a title page, is taken from every page."""
    pages = [
        page(*column(["Raport o gminach", "Gmina"])),
        *_book(8, lambda _: [line("Raport o gminach", HIGH, size=9)]),
    ]
    assert all(not own.head for own in without_running(pages, BODY)[0])


def test_a_page_is_never_emptied() -> None:
    """A page that has nothing but what is repeated stays as it is."""
    pages = [page(line("Aneks", HIGH, size=9))] * 6
    assert [own.lines for own in without_running(pages, BODY)[0]] == [one.lines for one in pages]


def test_the_report_says_what_went() -> None:
    """Each head is named with its pages, page numbers in one sentence, and a long list is cut."""
    taken = [
        Taken("Raport", foot=False, pages=(1, 2, 3)),
        Taken("", foot=True, pages=(0, 1, 4)),
        Taken("Stopka", foot=True, pages=(5,)),
    ]
    assert taken_out(taken) == (
        "Usunięto powtarzający się nagłówek strony: „Raport” (s. 2–4).",
        "Usunięto powtarzającą się stopkę strony: „Stopka” (s. 6).",
        "Usunięto numery stron i znaki drukarni (s. 1–2, 5).",
    )
    many = taken_out([Taken(f"Rozdział {n}", foot=False, pages=(n,)) for n in range(10)])
    assert many[-1] == "Usunięto też 2 inne z powtarzających się nagłówków i stopek."


@pytest.mark.parametrize(("pages", "kept"), [(4, [["PROJEKT"], [], [], []]), (1, [["PROJEKT"]])])
def test_a_watermark_is_said_once(pages: int, kept: list[list[str]]) -> None:
    """What stands across each page is no word of each page; on one page alone it may be a stamp, and stays."""
    across = line("PROJEKT", 500.0, size=60.0)._replace(slanted=True)
    book = [page(*_text(number), across) for number in range(pages)]
    assert _left(book) == kept
    assert [one.watermark for one in without_running(book, BODY)[1]] == [True] * (pages > 1)


def test_a_stamp_on_some_pages_stays() -> None:
    """On fewer than most pages slanted text is content."""
    across = line("WZÓR", 500.0, size=60.0)._replace(slanted=True)
    book = [page(*_text(number), *([across] if number < 2 else [])) for number in range(6)]
    assert _left(book) == [["WZÓR"], ["WZÓR"], [], [], [], []]


def test_the_report_says_that_a_watermark_was_taken_out() -> None:
    """The editor is told which words are missing on which pages."""
    (note,) = taken_out([Taken("PROJEKT", foot=True, pages=(0, 1, 2), watermark=True)])
    assert note == "Usunięto znak wodny: „PROJEKT” (s. 1–3)."
