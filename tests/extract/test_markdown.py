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
    ("written", "text", "html"),
    [
        ("Jeden<br>dwa<BR/>trzy", "Jeden\ndwa\ntrzy", "<p>Jeden<br>dwa<br>trzy</p>"),
        ("5 m<sup>2</sup> i <b>ważne</b>", "5 m2 i ważne", "<p>5 m<sup>2</sup> i <strong>ważne</strong></p>"),
        ('<p align="center">Na <i>środku</i></p>', "Na środku", "<p>Na <em>środku</em></p>"),
        ("<div class='x'>\nW ramce\n</div>", "W ramce", "<p>\nW ramce\n</p>"),
        ("Przed <!-- dla redakcji --> po", "Przed po", "<p>Przed  po</p>"),
        ("<!-- dla\nredakcji -->\n\nTekst", "Tekst", "<p>Tekst</p>"),
        ("<style>\np {color: red}\n</style>\n\nTekst", "Tekst", "<p>Tekst</p>"),
        ("<script>a='<!--'</script>\n\nx\n\n<script>b='-->'</script>", "x", "<p>x</p>"),
        ("<div><style>a</style>x<!-- y </style> --><style></div>", "x<style>", "<p>x&lt;style&gt;</p>"),
        ("Miejsce<a name='x'></a> i <span data-href='y'>słowo</span>", "Miejsce i słowo", "<p>Miejsce i słowo</p>"),
        (
            "I <a title='a > b' href='#x'>tu</a>",
            "I tu",
            '<a href="#x" title="a &gt; b" rel="noopener noreferrer">tu</a>',
        ),
        ("<p>Z Worda<o:p></o:p></p>", "Z Worda", "<p>Z Worda</p>"),
        ("<!DOCTYPE html>\n<script>\nx\n</script >\n<p>Tekst</p>", "Tekst", "<p>Tekst</p>"),
        ("<h2>Śródtytuł</h2>", "Śródtytuł", "<h3>Śródtytuł</h3>"),
        ("<img src='m.png' alt='Mapa &amp; plan'>", "Mapa & plan", '<p><img src="m.png" alt="Mapa &amp; plan"></p>'),
        (
            "<table><tr><th>Gmina</th><td>Łódź</td></tr>\n<tr><td>x</td></tr></table>",
            "Gmina Łódź\nx",
            "<table><tbody><tr><th>Gmina</th><td>Łódź</td></tr>\n<tr><td>x</td></tr></tbody></table>",
        ),
        ("| a |\n|---|\n| <ul><li>b</li><li>c</li></ul> |", "a\nb c", "<td><ul><li>b</li><li>c</li></ul></td>"),
    ],
)
def test_html_in_markdown_is_read(read: Read, written: str, text: str, html: str) -> None:
    """Its words are text and its plain markup is shown; comments, styles and places to link to are nobody's text."""
    (page,) = read(written).pages
    assert page.text == text
    assert html in page.html


@pytest.mark.parametrize(
    "written",
    [
        "Wpisz <nazwa gminy> i <form wniosku>",
        "Gdy x < 5 i y > 3",
        "<nazwa gminy>",
        "<div Tekst bez końca",
        "<!-- bez końca",
        "Znacznik <script> i <textarea> w zdaniu",
        "<table><tr><td><nazwa></td></tr></table>",
        "Kod `<b>słowo</b>`",
    ],
)
def test_what_only_looks_like_html_is_text(read: Read, written: str) -> None:
    """A blank to be filled in, a sign of comparison, a tag without an end: nothing of them is lost."""
    shown = written.replace("`", "").replace("<table><tr><td>", "").replace("</td></tr></table>", "")
    (page,) = read(f"{written}\n\nDalej").pages
    assert page.text == f"{shown}{' ' if '<!--' in written else chr(10)}Dalej"
    for word in shown.replace("<", " ").replace(">", " ").split():
        assert word in page.html


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Dotacja {% fers %} dla gmin.", "Dotacja dla gmin."),
        ("Dotacja.\n\n{% fers %}\n\nDalej.", "Dotacja.\nDalej."),
        ("{{< youtube abc >}}\n\nFilm {{ page.title }}.", "Film."),
        ("Spis {: .no_toc }", "Spis"),
        ("Zbiór {a, b} **i** {c}", "Zbiór {a, b} i {c}"),
        ("Wpisz `{% include %}`.", "Wpisz {% include %}."),
        ("{% bez końca", "{% bez końca"),
    ],
)
def test_what_a_site_generator_was_to_replace_is_no_text(read: Read, written: str, text: str) -> None:
    """Pages taken from a site's source have calls of its generator in them; in code they are what is written about."""
    (page,) = read(written).pages
    assert page.text == text
    assert "<p></p>" not in page.html


def test_a_number_of_thousands_of_digits_spoils_no_file(read: Read) -> None:
    """A reference to a character that there is not is one sign, in an address as in a block."""
    number = f"&#{'1' * 5000};"
    (page,) = read(f"<p>Raz {number} dwa</p>\n\nI <a href='{number}'>trzy</a>").pages
    assert page.text == "Raz \ufffd dwa\nI trzy"


def test_html_without_end_is_shown_as_plain_text(read: Read) -> None:
    """Of a section with more elements than may be, within a sentence or in a block, the words are kept, and a warning says so."""
    for html in ("x " + "<sup>a" * 10_001, "<ul><li>" * 5_001 + "a"):
        extraction = read(f"# Raz\n\n<b>Ważne</b>\n\n# Dwa\n\n{html}")
        first, second = extraction.pages
        assert "<strong>Ważne</strong>" in first.html
        assert not [tag for tag in ("<sup", "<ul") if tag in second.html]
        assert "a" in second.text
        assert "część 2" in extraction.warnings[0]


def test_html_in_markdown_stays_inside_its_page(read: Read) -> None:
    """It brings no ids and no handlers, closes nothing of the page around it, and is closed with its section."""
    (page,) = read("Raz <a href='#x' id='tresc' onclick='y'>dwa</a>\n\n</section></main>\n\n<ul><li id='z'>trzy").pages
    assert '<p>Raz <a href="#x" rel="noopener noreferrer">dwa</a></p>' in page.html
    assert page.html.endswith("<ul><li>trzy\n</li></ul>")
    assert not [word for word in ("tresc", "onclick", "section", "main", "id=") if word in page.html]


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
