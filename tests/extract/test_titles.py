"""The title that a first page shows: which lines are one, and where the page is not sure enough of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from library import Library

from extract.paper import BODY, column, line, page
from kb.catalogue import Catalogue
from kb.extract.clean import Known
from kb.extract.layout import tidy
from kb.extract.lines import Line
from kb.extract.pdf import read_pdf
from kb.limits import Limits
from kb.model import Extraction, Status

TEXT = column(
    ["Gmina wykonuje zadania publiczne w imieniu własnym", "i na własną odpowiedzialność, jak mówi ustawa."], 400.0
)


def _large(*texts: str, size: float = 20.0, top: float = 740.0) -> list[Line]:
    return [line(text, top - 24 * number, size=size) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (
            _large("Statut", "Powszechnej Szkoły Podstawowej", "w Rudniku"),
            "Statut Powszechnej Szkoły Podstawowej w Rudniku",
        ),
        ([*_large("Politechnika", size=14), *_large("Poradnik dla gmin", top=600)], "Poradnik dla gmin"),
        ([*_large("Razem zapla\u00ad", "nowane"), *_large("Raport z badań", size=16, top=600)], "Razem zaplanowane"),
        (_large("Regulamin pracy", size=BODY * 1.2), "Regulamin pracy"),
        (_large("Regulamin pracy", size=BODY * 1.1), ""),
        (_large("Raport"), ""),
        (_large("2024", size=60), ""),
        (_large("Rozdział 1. Postanowienia ogólne"), ""),
        (_large("Urząd Gminy w Rdestnicy"), ""),
        (_large("Spis treści"), ""),
        (_large("W skład zespołu wchodzą:"), ""),
        (_large(*["To są bardzo duże litery afisza"] * 7), ""),
        ([], ""),
    ],
)
def test_title_of_a_first_page(known: Known, lines: list[Line], title: str) -> None:
    """The largest type of the page, over all its lines; no chapter, letterhead, poster or word alone."""
    assert tidy([page(*lines, *TEXT), page(*TEXT, *TEXT)], known).title == title


def test_title_of_a_later_page_is_none(known: Known) -> None:
    """What stands large on the second page is a chapter."""
    assert tidy([page(*TEXT), page(*_large("Statut szkoły podstawowej"), *TEXT)], known).title == ""


def test_titles_of_real_files(known: Known) -> None:
    """What the first page shows is what the file's own description says."""
    folder = Path(__file__).parents[2] / "documents" / "poradniki"
    for name in ("cus.pdf", "wpf-limity.pdf"):
        found = read_pdf(folder / name, Limits(), known, lambda _page, _pages: None)
        assert found.title == found.metadata["title"]


def test_what_says_the_title(library: Library) -> None:
    """A file's own title goes before that of its first page, and that one before its name; the report says which it is."""

    def described(shown: str, **metadata: object) -> tuple[str, tuple[str, ...]]:
        found = Extraction(status=Status.INDEXED, title=shown, metadata=metadata)
        made = Catalogue(library.documents).describe(
            library.documents / "raport_koncowy.pdf", "raport_koncowy.pdf", "0", found
        )
        return made.document.title, made.notes

    assert described("Razem zaplanowane", title="Raport końcowy") == (
        "Raport końcowy",
        ("z opisu w samym pliku PDF: tytuł",),
    )
    assert described("Razem zaplanowane") == ("Razem zaplanowane", ("z pierwszej strony: tytuł",))
    assert described("") == ("Raport koncowy", ("z nazwy pliku: tytuł",))
