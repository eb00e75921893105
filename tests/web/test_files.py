"""Original files of any name are sent, and their names reach the reader as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from library import TAXONOMY, Library

from kb.model import Document
from kb.pages.files import send
from kb.web import create_app
from web.conftest import serving

NAMES = (
    "RAPORT.PDF",
    "dane.tar.pdf",
    "Źródła – dwa.Pdf",
    "a.pdf.md",
    "x 'y\" z.md",
    "dwie  kropki..md",
    "łącze;filename=zly.md",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, httpx.Client]]:
    """A site with files of these names and one whose name has control characters."""
    library = Library(tmp_path_factory.mktemp("files"))
    library.write("taxonomy.yaml", TAXONOMY)
    for name in (*NAMES, "a\x1b[31m\nb.md"):
        if name.lower().endswith(".pdf"):
            library.pdf(name, [f"Most {name}."])
        else:
            library.markdown(name, f"Most {name!r}.")
    library.run()
    with serving(create_app(library.settings())) as client:
        yield library, client


def test_files_of_any_name(served: tuple[Library, httpx.Client]) -> None:
    """Each is sent with its own bytes and its own name."""
    library, client = served
    documents = [library.document(id) for id in library.ids()]
    assert len(documents) == len(NAMES) + 1
    for document in documents:
        answer = client.get(f"/pliki/{document.id}")
        assert answer.status_code == 200, document.path
        assert quote(document.path, safe="") in answer.headers["content-disposition"]
        if document.path in NAMES:
            assert answer.content == (library.documents / document.path).read_bytes()


def test_a_name_with_control_characters_is_shown_without(served: tuple[Library, httpx.Client]) -> None:
    """Neither pages nor the API have them."""
    library, client = served
    (id,) = [id for id in library.ids() if "\N{REPLACEMENT CHARACTER}" in library.document(id).path]
    for address in (f"/dokumenty/{id}", f"/api/v1/documents/{id}", "/szukaj.atom?q=most", "/api/v1/search?q=most"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "\x1b" not in answer.text
        assert "\\u001b" not in answer.text


@pytest.mark.parametrize("name", ["plik", "plik.", "plik.dóć", "plik.tar.gz", 'plik.p"d\nf', ".ukryty", "a.źdź ż"])
def test_files_of_formats_that_have_gone(tmp_path: Path, name: str) -> None:
    """A document whose format is no more is sent, whatever its suffix."""
    path = tmp_path / "x"
    path.write_bytes(b"tresc")
    document = Document(id="plik", title="Plik", path="plik.md", version="0" * 64, pages=1)
    answer = send(path, replace(document, path=name))
    assert answer.headers["content-disposition"].isascii()
    assert "\n" not in answer.headers["content-disposition"]
