"""Headings: the outline's on their lines, and where there is no outline, those that look like headings."""

from __future__ import annotations

import pytest

from kb.extract.headings import Entry, Placed, place_headings
from kb.extract.lines import Line
from tests.extract.paper import BODY, column, line

SENTENCES = [f"Rada gminy uchwala budżet numer {n} i strategię rozwoju na kolejne lata." for n in range(12)]


def _outline(lines: list[Line], *entries: Entry) -> list[tuple[int, int, int]]:
    (placed,) = place_headings([lines], entries, BODY)
    return [(one.first, one.last, one.level) for one in placed]


@pytest.mark.parametrize(
    ("texts", "entry", "found"),
    [
        (["Tekst.", "1.2 Wkład własny", "Dalej."], Entry(0, "1.2 Wkład własny"), (1, 2)),
        (["Tekst.", "1.2\tWKŁAD  własny", "Dalej."], Entry(0, "1.2 Wkład własny"), (1, 2)),
        (["Tekst.", "1.2 Wkład własny", "Dalej."], Entry(0, "Wkład własny"), (1, 2)),
        (["Rozdział 2", "Wkład wła\u00ad", "sny", "Dalej."], Entry(0, "Rozdział 2 Wkład własny"), (0, 3)),
        (["Wkład", "własny"], Entry(0, "Wkład własny"), (0, 2)),
        (["Tekst."], Entry(0, "Czego tu nie ma"), (0, 0)),
        ([], Entry(0, "Wstęp"), (0, 0)),
    ],
)
def test_outline_on_its_lines(texts: list[str], entry: Entry, found: tuple[int, int]) -> None:
    """A title is found on its page in one line or several, with or without its number; or it stands at the page's start."""
    assert _outline(column(texts), entry) == [(*found, 1)]


def test_outline_by_place() -> None:
    """Of lines that say the same the nearest one is the heading; without such a line the place says where it begins."""
    lines = column(["Podsumowanie", "tekst", "Podsumowanie", "tekst", "tekst"])
    assert _outline(lines, Entry(0, "Podsumowanie", 2, top=lines[2].top + 3)) == [(2, 3, 2)]
    assert _outline(lines, Entry(0, "Nie ma", 1, top=lines[3].top)) == [(3, 3, 1)]
    assert _outline(lines, Entry(0, "Podsumowanie"), Entry(0, "Podsumowanie", 2)) == [(0, 1, 1), (2, 3, 2)]
    two = [*column(["lewa", "lewa"]), *column(["prawa", "prawa"], left=310.0)]
    assert _outline(two, Entry(0, "Nie ma", 1, left=310.0, top=770.0)) == [(2, 2, 1)]


def _looks(*pages: list[Line]) -> list[tuple[int, str, int]]:
    placed = place_headings(pages, (), BODY)
    return [
        (number, " ".join(one.text for one in lines[heading.first : heading.last]), heading.level)
        for number, (lines, found) in enumerate(zip(pages, placed, strict=True))
        for heading in found
    ]


def _section(*heading: Line) -> list[Line]:
    below = heading[-1].bottom - 10
    return [*heading, *column(SENTENCES, top=below)]


def test_larger_lines_are_headings() -> None:
    """Size gives the level, a number's depth one below; two lines of one heading are one."""
    pages = [
        _section(line("1 Finansowanie", 760, size=16)),
        _section(line("1.1 Wkład własny", 760, size=14)),
        _section(line("1.1.1 Wkład", 760, size=14), line("Rzeczowy", 743, size=14)),
        _section(line("2 Ryzyko i to, co", 760, size=16), line("z niego wynika", 743, size=16)),
    ]
    assert _looks(*pages) == [
        (0, "1 Finansowanie", 1),
        (1, "1.1 Wkład własny", 2),
        (2, "1.1.1 Wkład Rzeczowy", 3),
        (3, "2 Ryzyko i to, co z niego wynika", 1),
    ]


def test_bold_lines_and_chapters_are_headings() -> None:
    """Bold lines that stand alone, chapters with their titles, and articles below them."""
    pages = [
        _section(line("Rozdział II", 760, bold=True), line("Cele i zadania", 740, bold=True)),
        _section(line("Rozdział 3", 760)),
        _section(line("Art. 5.", 760, bold=True)),
    ]
    assert _looks(*pages) == [
        (0, "Rozdział II Cele i zadania", 1),
        (1, "Rozdział 3", 2),
        (2, "Art. 5.", 3),
    ]


@pytest.mark.parametrize(
    "heading",
    [
        line("Rada gminy uchwala budżet.", 760, size=16),
        line("Oraz to, co następuje:", 760, size=16),
        line("• Pierwszy punkt", 760, size=16),
        line("1) pierwszy punkt", 760, size=16),
        line("Koszt\t100 zł", 760, size=16),
        line("Tabela 3. Koszty projektu", 760, size=16),
        line("Wstęp . . . . . . 7", 760, size=16),
        line("12 345", 760, size=16),
        line("Zwykły wiersz tekstu", 760),
        line("małą literą zaczyna się dalszy ciąg", 760, size=16),
    ],
)
def test_what_only_looks_like_one(heading: Line) -> None:
    """Sentences, items, rows, captions, lines of contents and figures are no headings, however large."""
    assert _looks(_section(heading), _section(line("x.", 760))) == []


def test_a_bold_beginning_of_a_sentence_is_no_heading() -> None:
    """A bold line after which the sentence goes on is emphasis."""
    first = line("TA to technologie, które obejmują sprzęt i urządzenia", 760, bold=True)
    assert _looks([first, *column(["oraz oprogramowanie do nich.", *SENTENCES], top=747)]) == []


def test_too_many_are_none() -> None:
    """A style that most of the text has is no style of headings, nor is that of the document's title alone."""
    assert _looks(column(["Wiersz dużej czcionki"] * 30, size=16.0)) == []
    title = _section(line("Raport o stanie gminy", 760, size=30))
    inner = _section(line("Wstęp", 760, size=16))
    assert _looks(title, inner, inner) == [(1, "Wstęp", 1), (2, "Wstęp", 1)]


def test_a_poor_outline_gives_way() -> None:
    """Two entries for a long document are less than what its pages show."""
    pages = [_section(line(f"{n} Część numer {n}", 760, size=16)) for n in range(1, 9)]
    outline = [Entry(0, "Okładka"), Entry(1, "Spis")]
    assert sum(map(len, place_headings(pages, outline, BODY))) == 8
    assert place_headings(pages[:2], outline, BODY)[0] == (Placed(0, 0, 1, "Okładka"),)


def test_a_stamp_is_no_heading() -> None:
    """What stands slanted across a page, however large, heads nothing."""
    across = line("PROJEKT UCHWAŁY", 500.0, size=40.0)._replace(slanted=True)
    pages = [[*column(SENTENCES), across, *column(SENTENCES, top=480.0)] for _ in range(3)]
    assert place_headings(pages, (), BODY) == ((), (), ())
