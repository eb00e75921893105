"""What people and programs see of a document whose text could not be read."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from library import TAXONOMY, Library

from kb.addresses import file_url
from kb.web import create_app

from .conftest import serving, spaced


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A site with a scan, a damaged file and an empty text, all of them described."""
    library = Library(tmp_path_factory.mktemp("records"), {"ocr": "off"})
    library.write("taxonomy.yaml", TAXONOMY)
    described = {"description": "Gdzie wolno pływać.", "topics": ["energia"], "published": "2021-05-06"}
    library.pdf("skan.pdf", None, None, title="Uchwała o kąpielisku", **described)
    library.sidecar("zly.pdf", title="Uszkodzona uchwała")
    library.write("zly.pdf", b"%PDF-1.7 urwany")
    library.markdown("pusty.md", "", title="Pusta nowina")
    library.markdown("nowina.md", "Uchwała w sprawie szkoły.", title="Nowina")
    library.run()
    with serving(create_app(library.settings())) as client:
        yield client


def test_its_page(records: httpx.Client) -> None:
    """It says in plain words why there is no text, leads to the file, and offers nothing that is not there."""
    page = spaced(records.get("/dokumenty/skan"))
    assert "To skan bez rozpoznanego tekstu. Jego treść nie jest przeszukiwana" in page
    assert f'<a class="button" href="{file_url("skan")}">Otwórz plik PDF <span class="size">' in page
    assert "2 strony" in page
    assert "Czytaj od początku" not in page
    assert "/strony/1" not in page
    assert records.get(file_url("skan")).headers["content-type"] == "application/pdf"
    assert "Możesz go pobrać" in records.get("/dokumenty/zly").text
    assert records.get(file_url("zly")).content == b"%PDF-1.7 urwany"
    assert "nie ma jeszcze treści" in records.get("/dokumenty/pusty").text


@pytest.mark.parametrize("number", ["1", "2", "x"])
def test_it_has_no_pages(records: httpx.Client, number: str) -> None:
    """An address of one of its pages answers that there is none, and why."""
    answer = records.get(f"/dokumenty/skan/strony/{number}")
    assert answer.status_code == 404
    assert "nie udało się odczytać" in answer.text


def test_among_results(records: httpx.Client) -> None:
    """A result shows its description and what it is, without a place or a fragment."""
    page = records.get("/szukaj", params={"q": "kąpielisko pływać"}).text
    assert "skan bez rozpoznanego tekstu" in page
    assert '<p class="lead">Gdzie wolno pływać.</p>' in page
    assert "hit-pages" not in page.partition("<main")[2]
    assert "i jeszcze" not in page
    feed = records.get("/szukaj.atom", params={"q": "kąpielisko"})
    assert "Gdzie wolno pływać." in feed.text


def test_in_the_api(records: httpx.Client) -> None:
    """Documents and hits say whether their text is searched; a record has neither contents nor pages."""
    listed = records.get("/api/v1/documents").json()["documents"]
    assert {entry["id"]: entry["text_status"] for entry in listed} == {
        "skan": "no_text",
        "zly": "damaged",
        "pusty": "no_text",
        "nowina": "searched",
    }
    one = records.get("/api/v1/documents/skan").json()
    assert (one["text_status"], one["page_count"], one["pages"]) == ("no_text", 2, [])
    (hit,) = records.get("/api/v1/search", params={"q": "kąpielisko"}).json()["hits"]
    assert (hit["text_status"], hit["matching_pages"], hit["pages"]) == ("no_text", 0, [])
    assert records.get("/api/v1/documents/skan/pages/1").status_code == 404
    assert records.get("/api/v1/documents/skan/citation", params={"format": "apa"}).status_code == 200
