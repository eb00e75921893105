"""A file whose text cannot be read does not vanish: described, it is a record that is found by its description."""

from __future__ import annotations

from pathlib import Path

import pytest
from extract.pdfs import make_pdf
from library import TAXONOMY, Library, found
from pypdf import PdfWriter
from typer.testing import CliRunner

from kb.cli import app
from kb.errors import NotFound
from kb.model import Status
from kb.reading.query import make_query

IN_THE_INDEX = "Opis dokumentu jest w bazie; treść nie jest przeszukiwana."
DESCRIPTION = {
    "title": "Uchwała o kąpielisku",
    "description": "Gdzie wolno pływać i kiedy.",
    "topics": ["transport"],
    "edition": "pilotaz",
    "kind": "raport",
    "authors": ["Jadwiga Bąk"],
    "publisher": "Urząd Gminy",
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty collection with a taxonomy, where nothing recognises the text of scans."""
    made = Library(tmp_path, {"ocr": "off"})
    made.write("taxonomy.yaml", TAXONOMY)
    return made


def _scan(library: Library, name: str = "skan.pdf", **metadata: object) -> Path:
    return library.pdf(name, None, None, None, **(metadata or DESCRIPTION))


def _encrypted(library: Library, name: str, **metadata: object) -> None:
    path = library.pdf(name, ["Tekst pod hasłem."], **metadata)
    writer = PdfWriter(clone_from=path)
    writer.encrypt("tajne", algorithm="AES-256")
    writer.write(path)


def test_each_kind_of_failure_makes_a_record(library: Library) -> None:
    """Whatever keeps a text from being read, status and message stay, and the described document is there with the reason."""
    _scan(library, title="Skan")
    _encrypted(library, "tajny.pdf", title="Tajny")
    library.sidecar("zly.pdf", title="Zły")
    library.write("zly.pdf", b"%PDF-1.7 urwany")
    library.pdf("dlugi.pdf", *([["Strona."]] * 4), title="Długi")
    library.markdown("pusty.md", "", title="Pusty")
    library.markdown("ogromny.md", "słowo " * 300, title="Ogromny")
    report = library.run(extract_pages=3, extract_characters=1_000)
    rows = {file.path: file for file in report.files}
    assert {path: row.status for path, row in rows.items()} == {
        "skan.pdf": Status.NO_TEXT,
        "tajny.pdf": Status.ENCRYPTED,
        "zly.pdf": Status.DAMAGED,
        "dlugi.pdf": Status.TOO_LARGE,
        "pusty.md": Status.NO_TEXT,
        "ogromny.md": Status.TOO_LARGE,
    }
    assert all(row.message.endswith(IN_THE_INDEX) for row in rows.values())
    assert (report.documents, report.pages) == (6, 6)
    documents = {document.path: document for document in library.open().documents()}
    assert {path: document.unread for path, document in documents.items()} == {
        path: row.status for path, row in rows.items()
    }
    assert documents["ogromny.md"].title == "Ogromny"
    assert (documents["skan.pdf"].pages, documents["tajny.pdf"].pages) == (3, 0)


@pytest.mark.parametrize(
    "query", ["kąpieliska", "plywac", "transport publiczny", "Bąk", "„wolno pływać”", "urzad gminy"]
)
def test_it_is_found_by_what_describes_it(library: Library, query: str) -> None:
    """Words of title, description, topics' names, authors and publisher find it, in any form and as phrases."""
    _scan(library)
    library.markdown("inny.md", "Coś zupełnie innego.")
    library.run()
    assert library.find(query) == ["skan"]


def test_it_is_filtered_and_counted(library: Library) -> None:
    """Facets count it, filters keep it; it has no pages and no quoted sentence, and nothing hints at any."""
    _scan(library)
    library.run()
    knowledge = library.open()
    results = knowledge.search(make_query("gdzie wolno pływać", {"edition": ("pilotaz",), "topic": ("transport",)}))
    assert [(hit.document.id, hit.matching_pages, hit.pages) for hit in results.hits] == [("skan", 0, ())]
    assert [(value.value, value.count) for value in results.facets["kind"]] == [("raport", 1)]
    assert results.answer is None
    assert list(knowledge.pages("skan")) == []
    with pytest.raises(NotFound, match="nie udało się odczytać"):
        knowledge.page("skan", 1)


def test_what_nobody_describes_is_no_record(library: Library) -> None:
    """A file name and the folder's defaults are no description; a title in the PDF itself is one."""
    library.write("_defaults.yaml", "edition: pilotaz\n")
    library.pdf("skan-001.pdf", None)
    library.write("uchwala.pdf", make_pdf([None], info={"Title": "Uchwała o placu zabaw"}))
    rows = library.files()
    assert not rows["skan-001.pdf"].message.endswith(IN_THE_INDEX)
    assert library.ids() == {"uchwala"}


def test_a_record_becomes_a_document_and_a_document_no_record(library: Library) -> None:
    """Readable at last, it is an ordinary document of the same id; failing again, its last good version stays, rebuilt too."""
    _scan(library)
    library.run()
    library.pdf("skan.pdf", ["Kąpielisko nad jeziorem Mamry."])
    assert library.statuses() == {"skan.pdf": Status.INDEXED}
    document = library.document("skan")
    assert (document.unread, document.title) == (None, "Uchwała o kąpielisku")
    assert library.find("Mamry") == ["skan"]
    library.write("skan.pdf", b"%PDF-1.7 urwany")
    for rebuild in (False, True):
        (row,) = library.run(rebuild=rebuild).files
        assert (row.status, row.message.endswith("zostaje poprzednia wersja.")) == (Status.DAMAGED, True)
        assert library.find("Mamry") == ["skan"]


def test_runs_over_the_same_record(library: Library) -> None:
    """Each run names the file again and fails; the index is left alone until file, description or reason changes."""
    _scan(library)
    library.run()
    before = library.toc()
    assert library.statuses() == {"skan.pdf": Status.NO_TEXT}
    assert library.toc() == before
    library.sidecar("skan.pdf", title="Nowy tytuł")
    library.run()
    assert library.document("skan").title == "Nowy tytuł"
    library.write("skan.pdf", b"%PDF-1.7 urwany")
    library.run()
    assert library.document("skan").unread is Status.DAMAGED
    library.run(rebuild=True)
    assert library.document("skan").unread is Status.DAMAGED
    (library.documents / "skan.yaml").unlink()
    library.run()
    assert library.ids() == set()
    _scan(library)
    library.run()
    (library.documents / "skan.pdf").unlink()
    assert library.statuses(allow_removals=True) == {"skan.pdf": Status.REMOVED, "skan.yaml": Status.SKIPPED}
    assert library.ids() == set()


def test_a_record_keeps_its_id(library: Library) -> None:
    """Who has an id keeps it, a record too: a document that asks for it later is in under another, and is told who has it."""
    _scan(library, "a.pdf", id="uchwala", title="Skan uchwały")
    library.run()
    library.markdown("b.md", "Tekst uchwały.", id="uchwala", title="Uchwała")
    for rebuild in (False, False, True):
        rows = {file.path: file for file in library.run(rebuild=rebuild).files}
        assert rows["a.pdf"].status is Status.NO_TEXT
        assert rows["a.pdf"].message.endswith(IN_THE_INDEX)
        assert rows["b.md"].status is Status.DUPLICATE
        assert "„uchwala” ma już a.pdf" in rows["b.md"].message
        assert (library.document("uchwala").path, library.document("b").path) == ("a.pdf", "b.md")


def test_the_wrong_description_of_a_record_is_told(library: Library) -> None:
    """Its metadata are checked like any other's, and what is read of nothing is no part of the check."""
    _scan(library, title="Skan", edition="pilotarz")
    assert any("pilotarz" in warning for warning in library.files()["skan.pdf"].warnings)
    assert library.check()["skan.pdf"].message.endswith(IN_THE_INDEX)


def test_it_stands_in_the_terminal(library: Library) -> None:
    """The command line shows its description and why there is no more; what made its score can be asked."""
    _scan(library)
    library.run()
    where = ["--documents", str(library.documents), "--index", str(library.index)]
    shown = CliRunner().invoke(app, ["search", "kąpielisko", "--explain", *where])
    assert shown.exit_code == 0
    for part in ("skan bez rozpoznanego tekstu", "Gdzie wolno pływać", "Ocena opisu dokumentu"):
        assert part in shown.output


def test_records_stand_among_documents(library: Library) -> None:
    """A record with no more than a title is found by it, beside documents with text."""
    _scan(library, title="Kąpielisko")
    library.markdown("tekst.md", "O kąpielisku w gminie.", title="Zarządzenie")
    library.run()
    assert set(found(library.open(), "kąpielisko")) == {"skan", "tekst"}
