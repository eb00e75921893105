"""A format is one reader and one row of the table: everything else follows, from the folder to the citation."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from library import Library
from plain_text import PLAIN_TEXT

from kb import formats
from kb.citing import locator
from kb.formats import MARKDOWN, PDF, UNKNOWN, format_of
from kb.model import Document, Status
from kb.reading.query import make_query
from kb.web import create_app

from .conftest import serving, spaced

NOTE = """Notatka z wizyty w gminie. Rozmawiano o retencji & wodzie.

== Wnioski
Gmina zbuduje zbiornik retencyjny.
<b>To nie jest znacznik.</b>

== Co dalej
Następne spotkanie w maju.
"""


@pytest.fixture
def shelf(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A collection with a text file beside a PDF and a Markdown file, in a house that has learnt plain text."""
    monkeypatch.setattr(formats, "FORMATS", (PDF, MARKDOWN, PLAIN_TEXT))
    library.write("wizyty/NOTATKA.TXT", NOTE)
    library.sidecar("wizyty/NOTATKA.TXT", id="notatka", title="Wizyta w gminie", kind="raport", authors=["Anna Nowak"])
    library.pdf("raport.pdf", ["Raport o drogach."])
    library.markdown("nowina.md", "Nowina o szkole.")
    return library


@pytest.fixture
def client(shelf: Library) -> Iterator[httpx.Client]:
    """A client of the site over that collection."""
    assert not shelf.run().failed
    with serving(create_app(shelf.settings())) as made:
        yield made


def test_the_table() -> None:
    """A name tells its format in any letter case, and what is no document has none."""
    assert [format_of(name) for name in ("a.pdf", "b/A.PDF", "a.md", "a.pdf.md")] == [PDF, PDF, MARKDOWN, MARKDOWN]
    assert {format_of(name) for name in ("a.txt", "pdf", "a.pdf.yaml", "")} == {UNKNOWN}


def test_a_new_format_is_read_and_described(shelf: Library) -> None:
    """The file is found, read by its own reader together with others, and described by its sidecar, which alone may change."""
    rows = shelf.files()
    assert (rows["wizyty/NOTATKA.TXT"].status, rows["wizyty/NOTATKA.TXT"].pages) == (Status.INDEXED, 3)
    assert rows["wizyty/NOTATKA.TXT"].warnings == ()  # the file's own „memo” is nobody's mistake
    assert set(rows) == {"wizyty/NOTATKA.TXT", "raport.pdf", "nowina.md"}
    document = shelf.document("notatka")
    assert (document.title, document.kind, document.authors) == ("Wizyta w gminie", "raport", ("Anna Nowak",))
    assert (document.publisher, document.format) == ("Edytor tekstu", PLAIN_TEXT)
    assert set(shelf.statuses().values()) == {Status.UNCHANGED}
    shelf.sidecar("wizyty/NOTATKA.TXT", id="notatka", title="Nowy tytuł")
    assert shelf.statuses()["wizyty/NOTATKA.TXT"] is Status.INDEXED
    assert shelf.document("notatka").title == "Nowy tytuł"


def test_a_new_format_is_found_and_cited(shelf: Library) -> None:
    """Its sections are found one by one, and cited as parts."""
    shelf.run()
    hit = shelf.open().search(make_query("zbiornik retencyjny")).hits[0]
    assert (hit.document.id, hit.pages[0].number) == ("notatka", 2)
    assert "<mark>zbiornik</mark>" in hit.pages[0].snippet
    assert locator(hit.document, hit.pages[0]) == "część „Wnioski”"


def test_a_new_format_on_the_site(client: httpx.Client) -> None:
    """Results, the document's page, its section's page, the file and the citation all speak of parts of a text."""
    found = spaced(client.get("/szukaj?q=gmina"))
    assert "Wizyta w gminie" in found
    assert ">Wnioski<" in found
    whole = client.get("/dokumenty/notatka").text
    for part in (
        'Pobierz oryginał <span class="size">tekst, ',
        ">Wnioski</h2>",
        "retencji &amp; wodzie",
        "&lt;b&gt;To nie jest znacznik.",
    ):
        assert part in whole
    assert 'content="text/plain"' in whole
    assert "citation_pdf_url" not in whole
    section = client.get("/dokumenty/notatka/strony/2?q=zbiornik").text
    assert "Cytuj tę część" in section
    assert "<mark>zbiornik</mark>" in section
    assert "część „Wnioski”" in section
    assert "maju" in section  # short sections stand on one page
    file = client.get("/pliki/notatka")
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-disposition"].startswith('inline; filename="notatka.txt"')
    assert file.text == NOTE


def test_a_new_format_in_the_api(client: httpx.Client) -> None:
    """The API calls the format by its row's name, and documents of the others as ever."""
    media = {entry["id"]: entry["media"] for entry in client.get("/api/v1/documents").json()["documents"]}
    assert media == {"notatka": "text", "raport": "pdf", "nowina": "markdown"}
    cited = client.get("/api/v1/documents/notatka/citation?page=2&format=iso690").json()
    assert "część „Wnioski”" in cited["citation"]


def test_a_format_that_has_gone() -> None:
    """A document of a format that the program no longer knows is a file to be saved, never a page of some other kind."""
    document = Document(id="a", title="A", path="a.txt", version="0", pages=1)
    assert document.format is UNKNOWN
    assert (UNKNOWN.media_type, UNKNOWN.inline, UNKNOWN.has_pages) == ("application/octet-stream", False, False)
