"""Marks and links in text and HTML, as tables."""

import pytest

from kb.finding.snippets import Mark
from kb.model import Heading
from kb.pages.markup import paragraphs, rendered, site_links

KNOWN = {"poradniki/zit.pdf": "/dokumenty/zit", "teksty/inny.md": "/dokumenty/inny"}


def marker(text: str) -> list[Mark]:
    """Marks every „ala" and every „ala ma", whatever space is between."""
    found, at = [], 0
    while (at := text.find("ala", at)) >= 0:
        end = at + 6 if text[at + 3 : at + 6].split() == ["ma"] else at + 3
        found.append(Mark(at, end, 0))
        at = end
    return found


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("ala", "<p><mark>ala</mark></p>"),
        ("a < b & ala", "<p>a &lt; b &amp; <mark>ala</mark></p>"),
        ("ala\nma", "<p><mark>ala</mark></p>\n<p><mark>ma</mark></p>"),
        ("• ala\n• kot\ndalej", '<ul class="items">\n<li>• <mark>ala</mark></li>\n<li>• kot</li>\n</ul>\n<p>dalej</p>'),
        ("1. jeden\na) dwa", '<ul class="items">\n<li>1. jeden</li>\n<li>a) dwa</li>\n</ul>'),
        (
            "Rok | ala\n2023 | <5",
            (
                '<div class="scroll" role="region" aria-label="Tabela" tabindex="0"><table class="rows">\n'
                "<tr><td>Rok</td><td><mark>ala</mark></td></tr>\n<tr><td>2023</td><td>&lt;5</td></tr>\n</table></div>"
            ),
        ),
        ("", ""),
    ],
)
def test_paragraphs(text: str, html: str) -> None:
    """Lines become paragraphs, items, rows; a mark over a line's end is closed and opened again."""
    assert paragraphs(text, marker=marker) == html


def test_headings_and_notes_of_a_page() -> None:
    """A heading with a line of its own is one, of its level; one without gets a place to link to; footnotes come apart."""
    text = "1. Tytuł\ntekst, który idzie dalej\n1.1 Dalej\nala\n3 Por. ala."
    headings = [
        Heading(text="1. Tytuł"),
        Heading(text="x", level=2, start=9),
        Heading(text="1.1 Dalej", level=2, start=34),
    ]
    assert paragraphs(text, headings, marker, notes_at=text.index("3 Por")).split("\n") == [
        '<h2 id="naglowek-1">1. Tytuł</h2>',
        '<span id="naglowek-2"></span>',
        "<p>tekst, który idzie dalej</p>",
        '<h3 id="naglowek-3">1.1 Dalej</h3>',
        "<p><mark>ala</mark></p>",
        '<section class="notes" aria-label="Przypisy">',
        "<p>3 Por. <mark>ala</mark>.</p>",
        "</section>",
    ]


def test_headings_of_a_page_skip_no_level() -> None:
    """A page that begins below a chapter of the page before has its headings in order all the same."""
    text = "3.2 Dalej\n4. Rozdział\n4.1.1 Głęboko\n4.2 Obok"
    headings = [
        Heading(text=line, level=level, start=text.index(line))
        for line, level in zip(text.split("\n"), (2, 1, 3, 2), strict=True)
    ]
    tags = [line[1:3] for line in paragraphs(text, headings).split("\n")]
    assert tags == ["h2", "h2", "h3", "h3"]


@pytest.mark.parametrize(
    ("html", "result"),
    [
        ("<p>ala &amp; kot</p>", "<p><mark>ala</mark> &amp; kot</p>"),
        ("<p>a<em>la</em></p>", "<p><mark>a</mark><em><mark>la</mark></em></p>"),
        ("<p>a</p><p>la</p>", "<p>a</p><p>la</p>"),
        (
            '<a title="ala" href="https://e.pl/?a=1&amp;ala=2">x</a>',
            '<a href="https://e.pl/?a=1&amp;ala=2" title="ala">x</a>',
        ),
        ('<a href="../poradniki/zit.pdf">zit</a>', '<a href="/dokumenty/zit">zit</a>'),
        ('<a href="inny.md#cz">i</a>', '<a href="/dokumenty/inny#cz">i</a>'),
        ('<a href="brak.md">i</a> <a href="inny.md">j</a>', '<span>i</span> <a href="/dokumenty/inny">j</a>'),
        ('<a href="../../../etc/passwd">i</a>', "<span>i</span>"),
        ('<img src="x.png" alt="ala i kot">', '<span class="picture">[ilustracja: ala i kot]</span>'),
        ('<img src="x.png">', ""),
        ("<hr>", "<hr>"),
    ],
)
def test_rendered(html: str, result: str) -> None:
    """Text nodes are marked, attributes and structure stay; links resolve or cease to be links."""
    assert rendered(html, site_links("teksty/ten.md", KNOWN.get, "/dokumenty/ten"), marker) == result


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("#tu", "#tu"),
        ("#tam", "/dokumenty/ten#tam"),
        ("mailto:a@b.pl", "mailto:a@b.pl"),
        ("/szukaj?q=a", "/szukaj?q=a"),
        ("//inny.pl/x", "//inny.pl/x"),
        ("%69nny.md", "/dokumenty/inny"),
        ("#środki-własne", "/dokumenty/ten#srodki-wlasne"),
        ("#%C5%9Brodki-w%C5%82asne", "/dokumenty/ten#srodki-wlasne"),
        ("#Tu", "#tu"),
        ("inny.md#Źródła--danych", "/dokumenty/inny#zrodla-danych"),
        ("inny.md#", "/dokumenty/inny"),
        ("../poradniki/zit.pdf#page=3", "/dokumenty/zit/strony/3"),
        ("../poradniki/zit.pdf#page=3&zoom=100", "/dokumenty/zit/strony/3"),
        ("../poradniki/zit.pdf#page=0", "/dokumenty/zit"),
        ("../poradniki/zit.pdf#nameddest=a", "/dokumenty/zit"),
        ("http://[", None),
    ],
)
def test_links(address: str, result: str | None) -> None:
    """Anchors of the section shown stay, those of others lead to the whole document, a PDF's page to its page; the rest stays.

    Anchors with Polish letters, as editors and other sites make them, are those of the headings here.
    """
    assert site_links("teksty/ten.md", KNOWN.get, "/dokumenty/ten", '<h2 id="tu">')(address) == result
