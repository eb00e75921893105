"""Citations as a table: what is known of a place → its entry in each style."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from kb.citation import STYLES, Author, Source, author, cite, locator
from kb.errors import BadRequest
from kb.model import Document, Page

URL = "https://baza.example.pl/dokumenty/raport/strony/17"


def source(page: Page | None = None, edition: str = "CWD Plus", publisher: str = "", **known: Any) -> Source:
    """A source with all that is usual, unless ``known`` says otherwise."""
    given: dict[str, Any] = {
        "id": "raport",
        "title": "Raport końcowy",
        "path": "raport.pdf",
        "version": "0",
        "pages": 20,
        "kind": "raport",
        "published": date(2023, 6, 19),
        "authors": ("Jan Kowalski",),
        "publisher": "Fundacja",
    }
    document = Document(**{**given, **known})
    return Source(
        document=document, url=URL, accessed=date(2026, 11, 22), page=page, edition=edition, publisher=publisher
    )


PAGE = Page(number=17, text="", label="15")
UNNUMBERED = Page(number=17, text="")
SECTION = Page(number=3, text="", heading="Co to jest „wkład”?", html="<p></p>", anchor="wklad")
ACCESS = f"[dostęp: 22.11.2026]. Dostępne w: {URL}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jan Kowalski", Author("Kowalski", "Jan")),
        ("Kowalski, Jan", Author("Kowalski", "Jan")),
        ("dr hab. Anna Maria Nowak-Wiśniewska", Author("Nowak-Wiśniewska", "Anna Maria")),
        ("prof. dr hab. inż. J. Kowalski", Author("Kowalski", "J.")),
        ("Ludwig van Beethoven", Author("van Beethoven", "Ludwig")),
        ("Zespół Bazy wiedzy", Author("Zespół Bazy wiedzy")),
        ("Związek Miast Polskich", Author("Związek Miast Polskich")),
        ("Ministerstwo Funduszy i Polityki Regionalnej", Author("Ministerstwo Funduszy i Polityki Regionalnej")),
        ("Fundacja Fundusz Współpracy", Author("Fundacja Fundusz Współpracy")),
        ("CWD", Author("CWD")),
        ("CWD Plus", Author("CWD Plus")),
        ("Platon", Author("Platon")),
        ("redakcja", Author("redakcja")),
    ],
)
def test_author(name: str, expected: Author) -> None:
    """People are turned to family and given names, institutions left as they are."""
    assert author(name) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (source(), f"KOWALSKI, Jan. Raport końcowy. Fundacja, 2023 (CWD Plus). {ACCESS}"),
        (source(PAGE), f"KOWALSKI, Jan. Raport końcowy. Fundacja, 2023, s. 15 (CWD Plus). {ACCESS}"),
        (source(PAGE, edition=""), f"KOWALSKI, Jan. Raport końcowy. Fundacja, 2023, s. 15. {ACCESS}"),
        (source(UNNUMBERED, edition=""), f"KOWALSKI, Jan. Raport końcowy. Fundacja, 2023, strona pliku 17. {ACCESS}"),
        (
            source(SECTION, edition="", path="raport.md"),
            f"KOWALSKI, Jan. Raport końcowy. Fundacja, 2023, część „Co to jest «wkład»?” {ACCESS}",
        ),
        (source(edition="", authors=()), f"Raport końcowy. Fundacja, 2023. {ACCESS}"),
        (source(edition="", published=None), f"KOWALSKI, Jan. Raport końcowy. Fundacja, [b.r.]. {ACCESS}"),
        (
            source(edition="", authors=("Jan Kowalski", "Anna Nowak", "Zespół Bazy wiedzy")),
            f"KOWALSKI, Jan, NOWAK, Anna i ZESPÓŁ BAZY WIEDZY. Raport końcowy. Fundacja, 2023. {ACCESS}",
        ),
        (
            source(edition="", title="Co dalej z „małą ojczyzną”?", publisher="Baza", authors=()),
            f"Co dalej z „małą ojczyzną”? Fundacja, 2023. {ACCESS}",
        ),
        (
            Source(
                document=Document(id="a", title="Bez niczego", path="a.md", version="0", pages=1),
                url=URL,
                accessed=date(2026, 11, 22),
                publisher="Baza wiedzy CWD",
            ),
            f"Bez niczego. Baza wiedzy CWD, [b.r.]. {ACCESS}",
        ),
    ],
)
def test_iso690(given: Source, expected: str) -> None:
    """ISO 690 as used in Poland, with what is missing left out or said."""
    assert cite(given, "iso690").text == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (source(), f"Kowalski, J. (2023). Raport końcowy. Fundacja. {URL}"),
        (source(PAGE), f"Kowalski, J. (2023). Raport końcowy (s. 15). Fundacja. {URL}"),
        (
            source(authors=("Jan Maria Kowalski", "Anna Nowak")),
            f"Kowalski, J. M., & Nowak, A. (2023). Raport końcowy. Fundacja. {URL}",
        ),
        (source(authors=()), f"Raport końcowy. (2023). Fundacja. {URL}"),
        (source(authors=("Fundacja",)), f"Fundacja. (2023). Raport końcowy. {URL}"),
        (source(published=None), f"Kowalski, J. (b.d.). Raport końcowy. Fundacja. {URL}"),
        (source(title="Co dalej?"), f"Kowalski, J. (2023). Co dalej? Fundacja. {URL}"),
        (
            source(authors=tuple(f"Jan Nowak{chr(97 + i)}" for i in range(22))),
            ", ".join(f"Nowak{chr(97 + i)}, J." for i in range(19))
            + f", … Nowakv, J. (2023). Raport końcowy. Fundacja. {URL}",
        ),
    ],
)
def test_apa(given: Source, expected: str) -> None:
    """APA 7, where a publisher that is the author is not named twice."""
    assert cite(given, "apa").text == expected


def test_html_has_italics_and_is_escaped() -> None:
    """The title is in italics, and nothing in it becomes markup."""
    html = cite(source(title="A <b>& B"), "iso690").html
    assert "<em>A &lt;b&gt;&amp; B</em>" in html
    assert "<b>" not in html


def test_bibtex() -> None:
    """BibTeX keeps capitals by doubled braces and escapes what TeX would read."""
    given = source(PAGE, title="50% & więcej: {ZIT}_1 #2 ~ ^ \\", authors=("Jan Kowalski", "Zespół Bazy wiedzy"))
    assert cite(given, "bibtex").text == (
        "@techreport{raport-17,\n"
        "  author = {Kowalski, Jan and {Zespół Bazy wiedzy}},\n"
        r"  title = {{50\% \& więcej: \{ZIT\}\_1 \#2 \textasciitilde{} \textasciicircum{} \textbackslash{}}},"
        "\n"
        "  institution = {Fundacja},\n"
        "  year = {2023},\n"
        "  month = {6},\n"
        "  series = {CWD Plus},\n"
        "  pages = {15},\n"
        f"  url = {{{URL}}},\n"
        "  urldate = {2026-11-22},\n"
        "  language = {polish}\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("kind", "begins", "body"),
    [
        ("raport", "@techreport{", "institution"),
        ("poradnik", "@manual{", "organization"),
        ("aktualnosc", "@misc{", "publisher"),
    ],
)
def test_bibtex_kinds(kind: str, begins: str, body: str) -> None:
    """Each kind of document is an entry type that has a place for its publisher."""
    text = cite(source(kind=kind), "bibtex").text
    assert text.startswith(begins)
    assert f"  {body} = {{Fundacja}}" in text


def test_bibtex_without_page_number() -> None:
    """A page without a printed number is told in the note, never passed off as a printed one."""
    text = cite(source(UNNUMBERED), "bibtex").text
    assert "note = {strona pliku 17}" in text
    assert "pages =" not in text


def test_ris() -> None:
    """RIS has one field a line, each author on its own, and ends as the format demands."""
    text = cite(
        source(PAGE, authors=("Jan Kowalski", "Zespół Bazy wiedzy"), description="W dwóch\nwierszach."), "ris"
    ).text
    assert text.split("\r\n") == [
        "TY  - RPRT",
        "AU  - Kowalski, Jan",
        "AU  - Zespół Bazy wiedzy",
        "TI  - Raport końcowy",
        "T3  - CWD Plus",
        "PB  - Fundacja",
        "PY  - 2023",
        "DA  - 2023/06/19",
        "SP  - 15",
        "AB  - W dwóch wierszach.",
        "LA  - pl",
        f"UR  - {URL}",
        "Y2  - 2026/11/22",
        "ID  - raport-17",
        "ER  - ",
        "",
    ]


def test_csl_json() -> None:
    """CSL-JSON is a list with one item; people and institutions differ."""
    (item,) = json.loads(cite(source(PAGE, authors=("Jan Kowalski", "Zespół Bazy wiedzy")), "csl-json").text)
    assert item == {
        "id": "raport-17",
        "type": "report",
        "title": "Raport końcowy",
        "author": [{"family": "Kowalski", "given": "Jan"}, {"literal": "Zespół Bazy wiedzy"}],
        "issued": {"date-parts": [[2023, 6, 19]]},
        "publisher": "Fundacja",
        "collection-title": "CWD Plus",
        "page": "15",
        "language": "pl",
        "URL": URL,
        "accessed": {"date-parts": [[2026, 11, 22]]},
    }


@pytest.mark.parametrize("style", STYLES)
def test_nothing_known(style: str) -> None:
    """A document of which only the title is known is cited in every style."""
    bare = Source(
        document=Document(id="a", title="Tytuł", path="a.pdf", version="0", pages=1),
        url=URL,
        accessed=date(2026, 11, 22),
    )
    made = cite(bare, style)
    assert "Tytuł" in made.text
    assert "None" not in made.text
    assert ", ." not in made.text


@pytest.mark.parametrize(
    ("path", "page", "expected"),
    [
        ("a.pdf", None, ""),
        ("a.pdf", PAGE, "s. 15"),
        ("a.pdf", Page(number=3, text="", label="iii"), "s. iii"),
        ("a.pdf", UNNUMBERED, "strona pliku 17"),
        ("a.md", Page(number=1, text=""), "wstęp"),
        ("a.md", Page(number=2, text=""), "część 2"),
        ("a.md", Page(number=2, text="", heading="Umowa"), "część „Umowa”"),
    ],
)
def test_locator(path: str, page: Page | None, expected: str) -> None:
    """A place is named by its printed number, else by its position, a Markdown section by its heading."""
    assert locator(source(path=path).document, page) == expected


def test_unknown_style() -> None:
    """An unknown style is refused with the known ones."""
    with pytest.raises(BadRequest) as caught:
        cite(source(), "mla")
    assert "iso690, apa, bibtex, ris, csl-json" in caught.value.details[0]
