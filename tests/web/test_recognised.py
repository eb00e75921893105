"""Readers are told when a text was recognised in a picture, on the site and in the API."""

from __future__ import annotations

from dataclasses import replace

from extract.scans import drawn, needs_ocr, scan
from library import Library

from kb.model import Page
from kb.pages.document import recognised
from kb.web import create_app

from .conftest import serving


@needs_ocr
def test_recognised_pages_say_so(library: Library) -> None:
    """The page that was recognised, its document and the API say so; the page of text beside it does not."""
    picture = drawn(["Rada gminy uchwala regulamin odbioru odpadów", "komunalnych na terenie gminy."])
    library.write("uchwala.pdf", scan((None, "To jest zwykla strona."), (picture, "")))
    library.run(ocr="auto")
    note = "Tekst tej strony rozpoznano automatycznie (OCR); może zawierać błędy."
    with serving(create_app(library.settings())) as client:
        assert note not in client.get("/dokumenty/uchwala/strony/1").text
        assert note in client.get("/dokumenty/uchwala/strony/2").text
        assert "Tekst 1 strony rozpoznano automatycznie (OCR)" in client.get("/dokumenty/uchwala").text
        plain, recognised = (client.get(f"/api/v1/documents/uchwala/pages/{number}").json() for number in (1, 2))
    assert (plain["ocr"], plain["confidence"]) == (False, None)
    assert recognised["ocr"] is True
    assert 80 < recognised["confidence"] <= 100


def test_how_much_wasrecognised() -> None:
    """A document says whether all of its text was recognised or that of some pages, and nothing where none was."""
    page = Page(number=1, text="a")
    scanned = replace(page, ocr=True)
    assert recognised([page]) == ""
    assert recognised([scanned]).startswith("Tekst tego dokumentu rozpoznano")
    assert recognised([page, scanned]).startswith("Tekst 1 strony rozpoznano")
    assert recognised([page, *[scanned] * 3]).startswith("Tekst 3 stron rozpoznano")
