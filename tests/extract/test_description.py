"""A PDF's own title and authors are taken only when they are worth showing."""

from __future__ import annotations

import pytest

from kb.extract.description import describe


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
        ("Żak, Jan; Łoś, Anna", ["Żak, Jan", "Łoś, Anna"]),
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
        ("wczoraj", None),
    ],
)
def test_published(created: str, expected: str | None) -> None:
    """The date of creation is an ISO date, or nothing."""
    assert describe({"CreationDate": created}).get("published") == expected


def test_description() -> None:
    """The subject is the description."""
    assert describe({"Subject": "O dotacjach dla gmin"}) == {"description": "O dotacjach dla gmin"}
