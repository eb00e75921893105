"""A Markdown file becomes one page a section, plain for searching and safe for showing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.extract.markdown import read_markdown
from kb.limits import Limits
from kb.model import Extraction, Status
from kb.polish import shared_analyzer

Read = Callable[..., Extraction]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a text, or bytes, as a Markdown file."""

    def run(content: str | bytes, limits: Limits | None = None) -> Extraction:
        path = tmp_path / "plik.md"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_markdown(path, limits or Limits(), shared_analyzer().known, lambda _page, _pages: None)

    return run


DOCUMENT = """---
title: Poradnik
---
Słowo wstępne.

# Źródła finansowania

Pierwszy *akapit* z [linkiem](https://example.org/x) i `kodem`.
Dalszy ciąg.

| Gmina | Kwota |
|-------|------:|
| Łódź  | 12    |

## Źródła finansowania

- jeden
- ![wykres wydatków](wykres.png)

> # Nagłówek w cytacie
> cytat
"""


def test_sections(read: Read) -> None:
    """Each heading begins a page with a slug of its own; the text before the first one is a page too."""
    extraction = read(DOCUMENT)
    assert extraction.status is Status.INDEXED
    assert extraction.metadata == {"title": "Poradnik"}
    assert [(page.number, page.heading, page.anchor, page.label) for page in extraction.pages] == [
        (1, "", None, None),
        (2, "Źródła finansowania", "zrodla-finansowania", None),
        (3, "Źródła finansowania", "zrodla-finansowania-2", None),
    ]


def test_text_is_plain(read: Read) -> None:
    """The heading comes first, a table's row is a line, pictures give their description, markup is gone."""
    pages = read(DOCUMENT).pages
    assert pages[1].text == (
        "Źródła finansowania\nPierwszy akapit z linkiem i kodem. Dalszy ciąg.\nGmina Kwota\nŁódź 12"
    )
    assert pages[2].text == "Źródła finansowania\njeden\nwykres wydatków\nNagłówek w cytacie\ncytat"


def test_html(read: Read) -> None:
    """Headings leave h1 to the document's title, tables and links are kept."""
    pages = read(DOCUMENT).pages
    assert '<h2 id="zrodla-finansowania">' in pages[1].html
    assert '<a href="https://example.org/x" rel="noopener noreferrer">linkiem</a>' in pages[1].html
    assert "<td>Łódź</td>" in pages[1].html
    assert "<h3>Nagłówek w cytacie</h3>" in pages[2].html
    assert all("<h1" not in page.html for page in pages)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](data:image/png;base64,AAAA)",
        "[x](vbscript:x)",
        '<img src=x onerror="alert(1)">',
        '[x](https://a.pl "onmouseover=alert(1)")',
        "<javascript:alert(1)>",
        '<a href="https://a.pl" style="x">y</a>',
    ],
)
def test_html_is_safe(read: Read, hostile: str) -> None:
    """No script, handler or dangerous address gets through as markup."""
    html = read(f"Tekst {hostile} dalej").pages[0].html
    assert "<script" not in html
    assert "<img src=x" not in html
    assert 'href="javascript' not in html.lower()
    assert 'href="vbscript' not in html.lower()
    assert '"data:' not in html
    assert '<a href="https://a.pl" style' not in html


def test_relative_links_stay(read: Read) -> None:
    """A link to a neighbouring file is kept."""
    assert 'href="../raporty/a.pdf#page=3"' in read("[a](../raporty/a.pdf#page=3)").pages[0].html


def test_footnotes_stand_in_their_section(read: Read) -> None:
    """A note is shown and found in the section that cites it."""
    first, second = read("# A\n\nzdanie[^1]\n\n# B\n\ninne\n\n[^1]: Treść przypisu.\n").pages
    assert "Treść przypisu." in first.text
    assert 'id="fn1"' in first.html
    assert "przypisu" not in second.text + second.html


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("# Źródło".encode("cp1250"), "Windows-1250"),
        ("# Źródło".encode("iso8859-2"), "ISO 8859-2"),
        ("# Źródło".encode("utf-16"), "UTF-16"),
        ("# Źródło\n\nŁąka nad rzeką".encode().decode("latin-1").encode(), "w złym kodowaniu"),
        (("# Źródło\n\n" + "x¤z¬q b¶w¾t k¼r¦s m³³¿l p¬¬t " * 4).encode(), "nie da się odczytać słów: 1"),
        ("---\na: [1\n---\n# Źródło".encode(), "w wierszu"),
    ],
)
def test_warnings(read: Read, content: bytes, said: str) -> None:
    """What was repaired or left out is said, and the text is read all the same."""
    extraction = read(content)
    assert extraction.status is Status.INDEXED
    assert extraction.pages[0].heading == "Źródło"
    assert said in extraction.warnings[0]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", Status.NO_TEXT),
        (b"---\ntitle: x\n---\n", Status.NO_TEXT),
        (b"\xef\xbb\xbf", Status.NO_TEXT),
        (b"\x00\x01\x02\x03", Status.DAMAGED),
        (b"\x81\x83\x88 abc", Status.DAMAGED),
    ],
)
def test_nothing_to_read(read: Read, content: bytes, status: Status) -> None:
    """An empty file and one that is no text are told apart, with a message."""
    extraction = read(content)
    assert extraction.status is status
    assert extraction.message


def test_byte_order_mark(read: Read) -> None:
    """A byte order mark does not hide the front matter."""
    assert read("\ufeff---\ntitle: x\n---\nTreść".encode()).metadata == {"title": "x"}


def test_limits(read: Read) -> None:
    """Too many characters or sections are too large."""
    assert read("abc " * 100, Limits(characters=100)).status is Status.TOO_LARGE
    assert read("# a\n\nb\n\n" * 10, Limits(pages=5)).status is Status.TOO_LARGE


def test_deep_nesting(read: Read) -> None:
    """Absurd nesting is read without harm."""
    assert (
        read(">" * 20_000 + " tekst\n\n" + "[" * 5_000 + "\n\n" + "- " * 3_000 + "\n\nkoniec").status is Status.INDEXED
    )


def test_invisible_characters(read: Read) -> None:
    """What came along when a text was copied breaks no word, in the text, its heading, its HTML and the metadata."""
    source = "---\ntitle: Re\u00adkul\u200bty\u2060wacja\n---\n"
    source += "# Wy\u00adspa\ufeff\n\nSka\u00adła \u202abez\u202c cienia 👩\u200d🌾."
    extraction = read(source)
    assert extraction.metadata["title"] == "Rekultywacja"
    page = extraction.pages[0]
    assert (page.heading, page.text.split("\n")[1][:16]) == ("Wyspa", "Skała bez cienia")
    assert "Skała bez cienia 👩\u200d🌾" in page.html
