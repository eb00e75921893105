"""Records for programs, read back by the parsers that programs use: what comes out is what went in."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import bibtexparser
import jsonschema
import pytest
import rispy
from bibtexparser.middlewares import (
    LatexDecodingMiddleware,
    NormalizeFieldKeys,
    RemoveEnclosingMiddleware,
    SplitNameParts,
)
from bibtexparser.middlewares.names import SeparateCoAuthors
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from kb.citing import FOR_PROGRAMS, cite, cite_all
from kb.citing.records import line

from .cases import BASE, PAGE, SECTION, UNNUMBERED, WHOLE, source

SCHEMA = json.loads((Path(__file__).parent / "csl-data.json").read_text(encoding="utf-8"))
"""The schema of CSL input data, version 1.0.2, from github.com/citation-style-language/schema (MIT licence)."""
COMMANDS = get_default_latex_context_db()
COMMANDS.add_context_category(
    "of LaTeX, but missing there",
    macros=[
        MacroTextSpec("textbraceleft", "{"),
        MacroTextSpec("textbraceright", "}"),
        MacroTextSpec("textasciicircum", "^"),
    ],
    prepend=True,
)
LATEX = LatexNodes2Text(latex_context=COMMANDS, strict_latex_spaces=True)
NASTY = [
    "Zwykły tytuł: część druga",
    "Klamra { i }, {{para}} i } odwrotnie {",
    "50% & więcej_słów #1 $5 ~ ^ \\ \\textbf{x}",
    "Cudzysłów \"prosty\", „polski” i 'pojedynczy'",
    "Dwa\nwiersze\r\nTY  - JOUR\r\nER  - ",
    "Koniec pola}, year = {1999}, note = {",
    "Zero\x00bajt\x0b\x85\u2028koniec",
    "@book{inny, title = {Inny}}",
    "Emoji 🏛 i ąęłńóśżź ŁÓDŹ",
    "a and b, c; d",
    "\\",
    "%",
]
NASTY_TEXT = st.text(
    st.sampled_from("{}\\%&_#$~^\"'@=,;\n\r\t\x00 aąZ-") | st.characters(blacklist_categories=("Cs",)),
    min_size=1,
    max_size=40,
).filter(line)


def bib(text: str) -> tuple[str, str, dict[str, str]]:
    """Type, key and fields of the one entry in a file, read by bibtexparser, commands of LaTeX turned to characters."""
    library = bibtexparser.parse_string(
        text,
        parse_stack=[RemoveEnclosingMiddleware(False), NormalizeFieldKeys(), LatexDecodingMiddleware(decoder=LATEX)],
    )
    assert not library.failed_blocks
    (entry,) = library.entries
    return entry.entry_type, entry.key, {field.key: field.value for field in entry.fields}


def names(text: str) -> list[tuple[str, str]]:
    """The authors of the one entry as (family, given)."""
    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors(), SplitNameParts()])
    assert not library.failed_blocks
    return [(" ".join([*name.von, *name.last]), " ".join(name.first)) for name in library.entries[0]["author"]]


@pytest.mark.parametrize("style", ["bibtex", "biblatex"])
@pytest.mark.parametrize("title", NASTY)
def test_no_title_breaks_bibtex(style: str, title: str) -> None:
    """Braces, per cent signs, backslashes, quotation marks, line ends, zero bytes: no field is lost, none is set."""
    text = cite(source(title=title, place=title, series=title, report_number=title), style).text
    kind, key, fields = bib(text)
    assert (kind, key) == ({"bibtex": "techreport", "biblatex": "report"}[style], "raport")
    assert fields["title"] == line(title)
    assert fields["institution"] == "Fundacja"
    assert fields["number"] == line(title)
    assert fields["address" if style == "bibtex" else "location"] == line(title)
    assert fields.keys() == bib(cite(source(series="x", report_number="1"), style).text)[2].keys()
    assert fields["url"] == WHOLE


@settings(max_examples=150, deadline=None)
@given(title=NASTY_TEXT, name=NASTY_TEXT)
def test_no_text_breaks_bibtex(title: str, name: str) -> None:
    """Whatever stands in a title or a name, braces are balanced, and the same fields are read."""
    text = cite(source(title=title, authors=(name,)), "biblatex").text
    _, _, fields = bib(text)
    expected = bib(cite(source(), "biblatex").text)[2].keys()
    assert fields.keys() == expected
    assert text.count("{") == text.count("}")


def test_bibtex() -> None:
    """The entry of a report in BibTeX: the month is a macro, the series stands in the note, too, which styles print."""
    text = cite(source(PAGE, authors=("Jan Kowalski", "Najwyższa Izba Kontroli"), report_number="5"), "bibtex").text
    assert "month = jun" in text
    kind, key, fields = bib(text)
    assert (kind, key) == ("techreport", "raport")
    assert fields == {
        "author": "Kowalski, Jan and Najwyższa Izba Kontroli",
        "title": "Raport końcowy",
        "institution": "Fundacja",
        "address": "Warszawa",
        "year": "2023",
        "month": "jun",
        "series": "CWD Plus",
        "number": "5",
        "pages": "15",
        "note": "CWD Plus, dostęp 2026-11-25",
        "url": WHOLE,
        "urldate": "2026-11-25",
        "langid": "polish",
        "language": "polish",
    }
    assert names(text) == [("Kowalski", "Jan"), ("{Najwyższa Izba Kontroli}", "")]


def test_biblatex() -> None:
    """The entry in biblatex has whole dates, a language by which it hyphenates, identifiers and editors."""
    given = source(
        PAGE, editors=("Anna Nowak",), isbn="978-83-01-00000-4", issn="0033-202X", doi="10.1000/18_2", quote="Tak."
    )
    kind, _, fields = bib(cite(given, "biblatex").text)
    assert kind == "report"
    assert fields == {
        "author": "Kowalski, Jan",
        "editor": "Nowak, Anna",
        "title": "Raport końcowy",
        "type": "Raport",
        "institution": "Fundacja",
        "location": "Warszawa",
        "series": "CWD Plus",
        "isbn": "978-83-01-00000-4",
        "issn": "0033-202X",
        "doi": "10.1000/18_2",
        "url": WHOLE,
        "urldate": "2026-11-25",
        "langid": "polish",
        "date": "2023-06-19",
        "pages": "15",
        "note": "CWD Plus",
        "annotation": "„Tak.”",
    }


@pytest.mark.parametrize(
    ("kind", "path", "bibtex", "body", "biblatex"),
    [
        ("raport", "a.pdf", "techreport", "institution", "report"),
        ("poradnik", "a.md", "manual", "organization", "report"),
        (None, "a.pdf", "techreport", "institution", "report"),
        (None, "a.md", "misc", "publisher", "online"),
        ("aktualnosc", "a.md", "misc", "publisher", "online"),
        ("wydarzenie", "a.pdf", "misc", "publisher", "online"),
    ],
)
def test_kinds_in_bibtex(kind: str | None, path: str, bibtex: str, body: str, biblatex: str) -> None:
    """Each kind of document is an entry type that has a place for its publisher."""
    read, _, fields = bib(cite(source(kind=kind, path=path), "bibtex").text)
    assert (read, fields[body]) == (bibtex, "Fundacja")
    assert bib(cite(source(kind=kind, path=path), "biblatex").text)[0] == biblatex


def test_a_place_without_a_number() -> None:
    """A page without a printed number, and a section, are told in the note, never passed off as a printed page."""
    for page, path, said in ((UNNUMBERED, "a.pdf", "strona pliku 17"), (SECTION, "a.md", "Co to jest «wkład»?")):
        for style in ("bibtex", "biblatex"):
            _, _, fields = bib(cite(source(page, path=path), style).text)
            assert said in fields["note"]
            assert "pages" not in fields
        (record,) = rispy.loads(cite(source(page, path=path), "ris").text)
        assert said in record["notes"][0]
        assert "start_page" not in record


def test_ris() -> None:
    """RIS has the place, the file and the number, each author on its own, and ends as the format demands."""
    given = source(
        PAGE,
        authors=("Jan Kowalski", "Najwyższa Izba Kontroli"),
        editors=("Anna Nowak",),
        description="W dwóch\nwierszach.",
        report_number="5",
        isbn="978-83-01-00000-4",
        doi="10.1000/182",
        quote="Tak.",
    )
    text = cite(given, "ris").text
    assert text.split("\r\n") == [
        "TY  - RPRT",
        "AU  - Kowalski, Jan",
        "AU  - Najwyższa Izba Kontroli",
        "ED  - Nowak, Anna",
        "TI  - Raport końcowy",
        "T3  - CWD Plus",
        "M1  - 5",
        "CY  - Warszawa",
        "PB  - Fundacja",
        "PY  - 2023",
        "DA  - 2023/06/19",
        "SP  - 15",
        "SN  - 978-83-01-00000-4",
        "DO  - 10.1000/182",
        "N1  - „Tak.”",
        "AB  - W dwóch wierszach.",
        "LA  - pl",
        f"UR  - {WHOLE}",
        f"L1  - {BASE}/pliki/raport",
        "Y2  - 2026/11/25",
        "ID  - raport",
        "ER  - ",
        "",
    ]
    (record,) = rispy.loads(text)
    assert record["authors"] == ["Kowalski, Jan", "Najwyższa Izba Kontroli"]
    assert (record["place_published"], record["start_page"], record["doi"]) == ("Warszawa", "15", "10.1000/182")


@settings(max_examples=150, deadline=None)
@given(title=NASTY_TEXT)
def test_no_text_breaks_ris(title: str) -> None:
    """Whatever stands in a title is read back as it is, in one line, and sets no other field."""
    (record,) = rispy.loads(cite(source(title=title, description=title), "ris").text)
    assert record["title"] == line(title)
    assert record.keys() - {"abstract"} == rispy.loads(cite(source(), "ris").text)[0].keys()


def items(text: str) -> list[dict[str, Any]]:
    """The items of a CSL-JSON file, which fit the schema."""
    found: list[dict[str, Any]] = json.loads(text)
    jsonschema.validate(found, SCHEMA)
    return found


def test_csl_json() -> None:
    """CSL-JSON has persons and bodies apart, the place in the document as the locator, and fits the schema."""
    (item,) = items(cite(source(PAGE, authors=("Jan Kowalski", "Najwyższa Izba Kontroli")), "csl-json").text)
    assert item == {
        "id": "raport",
        "type": "report",
        "title": "Raport końcowy",
        "author": [{"family": "Kowalski", "given": "Jan"}, {"literal": "Najwyższa Izba Kontroli"}],
        "issued": {"date-parts": [[2023, 6, 19]]},
        "publisher": "Fundacja",
        "publisher-place": "Warszawa",
        "collection-title": "CWD Plus",
        "genre": "Raport",
        "locator": "15",
        "language": "pl",
        "URL": WHOLE,
        "version": "0123456789ab",
        "accessed": {"date-parts": [[2026, 11, 25]]},
    }


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"kind": "aktualnosc", "path": "a.md", "published": None, "authors": ()},
        {
            "editors": ("Anna Nowak",),
            "isbn": "83-01-00000-0",
            "issn": "0033-202X",
            "doi": "10.1000/182",
            "report_number": "5",
        },
        {"title": "Klamra { \\ \x00", "description": "Opis\n.", "published": date(1000, 1, 1)},
    ],
)
def test_csl_json_fits_the_schema(known: dict[str, Any]) -> None:
    """Whatever is known of a document, its item fits the schema."""
    for page in (None, PAGE, UNNUMBERED):
        items(cite(source(page, quote="Tak.", **known), "csl-json").text)


@pytest.mark.parametrize("style", FOR_PROGRAMS)
def test_three_pages_are_one_record(style: str) -> None:
    """Pages of one report have one key and one address of the whole; in a file of many there is one record."""
    pages = [source(type(PAGE)(number=number, text="", label=str(number))) for number in (3, 4, 5)]
    for cited in pages:
        text = cite(cited, style).text
        assert WHOLE in text
        assert "/strony/" not in text
        assert "raport-" not in text
        assert (cited.label or "") in text
    whole = cite_all(pages, style)
    assert whole.count(f"{WHOLE}") in (1, 2)
    assert whole.count("Raport końcowy") == 1


def test_many_in_one_file() -> None:
    """A file of several documents is read back as so many records, in order."""
    found = [source(id=f"dokument-{number}", title=f"Tytuł {number}") for number in range(5)]
    assert [record["id"] for record in rispy.loads(cite_all(found, "ris"))] == [
        f"dokument-{number}" for number in range(5)
    ]
    assert [item["id"] for item in items(cite_all(found, "csl-json"))] == [f"dokument-{number}" for number in range(5)]
    for style in ("bibtex", "biblatex"):
        library = bibtexparser.parse_string(cite_all(found, style))
        assert [entry.key for entry in library.entries] == [f"dokument-{number}" for number in range(5)]
    assert len(cite_all(found, "iso690").strip().split("\n\n")) == 5
    assert items(cite_all([], "csl-json")) == []
