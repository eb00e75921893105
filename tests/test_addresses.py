"""Addresses are known to one module, and those that people keep in bookmarks and footnotes never change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import addresses
from kb.model import Page, Query
from kb.reading.query import make_query

PACKAGE = Path(addresses.__file__).parent
ADDRESS = re.compile(
    r"(?<![\w<])/(?:dokumenty|obrazy|szukaj|edycje|tematy|pliki|cytowania|aktualnosci|wydarzenia|slownik|o-bazie|api|static"
    r"|healthz|readyz)(?![\w-])"
)


def _texts(path: Path) -> Iterator[str]:
    """Every text in a module's code, comments and docstrings left out; a template as it is."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield source
        return
    prose = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr):
            prose.add(id(node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


@pytest.mark.parametrize(
    "path", sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_other_module_knows_an_address(path: Path) -> None:
    """No address is written anywhere in the code or the templates but in the module of addresses."""
    written = [text for text in _texts(path) if ADDRESS.search(text)]
    assert bool(written) == (path.name == "addresses.py"), written


def test_the_script_asks_where_suggestions_are() -> None:
    """The one address outside Python, that of the suggestions, is the right one."""
    assert f"`{addresses.API_SUGGEST}?$" in (PACKAGE / "static" / "suggest.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("made", "lasting"),
    [
        (addresses.document_url("raport-a"), "/dokumenty/raport-a"),
        (addresses.page_url("raport-a", 17), "/dokumenty/raport-a/strony/17"),
        (addresses.place_url("raport-a", None), "/dokumenty/raport-a"),
        (addresses.place_url("raport-a", Page(number=2, text="")), "/dokumenty/raport-a/strony/2"),
        (addresses.place_url("raport-a", Page(number=2, text="", anchor="cel")), "/dokumenty/raport-a#cel"),
        (addresses.file_url("raport-a"), "/pliki/raport-a"),
        (addresses.file_url("raport-a", 3), "/pliki/raport-a#page=3"),
        (addresses.citation_url("raport-a", "ris"), "/cytowania/raport-a?format=ris"),
        (addresses.citation_url("raport-a", "ris", 3), "/cytowania/raport-a?format=ris&page=3"),
        (addresses.version_address("raport-a", "0123456789abcdef" * 4), "/dokumenty/raport-a/wersje/0123456789ab"),
        (addresses.version_address("raport-a", "0123456789ab", 3), "/dokumenty/raport-a/wersje/0123456789ab/strony/3"),
        (addresses.version_file_url("raport-a", "0123456789abcdef", 3), "/pliki/raport-a/wersje/0123456789ab#page=3"),
        (addresses.edition_url("cwd-plus"), "/edycje/cwd-plus"),
        (addresses.topic_url("finanse"), "/tematy/finanse"),
        (addresses.document_url("a?b#c"), "/dokumenty/a%3Fb%23c"),
        (addresses.with_search("/dokumenty/a", make_query("wkład własny")), "/dokumenty/a?q=wk%C5%82ad+w%C5%82asny"),
        (addresses.with_search("/dokumenty/a", make_query("")), "/dokumenty/a"),
        (addresses.with_search("/dokumenty/a", None, trafienie="2"), "/dokumenty/a?trafienie=2"),
        (
            addresses.with_search(
                "/dokumenty/a", make_query("x", {"year": ("2024",)}, sort="newest", page=3), trafienie="1"
            ),
            "/dokumenty/a?q=x&year=2024&sort=newest&page=3&trafienie=1",
        ),
        (addresses.pages_url("raport-a"), "/dokumenty/raport-a/strony"),
        (addresses.picture_url("a", "0f", 3, 800), "/obrazy/a/0f/3-800.jpg"),
    ],
)
def test_lasting_addresses(made: str, lasting: str) -> None:
    """Addresses of documents, their pages, files and citations, and of editions and topics, are those of old."""
    assert made == lasting


@pytest.mark.parametrize(
    ("query", "address"),
    [
        (Query(), "/szukaj"),
        (Query(text="a b"), "/szukaj?q=a+b"),
        (
            Query(text="a", filters={"year": ("2023", "2024"), "edition": ("x",)}, sort="newest", page=2),
            "/szukaj?q=a&edition=x&year=2023&year=2024&sort=newest&page=2",
        ),
        (Query(sort="relevance", page=1, filters={"kind": ()}), "/szukaj"),
    ],
)
def test_a_search_has_one_address(query: Query, address: str) -> None:
    """Filters stand in one order, and what is the default is left out."""
    assert addresses.search_url(query) == address


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/dokumenty/raport-a", "raport-a"),
        ("/dokumenty/raport-a/strony/2", "raport-a"),
        ("/pliki/raport-a", "raport-a"),
        ("/dokumenty/", ""),
        ("/dokumenty", ""),
        ("/edycje/raport-a", ""),
        ("/", ""),
    ],
)
def test_the_document_of_an_address(path: str, document: str) -> None:
    """The id of a document is read back from the addresses of its pages and file."""
    assert addresses.document_of(path) == document
