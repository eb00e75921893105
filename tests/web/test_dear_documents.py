"""Documents that are cheap to write and were dear to show: found, viewed and measured, the work counted at two sizes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType

import httpx
import pytest
from library import TAXONOMY, Library

from kb.extract.markdown import MOST_RENDERED, read_markdown
from kb.limits import Limits
from kb.model import Page
from kb.pages.document import MOST_CONTENTS
from kb.pages.markup import MOST_SHOWN, paragraphs, rendered, site_links
from kb.reading.query import make_query
from kb.web import create_app
from web.conftest import serving

_WORDS = "żyrafa lew pantera"
_MOST_BYTES = 1_000_000
"""Of one answer. Beside the text shown (``MOST_SHOWN``) it has the marks in it, contents and the frame of the page."""
_TODAY = date(2026, 11, 22)


def _table(rows: int) -> str:
    return f"{_WORDS}\n\n| a | b |\n|---|---|\n" + "".join(f"| {i}. | {i * 7}. |\n" for i in range(rows))


def _definition(uses: int) -> str:
    return f"{_WORDS} " + "[a] " * uses + f"\n\n[a]: https://example.org/{'y' * 27 * uses}\n"


DEAR: dict[str, tuple[Callable[[int], str], int]] = {
    "a table of numbers": (_table, 5_000),
    "a row of numbers with full stops": (lambda n: f"{_WORDS} " + "1. " * n, 50_000),
    "a list of nothing": (lambda n: f"{_WORDS}\n\n" + "1. \n" * n, 20_000),
    "dots": (lambda n: f"{_WORDS} " + "." * n, 16_000),
    "a heading of quotation marks": (lambda n: f"# {_WORDS} " + "„" * n, 40_000),
    "links to itself": (lambda n: f"{_WORDS} " + "".join(f"[l](#a{i}) " for i in range(n)), 10_000),
    "short paragraphs that are all found": (lambda n: f"{_WORDS}\n\n" * n, 6_000),
    "one long address used again and again": (_definition, 2_200),
    "headings": (lambda n: f"# {_WORDS}\n\nO żyrafie.\n\n" * n, 3_000),
    "one note for all": (lambda n: f"{_WORDS}\n\n" + "# s\n\nx[^1]\n\n" * n + f"[^1]: {'długi ' * 200}\n", 2_000),
    "a line without spaces": (lambda n: f"{_WORDS} " + "x" * n, 400_000),
    "abbreviations": (lambda n: f"{_WORDS} " + "a.b.c. " * n, 40_000),
    "emphasis": (lambda n: f"{_WORDS} " + "*a* " * n, 10_000),
    "pictures": (lambda n: f"{_WORDS} " + "![lew](x.png) " * n, 10_000),
    "references to characters": (lambda n: f"{_WORDS} " + "&quot;&amp;" * n, 40_000),
    "a heading of many words": (lambda n: "# " + f"{_WORDS} " * n, 20_000),
    "combining marks": (lambda n: f"{_WORDS} a" + "\u0301" * n, 100_000),
}
_NAMES = {name: f"drogi-{number}" for number, name in enumerate(DEAR)}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A collection of nothing but dear documents."""
    library = Library(tmp_path_factory.mktemp("zoo"))
    library.write("taxonomy.yaml", TAXONOMY)
    for name, (make, size) in DEAR.items():
        library.markdown(f"{_NAMES[name]}.md", make(size), id=_NAMES[name], title=name)
    assert not library.run().failed
    return library


@pytest.fixture(scope="module")
def visitor(zoo: Library) -> httpx.Client:
    """A client of the site."""
    with serving(create_app(zoo.settings(), lambda: _TODAY)) as client:
        yield client


@pytest.mark.parametrize("name", DEAR)
def test_what_is_shown_has_a_limit(visitor: httpx.Client, name: str) -> None:
    """Search, document and its first section are answered, each in bearable length."""
    page = f"/dokumenty/{_NAMES[name]}"
    for address in (f"/szukaj?q={_WORDS} {name}", page, f"{page}?q={_WORDS}", f"{page}/strony/1?q={_WORDS}"):
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        assert len(answer.content) <= _MOST_BYTES, address
    assert "<mark>" in visitor.get(f"{page}/strony/1?q={_WORDS}").text


# The note stands in every section with a way back to each place that cites it: what bounds that is the limit on growing.
@pytest.mark.parametrize("name", [name for name in DEAR if name != "one note for all"])
def test_work_grows_no_faster_than_the_document(zoo: Library, tmp_path: Path, name: str) -> None:
    """Of four times the document at most so many times the calls are made to quote and to show it, without any limit."""
    make, size = DEAR[name]
    highlighter = zoo.open().highlighter(make_query(_WORDS))

    def work(size: int) -> int:
        path = tmp_path / f"{size}.md"
        path.write_text(make(size), encoding="utf-8")
        extraction = read_markdown(path, Limits(), lambda _word: True, lambda _done, _all: None)
        return _calls(lambda: _shown(extraction.pages, highlighter.marks, highlighter.snippet))

    small = max(size // 40, 20)
    assert work(4 * small) <= 6 * work(small) + 1_000


def _shown(pages: tuple[Page, ...], marker: Callable[[str], list[object]], snippet: Callable[[str], str]) -> None:
    for page in pages:
        snippet(page.text)
        rendered(page.html, site_links("a.md", lambda _path: None, "/d", page.html), marker)
        paragraphs(page.text, page.headings, marker, page.notes_at)


def _calls(run: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def seen(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def test_a_long_document_goes_on_elsewhere(visitor: httpx.Client) -> None:
    """A document's page has its first sections, contents with a limit, and a link to the first section that it lacks."""
    page = f"/dokumenty/{_NAMES['headings']}"
    html = visitor.get(f"{page}?q=lew").text
    first = int(re.findall(rf'{page}/strony/(\d+)\?q=lew">Czytaj dalej', html)[0])
    assert 100 < first < 3_000
    assert f"i jeszcze {3_001 - first} " in html.replace("\N{NO-BREAK SPACE}", "")
    assert html.count('<h2 id="zyrafa-lew-pantera') == first - 1
    assert visitor.get(f"{page}/strony/{first}").status_code == 200


def test_a_long_section_is_cut(visitor: httpx.Client, zoo: Library) -> None:
    """Of a section too long for one page its beginning is shown, with a link to the whole."""
    page = f"/dokumenty/{_NAMES['a line without spaces']}"
    for address in (page, f"{page}/strony/1"):
        html = visitor.get(address).text.partition("<main")[2]
        assert MOST_SHOWN - 1_000 < html.count("x") < MOST_SHOWN + 100
        assert "To tylko początek bardzo długiego tekstu" in html
    assert zoo.open().page(_NAMES["a line without spaces"], 1).text.endswith("x" * 400_000)


def test_a_section_that_would_grow_is_plain_text(library: Library) -> None:
    """What is written in few characters and would be rendered in millions is kept as text, and the report says so."""
    library.markdown("a.md", _definition(2_200) + "\n# Dalej\n\nO *lwie*.\n", id="a", title="A")
    report = library.files()["a.md"]
    assert any("bez formatowania: część 1." in warning for warning in report.warnings)
    first, second = library.open().pages("a")
    assert len(first.html) < 100_000 < MOST_RENDERED
    assert first.html.startswith(f"<p>{_WORDS} a a")
    assert "<em>lwie</em>" in second.html


def test_contents_have_a_limit(library: Library) -> None:
    """Of very many headings the first are listed, and how many more there are is said."""
    library.markdown(
        "a.md", "".join(f"# Rozdział {i}\n\nTekst.\n\n" for i in range(MOST_CONTENTS + 7)), id="a", title="A"
    )
    library.run()
    with serving(create_app(library.settings(), lambda: _TODAY)) as client:
        html = client.get("/dokumenty/a").text
    contents = html[html.index("Spis treści") : html.index("</nav>", html.index("Spis treści"))]
    assert contents.count("<li") == MOST_CONTENTS
    assert "i jeszcze 7 pozycji" in contents


def test_a_cut_closes_what_is_open() -> None:
    """HTML is cut between tags and characters, whatever place the limit falls on."""
    html = '<table><tr><td><a href="https://a.pl/">ala &amp; <em>kot</em></a></td></tr></table>'
    links = site_links("a.md", lambda _path: None, "/d")
    for most in range(len(html)):
        shown = rendered(html, links, None, most)
        opened = re.findall(r"<(\w+)", shown)
        assert sorted(opened) == sorted(re.findall(r"</(\w+)", shown)), most
    assert rendered(html, links, None, len(html)) == rendered(html, links)
