"""A PDF's own title and authors are taken only when they are worth showing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from kb.extract import description
from kb.polish import shared_analyzer


def describe(info: Mapping[str, str]) -> dict[str, object]:
    """What is worth showing on a day in 2026."""
    return description.describe(info, shared_analyzer().known, date(2026, 6, 1))


@pytest.mark.parametrize(
    "title",
    [
        "Microsoft Word - raport.docx",
        "untitled",
        "Untitled-1",
        "raport_2021_final",
        "Dokument1",
        "raport.indd",
        "I",
        "12",
        "",
        "Slajd 1",
        "unspecified",
        "PowerPoint Presentation",
        "Prezentacja programu PowerPoint",
        "Title",
        "Tytuł prezentacji",
        "TCPDF Example 001",
        "PDF Document",
        "Arkusz1",
        "Kliknij, aby edytować styl",
    ],
)
def test_useless_titles(title: str) -> None:
    """Names of files and programs are no titles."""
    assert "title" not in describe({"Title": title})


@pytest.mark.parametrize(
    "title", ["Raport o stanie gminy", "KONSTYTUCJA", "Strona obywatelska budżetu", "Dokumentacja ZIT 2021–2027"]
)
def test_titles(title: str) -> None:
    """A title is kept as it is."""
    assert describe({"Title": f" {title}\x00 "}) == {"title": title}


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Jan Żak", ["Jan Żak"]),
        ("Jan Żak, Anna Łoś", ["Jan Żak", "Anna Łoś"]),
        ("Żak, Jan; Łoś, Anna", ["Jan Żak", "Anna Łoś"]),
        ("Wiśniewska, Ewa", ["Ewa Wiśniewska"]),
        ("anonymous", None),
        ("Nicola Asuni", None),
        ("Imię i nazwisko", None),
        ("root", None),
        ("Stanis³aw W³odarczyk", ["Stanisław Włodarczyk"]),
        ("user", None),
        ("Tomek", None),
        ("kowalski2", None),
        ("Użytkownik systemu Windows", None),
        ("jan@gmina.pl", None),
        ("GUS", ["GUS"]),
        ("", None),
    ],
)
def test_authors(author: str, expected: list[str] | None) -> None:
    """Names of people and bodies are told from names of accounts."""
    assert describe({"Author": author}).get("authors") == expected


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("D:20230619120000+02'00'", "2023-06-19"),
        ("D:2021", "2021-01-01"),
        ("20190301", "2019-03-01"),
        ("D:20231345", None),
        ("D:00010101", None),
        ("D:20260602", "2026-06-02"),
        ("D:20260603", None),
        ("D:20991231120000Z", None),
        ("wczoraj", None),
    ],
)
def test_published(created: str, expected: str | None) -> None:
    """The date of creation is an ISO date, or nothing."""
    assert describe({"CreationDate": created}).get("published") == expected


def test_description() -> None:
    """The subject is the description."""
    assert describe({"Subject": "O dotacjach dla gmin"}) == {"description": "O dotacjach dla gmin"}


@pytest.mark.parametrize("subject", ["unspecified", "Subject", "12"])
def test_useless_descriptions(subject: str) -> None:
    """What a library fills in describes nothing."""
    assert describe({"Subject": subject}) == {}


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Uchwa³a bud¿etowa", "Uchwała budżetowa"),
        ("Zasady przyj\x9cæ do \x9cwietlicy", "Zasady przyjść do świetlicy"),
        ("Strategia o¶wiatowa na lata 2020±2030", "Strategia oświatowa na lata 2020±2030"),
        ("OÅ›wiata w powiecie", "Oświata w powiecie"),
        ("Ra\u00adport o stanie\u200b gminy", "Raport o stanie gminy"),
        ("La forêt de Białowieża", "La forêt de Białowieża"),
    ],
)
def test_titles_in_old_encodings(raw: str, title: str) -> None:
    """Polish letters are as they were meant, and no invisible character is left."""
    assert describe({"Title": raw})["title"] == title
