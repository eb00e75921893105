"""The contents of a document are complete, lead to their places, and hits say what they stand under."""

from __future__ import annotations

import re

import httpx
import pypdfium2 as pdfium

from tests.web.conftest import ROOT, spaced

ENTRY = re.compile(r'<li class="level-(\d)"><a href="([^"]+)">([^<]+)</a>')


def test_contents_are_the_outline(client: httpx.Client) -> None:
    """Every heading of the file's outline, in its order and on its level, with an address that is there."""
    with pdfium.PdfDocument(ROOT / "documents" / "poradniki" / "zit-iit.pdf") as document:
        outline = [(entry.level + 1, entry.get_title()) for entry in document.get_toc()]
    found = ENTRY.findall(spaced(client.get("/dokumenty/poradnik-zit")))
    assert [(int(level), title) for level, _, title in found] == outline
    for _, url, title in found:
        address, _, anchor = url.partition("#")
        page = spaced(client.get(address))
        assert (f'id="{anchor}">{title}</h' if anchor else f">{title}</h") in page


def test_contents_of_a_text_in_sections(client: httpx.Client) -> None:
    """Sections stand on their document's page: one level, links within the page."""
    found = ENTRY.findall(client.get("/dokumenty/transport-w-gminie").text)
    assert found == [("1", "#wklad-wlasny-gminy", "Wkład własny gminy"), ("1", "#umowa", "Umowa")]


def test_a_hit_is_labelled_by_the_heading_above_it(client: httpx.Client) -> None:
    """Of a page's headings the one above the words that were found is shown, not the first or last."""
    labels = {}
    for heading in client.get("/api/v1/documents/poradnik-zit/pages/3").json()["headings"]:
        found = client.get("/api/v1/search", params={"q": f"„{heading['text']}”"}).json()["hits"][0]["pages"]
        labels[heading["text"]] = {page["number"]: page["heading"] for page in found}.get(3)
    assert len(labels) > 1
    assert all(label == text for text, label in labels.items())
