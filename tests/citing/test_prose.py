"""Entries for people as a table: what is known of a place → its entry."""

from __future__ import annotations

from datetime import date

import pytest

from kb.citing import STYLES, Source, cite, locator
from kb.errors import BadRequest
from kb.model import Document, Page

from .cases import PAGE, SECTION, UNNUMBERED, WHOLE, source

ACCESS = "[dostęp 2026-11-25]."
AT = f"Dostępny w: {WHOLE}"
APA_AT = f"Pobrano 25 listopada 2026 r. z {WHOLE}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (source(), f"KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023 {ACCESS} CWD Plus. {AT}"),
        (
            source(PAGE, edition=""),
            f"KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023, s. 15 {ACCESS} {AT}/strony/17",
        ),
        (
            source(UNNUMBERED, edition=""),
            f"KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023, strona pliku 17 {ACCESS} {AT}/strony/17",
        ),
        (
            source(SECTION, edition="", path="raport.md"),
            (
                f"KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023, część „Co to jest «wkład»?” {ACCESS} "
                f"{AT}/strony/3"
            ),
        ),
        (source(edition="", authors=()), f"Raport końcowy [online]. Warszawa: Fundacja, 2023 {ACCESS} {AT}"),
        (
            source(edition="", published=None, place=""),
            f"KOWALSKI, Jan. Raport końcowy [online]. [b.m.]: Fundacja, [b.r.] {ACCESS} {AT}",
        ),
        (
            source(edition="", authors=("Jan Kowalski", "Anna Nowak", "Najwyższa Izba Kontroli")),
            (
                "KOWALSKI, Jan, NOWAK, Anna i NAJWYŻSZA IZBA KONTROLI. Raport końcowy [online]. Warszawa: Fundacja, 2023 "
                f"{ACCESS} {AT}"
            ),
        ),
        (
            source(
                series="Studia", report_number="5", isbn="978-83-01-00000-4", doi="10.1000/182", editors=("Anna Nowak",)
            ),
            (
                f"KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023 {ACCESS} Red. Anna Nowak. Studia, nr 5. "
                f"ISBN 978-83-01-00000-4. DOI 10.1000/182. {AT}"
            ),
        ),
        (
            source(edition="", authors=(), editors=("Anna Nowak", "Jan Lis"), issn="0033-202X"),
            f"NOWAK, Anna i LIS, Jan (red.). Raport końcowy [online]. Warszawa: Fundacja, 2023 {ACCESS} ISSN 0033-202X. {AT}",
        ),
        (
            source(edition="", kind="aktualnosc", path="raport.md", place=""),
            f"KOWALSKI, Jan. Raport końcowy [online]. Fundacja, 19 czerwca 2023 {ACCESS} {AT}",
        ),
        (
            source(edition="", quote="Wkład to\n„pieniądze”."),
            f"„Wkład to «pieniądze».” — KOWALSKI, Jan. Raport końcowy [online]. Warszawa: Fundacja, 2023 {ACCESS} {AT}",
        ),
    ],
)
def test_iso690(given: Source, expected: str) -> None:
    """PN-ISO 690, with what is missing left out or said."""
    assert cite(given, "iso690").text == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (source(edition=""), f"Kowalski, J. (2023). Raport końcowy. Fundacja. {APA_AT}"),
        (source(PAGE), f"Kowalski, J. (2023). Raport końcowy (CWD Plus). Fundacja. {APA_AT}"),
        (source(report_number="5"), f"Kowalski, J. (2023). Raport końcowy (CWD Plus, nr 5). Fundacja. {APA_AT}"),
        (
            source(edition="", authors=("Jan Maria Kowalski", "Anna Nowak")),
            f"Kowalski, J. M., & Nowak, A. (2023). Raport końcowy. Fundacja. {APA_AT}",
        ),
        (source(edition="", authors=()), f"Raport końcowy. (2023). Fundacja. {APA_AT}"),
        (source(edition="", authors=("Fundacja",)), f"Fundacja. (2023). Raport końcowy. {APA_AT}"),
        (source(edition="", published=None), f"Kowalski, J. (b.d.). Raport końcowy. Fundacja. {APA_AT}"),
        (source(edition="", title="Co dalej?"), f"Kowalski, J. (2023). Co dalej? Fundacja. {APA_AT}"),
        (
            source(edition="", authors=("Najwyższa Izba Kontroli",), kind="aktualnosc", path="raport.md"),
            f"Najwyższa Izba Kontroli. (2023, 19 czerwca). Raport końcowy. Fundacja. {APA_AT}",
        ),
        (
            source(edition="", authors=(), editors=("Anna Nowak",)),
            f"Nowak, A. (red.). (2023). Raport końcowy. Fundacja. {APA_AT}",
        ),
        (
            source(edition="", editors=("Anna Nowak",), doi="10.1000/182"),
            "Kowalski, J. (2023). Raport końcowy (A. Nowak, red.). Fundacja. https://doi.org/10.1000/182",
        ),
        (
            source(edition="", authors=tuple(f"Jan Wq{chr(97 + i)}" for i in range(22))),
            ", ".join(f"Wq{chr(97 + i)}, J." for i in range(19))
            + f", … Wqv, J. (2023). Raport końcowy. Fundacja. {APA_AT}",
        ),
    ],
)
def test_apa(given: Source, expected: str) -> None:
    """APA 7: the reference is of the whole document, and a publisher that is the author is not named twice."""
    assert cite(given, "apa").text == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (source(), "(Kowalski, 2023)"),
        (source(PAGE), "(Kowalski, 2023, s. 15)"),
        (source(PAGE, authors=("Jan Kowalski", "Anna Nowak")), "(Kowalski & Nowak, 2023, s. 15)"),
        (source(authors=("Jan Kowalski", "Anna Nowak", "Ewa Lis")), "(Kowalski i in., 2023)"),
        (source(PAGE, authors=("Najwyższa Izba Kontroli",)), "(Najwyższa Izba Kontroli, 2023, s. 15)"),
        (source(SECTION, path="raport.md", published=None), "(Kowalski, b.d., część „Co to jest «wkład»?”)"),
        (source(PAGE, authors=()), "(Raport końcowy, 2023, s. 15)"),
        (source(authors=(), title="Jak gminy płacą za to, czego nie ma"), "(Jak gminy płacą za to…, 2023)"),
        (source(PAGE, quote="Tak jest."), "„Tak jest.” (Kowalski, 2023, s. 15)"),
    ],
)
def test_apa_in_text(given: Source, expected: str) -> None:
    """In the text the place is said; three authors and more are one and others, a title stands for nobody."""
    assert cite(given, "apa-in-text").text == expected


def test_html_has_italics_and_is_escaped() -> None:
    """The title is in italics, and nothing in it becomes markup."""
    html = cite(source(title="A <b>& B"), "iso690").html
    assert "<em>A &lt;b&gt;&amp; B</em>" in html
    assert "<b>" not in html


@pytest.mark.parametrize("style", STYLES)
def test_nothing_known(style: str) -> None:
    """A document of which only the title is known is cited in every style."""
    bare = Source(
        document=Document(id="a", title="Tytuł", path="a.pdf", version="0", pages=1),
        url=WHOLE,
        accessed=date(2026, 11, 25),
    )
    made = cite(bare, style)
    assert "Tytuł" in made.text
    assert "None" not in made.text
    assert not [broken for broken in (", .", ": ,", " ,", "()", "..") if broken in made.text]


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
    assert ", ".join(STYLES) in caught.value.details[0]
