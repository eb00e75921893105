"""Pages that editors write: the statement that the law asks for, privacy, contact; and nothing where nobody wrote them."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from library import Library
from typer.testing import CliRunner

from kb import texts
from kb.cli import app
from kb.errors import TextsError
from kb.web import create_app

from .conftest import ROOT, serving, spaced

DECLARATION = """\
---
owner: Fundacja Próbna
published: 2025-01-15
updated: 2026-03-01
status: częściowo zgodna
prepared: 2026-03-20
reviewed: 2026-03-21
person: Anna Próbna
phone: 22 000 00 00
architecture: Wejście bez progu.
applications: Nie ma aplikacji.
---

### Treści niedostępne

- Skany <script>alert(1)</script> bez opisu.
"""
IDS = frozenset(
    {"deklaracja", "wstep", "podmiot", "url", "data-publikacja", "data-aktualizacja", "status", "data-sporzadzenie"}
    | {"data-przeglad", "audytor", "kontakt", "osoba", "email", "telefon", "procedura", "architektura", "aplikacje"}
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A collection with one document, a statement and a text about the programme."""
    library = Library(tmp_path_factory.mktemp("texts"))
    library.markdown("a.md", "Tekst.", id="dokument-a", title="Dokument A")
    library.write("_strony/dostepnosc.md", DECLARATION)
    library.write(
        "_strony/program.md", "---\ntitle: O próbie\n---\nCel próby. [Dokument](../a.md), [brak](../nie-ma.md).\n"
    )
    assert [file.path for file in library.run().files] == ["a.md"]
    return library


@pytest.fixture(scope="module")
def client(written: Library) -> Iterator[httpx.Client]:
    """Its site, with a contact."""
    settings = written.settings(contact="redakcja@example.org", public_url="https://baza.example.pl")
    with serving(create_app(settings, today=lambda: date(2026, 6, 10))) as opened:
        yield opened


def test_accessibility_statement_follows_the_template(client: httpx.Client) -> None:
    """Each id of the template stands there once, with what the file and the settings say; the text is made safe."""
    html = spaced(client.get("/deklaracja-dostepnosci"))
    for id in IDS:
        assert html.count(f'id="a11y-{id}"') == 1, id
    assert '<time id="a11y-data-sporzadzenie" datetime="2026-03-20">20 marca 2026 r.</time>' in html
    assert '<a id="a11y-url" href="https://baza.example.pl/">' in html
    assert '<a id="a11y-email" href="mailto:redakcja@example.org">' in html
    assert "<strong>częściowo zgodna</strong>" in html
    assert "<script>alert" not in html


def test_every_page_leads_to_what_is_written(client: httpx.Client) -> None:
    """The footer has the pages that are there, and the head names the statement."""
    html = spaced(client.get("/slownik"))
    footer = html[html.index("<footer") :]
    links = re.findall(r'href="(/[^"]+)"', footer)
    assert links[:4] == ["/o-bazie", "/o-programie", "/kontakt", "/deklaracja-dostepnosci"]
    assert "Prywatność" not in footer
    assert client.get("/prywatnosc").status_code == 404
    assert '<meta name="deklaracja-dostępności" content="https://baza.example.pl/deklaracja-dostepnosci">' in html


def test_texts_lead_to_documents(client: httpx.Client) -> None:
    """A link to a file is a link to its page; one to a file that is not there is none. The text itself is no document."""
    html = spaced(client.get("/o-programie"))
    assert "<h1>O próbie</h1>" in html
    assert 'href="/dokumenty/dokument-a"' in html
    assert "nie-ma.md" not in html
    assert client.get("/api/v1/documents").json()["total"] == 1


def test_without_a_contact_nobody_is_to_be_written_to(library: Library) -> None:
    """Neither the statement, nor an error, nor an empty list of results tells people to write where nobody would read it."""
    library.write("_strony/dostepnosc.md", DECLARATION.replace("phone: 22 000 00 00\n", ""))
    library.run()
    with serving(create_app(library.settings())) as opened:
        for url in ("/deklaracja-dostepnosci", "/nie-ma", "/szukaj?q=xqzwy", "/o-bazie", "/"):
            html = opened.get(url).text.lower()
            assert "mailto:" not in html
            assert "napisz do" not in html
        assert opened.get("/kontakt").status_code == 404
        assert "Danych kontaktowych jeszcze nie podano" in spaced(opened.get("/deklaracja-dostepnosci"))


def test_a_text_is_read_again_and_a_spoilt_one_changes_nothing(client: httpx.Client, written: Library) -> None:
    """What an editor saves is seen at once; what cannot be used leaves the last good text."""
    path = "_strony/kontakt.md"
    written.write(path, "Dyżur w piątki.\n")
    assert "Dyżur w piątki." in spaced(client.get("/kontakt"))
    written.write(path, b"Dy\xbfur w soboty.\n")
    assert "Dyżur w piątki." in spaced(client.get("/kontakt"))
    (written.documents / path).unlink()


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("dostepnosc", "Tekst.", "_strony/dostepnosc.md: owner: brak wymaganego klucza"),
        ("dostepnosc", DECLARATION.replace("2026-03-20", "20.03.2026"), "prepared: data musi mieć postać RRRR-MM-DD"),
        ("dostepnosc", DECLARATION.replace("częściowo zgodna", "czesciowo zgodna"), "częściowo zgodna, niezgodna"),
        ("prywatnosc", "---\ntytul: A\n---\nTekst.", "tytul: nieznany klucz"),
        ("prywatnosc", "---\ntitle: A: B\n---\nTekst.", "błąd zapisu YAML w wierszu 2"),
        ("prywatnosci", "Tekst.", "nie ma takiej strony. Może chodziło o „prywatnosc”?"),
        ("prywatnosc", "ą" * 131_073, "_strony/prywatnosc.md: plik ma ponad 256 kB"),
    ],
)
def test_mistakes_of_editors_are_named(library: Library, name: str, text: str, problem: str) -> None:
    """``kb check`` names file, key and what is wrong in Polish."""
    library.write(f"_strony/{name}.md", text)
    with pytest.raises(TextsError) as raised:
        texts.check(library.documents)
    assert problem in " ".join(raised.value.details)
    folders = ["--documents", str(library.documents), "--index", str(library.index)]
    assert CliRunner().invoke(app, ["check", *folders]).exit_code == 2


def test_the_sample_texts_are_right() -> None:
    """The texts that come with the sample documents can all be used."""
    folder: Path = ROOT / "documents"
    texts.check(folder)
    assert {path.stem for path in (folder / "_strony").glob("*.md")} >= {
        "program",
        "dostepnosc",
        "prywatnosc",
        "o-bazie",
    }
