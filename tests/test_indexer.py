"""Documents → index: every file has a clear fate, only what changed is read, and nothing good is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from extract.pdfs import make_pdf
from library import Library, age, by_path, environment, found, tree
from pypdf import PdfWriter

from kb import indexer, limits
from kb.catalogue import Catalogue
from kb.disk import open_file, sealed, unsealed
from kb.engine.analysis import Analysis, TooMuchText
from kb.errors import DocumentsError, TaxonomyError, TooManyRemovals
from kb.extract import Sandbox
from kb.extractions import Progress
from kb.model import Page, Status
from kb.polish import shared_analyzer


def _mark_kept_pages(library: Library, word: str, marker: str) -> None:
    """Write a marker into the kept pages of PDFs: it is found only if the pages were not read anew."""
    kept = list((library.index / "extracted").glob("*.json"))
    assert kept
    for path in kept:
        path.write_bytes(sealed(unsealed(path.read_bytes()).replace(word.encode(), marker.encode())))


def _encrypt(path: Path) -> None:
    """Put a password on a PDF."""
    writer = PdfWriter(clone_from=path)
    writer.encrypt("tajne", algorithm="AES-256")
    writer.write(path)


# What goes in


def test_pdf_and_markdown_go_in(library: Library) -> None:
    """Both kinds of file become documents, the report counts their pages and words, and the search finds them."""
    library.pdf("raporty/droga.pdf", ["Remont drogi gminnej."], ["Most na rzece."], title="Drogi", kind="raport")
    library.markdown(
        "nowosci/szkola.md", "# Szkoła\n\nNowa szkoła.\n\n## Boisko\n\nBoisko przy szkole.", kind="aktualnosc"
    )
    library.write("notatki.txt", "To nie jest dokument.")
    report = library.run()
    rows = by_path(report)
    assert {path: (row.status, row.pages, row.words) for path, row in rows.items()} == {
        "notatki.txt": (Status.SKIPPED, 0, 0),
        "nowosci/szkola.md": (Status.INDEXED, 2, 7),
        "raporty/droga.pdf": (Status.INDEXED, 2, 6),
    }
    assert (report.documents, report.pages, report.failed) == (2, 4, 0)
    assert library.find("most") == ["raporty-droga"]
    assert library.find("boiska") == ["nowosci-szkola"]
    assert library.document("raporty-droga").title == "Drogi"


def test_an_empty_folder(library: Library) -> None:
    """No documents is no error: the index is there and empty."""
    report = library.run()
    assert (report.documents, report.pages, report.files) == (0, 0, ())
    assert library.find("droga") == []


def test_no_documents_folder(tmp_path: Path) -> None:
    """A missing folder is an error that says how to name another, and no index is made."""
    library = Library(tmp_path)
    with pytest.raises(DocumentsError, match="--documents"):
        library.run()
    assert not library.index.exists()


def test_a_file_in_place_of_the_documents_folder(tmp_path: Path) -> None:
    """A file where the folder should be is the same error."""
    library = Library(tmp_path)
    library.documents.write_text("?")
    with pytest.raises(DocumentsError):
        library.run()


def test_progress_names_files_and_ends_at_the_total(library: Library) -> None:
    """Who waits hears which file is read, its pages, and how many of all are done."""
    library.pdf("a.pdf", ["Raz."], ["Dwa."])
    library.markdown("b.md", "Trzy.")
    told: list[Progress] = []
    indexer.run(library.settings(), on_progress=told.append)
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert (told[-1].done, told[-1].total) == (2, 2)
    assert {step.path for step in told} == {"a.pdf", "b.md"}
    assert any((step.path, step.page, step.pages) == ("a.pdf", 2, 2) for step in told)


# Bad files


def test_bad_files_beside_good_ones(library: Library) -> None:
    """Each hopeless file has a row that says why, and the good one is found."""
    library.markdown("dobry.md", "Dobry dokument o gminie.")
    library.write("strona.pdf", "<!DOCTYPE html><html><body>Nie znaleziono</body></html>")
    library.write("pusty.pdf", b"")
    library.write("pusty.md", "\n")
    library.write("smieci.pdf", b"\x00\x01\x02" * 100)
    library.write("uciety.pdf", make_pdf([["Tekst."]])[:200])
    library.write("binarny.md", bytes(range(256)) * 8)
    library.pdf("skan.pdf", None, None)
    _encrypt(library.pdf("tajny.pdf", ["Tekst pod hasłem."]))
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {
        "dobry.md": Status.INDEXED,
        "strona.pdf": Status.DAMAGED,
        "pusty.pdf": Status.DAMAGED,
        "pusty.md": Status.NO_TEXT,
        "smieci.pdf": Status.DAMAGED,
        "uciety.pdf": Status.DAMAGED,
        "binarny.md": Status.DAMAGED,
        "skan.pdf": Status.NO_TEXT,
        "tajny.pdf": Status.ENCRYPTED,
    }
    assert "hasł" in rows["tajny.pdf"].message
    assert "strona internetowa" in rows["strona.pdf"].message
    assert all(row.message for row in rows.values() if row.status.failed)
    assert library.find("dokument") == ["dobry"]


def test_a_folder_named_like_a_document(library: Library) -> None:
    """A folder ``x.pdf`` is named in the report, and the files in it are read."""
    library.markdown("zbior.pdf/a.md", "Tekst w folderze.")
    rows = library.files()
    assert rows["zbior.pdf"].status is Status.DAMAGED
    assert "folder" in rows["zbior.pdf"].message
    assert rows["zbior.pdf/a.md"].status is Status.INDEXED


def test_links_out_of_the_folder_are_not_followed(library: Library) -> None:
    """Nothing outside the documents folder gets into the index, and the report says so."""
    outside = library.root / "tajne"
    outside.mkdir()
    (outside / "sekret.md").write_text("Tajne hasło: czarnoksiężnik.", encoding="utf-8")
    library.documents.joinpath("plik.md").symlink_to(outside / "sekret.md")
    library.documents.joinpath("folder").symlink_to(outside)
    library.documents.joinpath("folder.md").symlink_to(outside)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == dict.fromkeys(
        ("plik.md", "folder", "folder.md"), Status.DAMAGED
    )
    assert all("dowiązanie" in row.message for row in rows.values())
    assert library.find("czarnoksiężnik") == []


def test_a_sidecar_linked_from_outside_is_not_followed(library: Library) -> None:
    """A sidecar that is a link out of the folder gives no metadata, so nothing of another file is shown."""
    (library.root / "hasla.yaml").write_text("title: tajny-token-123\n", encoding="utf-8")
    library.pdf("a.pdf", ["Tekst."])
    (library.documents / "a.yaml").symlink_to(library.root / "hasla.yaml")
    row = library.files()["a.pdf"]
    assert row.status is Status.INDEXED
    assert any("a.yaml" in warning for warning in row.warnings)
    assert library.document("a").title == "A"


def test_links_that_lead_nowhere(library: Library) -> None:
    """A dangling link and a loop of links are failures of those files."""
    library.documents.joinpath("nic.pdf").symlink_to("nie-ma.pdf")
    library.documents.joinpath("petla.md").symlink_to("petla.md")
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == dict.fromkeys(("nic.pdf", "petla.md"), Status.DAMAGED)
    assert all("nie można otworzyć" in row.message for row in rows.values())
    assert "dowiązanie" in rows["nic.pdf"].message
    assert "uprawnienia" not in rows["nic.pdf"].message


def test_a_link_inside_the_folder_is_the_same_file(library: Library) -> None:
    """A link to a document in the folder is its duplicate."""
    library.markdown("a.md", "Tekst.")
    library.documents.joinpath("b.md").symlink_to("a.md")
    assert library.statuses() == {"a.md": Status.INDEXED, "b.md": Status.DUPLICATE}


def test_pipes_do_not_stop_the_run(library: Library) -> None:
    """A FIFO in place of a document, its sidecar or the defaults is not waited for."""
    library.pdf("a.pdf", ["Tekst."])
    for name in ("rura.pdf", "a.yaml", "_defaults.yaml"):
        os.mkfifo(library.documents / name)
    # In a process of its own: a run that waits for the pipe would wait for ever.
    code = (
        "import sys; from pathlib import Path; from kb import indexer; from kb.settings import Settings\n"
        "report = indexer.run(Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2]), jobs=1))\n"
        "print([(file.path, file.status.value) for file in report.files])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, library.documents, library.index],
        capture_output=True, text=True, timeout=60, check=True,
        env=environment(),
    )  # fmt: skip
    assert ran.stdout.strip() == "[('a.pdf', 'indexed'), ('rura.pdf', 'damaged')]"


def test_a_file_without_permission(library: Library) -> None:
    """A file that the indexer may not read is a failure that speaks of permissions."""
    path = library.markdown("a.md", "Tekst.")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("who runs this reads every file, as root does; the next test stands in")
    row = library.files()["a.md"]
    assert row.status is Status.DAMAGED
    assert "uprawnienia" in row.message


@pytest.mark.parametrize("remembered", [False, True])
def test_a_file_that_cannot_be_opened(library: Library, monkeypatch: pytest.MonkeyPatch, remembered: bool) -> None:
    """Where the system refuses to open a file, it keeps its last good version, and the reason is told."""
    path = library.markdown("a.md", "Tekst o gminie.")
    if remembered:
        age(path)
    library.run()
    opening, asking = os.open, os.access

    def refuse(asked: str | Path, *args: object, **kwargs: object) -> object:
        if Path(asked) == path:
            raise PermissionError(13, "Permission denied", str(asked))
        return opening(asked, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "access", lambda asked, mode: Path(asked) != path and asking(asked, mode))
    row = library.files()["a.md"]
    assert row.status is Status.DAMAGED
    assert "uprawnienia" in row.message
    assert library.find("gmina") == ["a"]


def test_a_folder_that_cannot_be_opened(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents of a folder that cannot be listed for now stay in the index."""
    folder = library.markdown("raporty/a.md", "Tekst o gminie.").parent
    library.markdown("b.md", "Tekst o powiecie.")
    library.run()
    listing = os.scandir

    def refuse(path: object = ".") -> object:
        if Path(str(path)) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {
        "raporty": Status.DAMAGED,
        "b.md": Status.UNCHANGED,
    }
    assert "nie można otworzyć folderu" in rows["raporty"].message
    assert library.ids() == {"raporty-a", "b"}


def test_a_word_without_end(library: Library) -> None:
    """A run of letters that crashes the dictionary, or would fill the index, is found by its beginning and as a whole."""
    words = ["dwu" * 12_000, *(f"ż{number}" * 7_000 for number in range(30))]
    library.markdown("a.md", "Tekst o gminie " + " ".join(words))
    assert library.files()["a.md"].words == 3 + len(words)
    assert sum(path.stat().st_size for path in library.index.rglob("*")) < 2 * sum(map(len, words))
    for asked in ("gmina", words[0][: limits.WORD_CHARACTERS], words[0][:900], f'"{words[1][:900]}"'):
        assert library.find(asked) == ["a"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), Status.TOO_LARGE),
        (RecursionError(), Status.DAMAGED),
        (ValueError("niespodzianka"), Status.DAMAGED),
        (KeyError("niespodzianka"), Status.DAMAGED),
    ],
    ids=repr,
)
@pytest.mark.parametrize("step", ["kb.catalogue.Catalogue.describe", "kb.engine.analysis.Analysis._page"])
def test_a_surprise_is_one_files_failure(
    library: Library, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, status: Status
) -> None:
    """Whatever goes wrong in this process with one document is its row; it keeps its last good version, others go in."""
    library.markdown("b.md", "Tekst o gminie.")
    library.run()
    library.markdown("b.md", "Zły tekst o powiecie.")
    library.markdown("a.md", "Tekst o mieście.")
    library.markdown("c.md", "Tekst o wsi.")
    module, kind, name = step.rsplit(".", 2)
    owner = getattr(sys.modules[module], kind)
    works = getattr(owner, name)

    def fails(self: object, *given: object) -> object:
        if "Zły" in str(given):
            raise error
        return works(self, *given)

    monkeypatch.setattr(owner, name, fails)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {
        "a.md": Status.INDEXED,
        "b.md": status,
        "c.md": Status.INDEXED,
    }
    assert "zostaje poprzednia wersja" in rows["b.md"].message
    assert library.ids() == {"a", "b", "c"}
    assert library.find("gmina") == ["b"]
    assert library.find("powiat") == []
    monkeypatch.undo()
    assert library.files()["b.md"].status is Status.INDEXED


def test_what_an_engine_cannot_write_is_one_files_failure(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that the index cannot hold is not half in it, whether it is new or takes another id."""
    library.markdown("b.md", "Tekst o gminie.", id="pierwszy")
    library.run()
    library.markdown("b.md", "Zły tekst o powiecie.", id="drugi")
    library.markdown("a.md", "Tekst o mieście.")
    writes = Catalogue.describe

    def spoils(self: Catalogue, path: Path, *given: Any) -> object:
        found = writes(self, path, *given)
        if path.name == "b.md":
            return found._replace(document=replace(found.document, description="\ud800"))
        return found

    monkeypatch.setattr(Catalogue, "describe", spoils)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {"a.md": Status.INDEXED, "b.md": Status.DAMAGED}
    assert library.ids() == {"a", "pierwszy"}
    assert (library.find("gmina"), library.find("miasto"), library.find("powiat")) == (["pierwszy"], ["a"], [])


def test_too_many_different_words(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with more different words than memory is kept for is a row that names the limit, and nothing of it stays."""
    monkeypatch.setattr(limits, "DOCUMENT_FORMS", 50)
    library.markdown("a.md", " ".join(f"słowo{number}" for number in range(51)))
    library.markdown("b.md", "To samo słowo. " * 100)
    library.markdown("c.md", "\n\n".join(f"# Część {number}\n\nsłowo{number}" for number in range(60)))
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {
        "a.md": Status.TOO_LARGE,
        "b.md": Status.INDEXED,
        "c.md": Status.TOO_LARGE,
    }
    assert "ma ponad 50 różnych słów" in rows["a.md"].message
    analysis = Analysis(shared_analyzer())
    analysis.of_text("Tekst o gminie.")
    known = dict(analysis)
    document = library.document("b")
    with pytest.raises(TooMuchText):
        analysis.of_document(document, [Page(number=1, text=" ".join(map(str, range(100))))])
    assert analysis == known
    assert len(analysis.of_text(" ".join(map(str, range(100))))) == 100


def test_too_many_words(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with more words than can be sorted in memory is a row that names the limit; headings count too."""
    monkeypatch.setattr(limits, "DOCUMENT_WORDS", 50)
    library.markdown("a.md", "słowo " * 51)
    library.markdown("b.md", "słowo " * 50)
    library.markdown("c.md", "\n\n".join(["# Część\n\nsłowo słowo"] * 15))
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {
        "a.md": Status.TOO_LARGE,
        "b.md": Status.INDEXED,
        "c.md": Status.TOO_LARGE,
    }
    assert "ma ponad 50 słów" in rows["a.md"].message


def test_a_surprise_in_a_record_is_one_files_failure(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong with the record of a file without text is that file's row as well."""
    library.markdown("a.md", "Tekst o mieście.")
    library.pdf("skan.pdf", None, title="Skan uchwały")
    works = Catalogue.describe

    def fails(self: Catalogue, path: Path, *given: Any) -> object:
        if path.name == "skan.pdf":
            raise KeyError("niespodzianka")
        return works(self, path, *given)

    monkeypatch.setattr(Catalogue, "describe", fails)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {"a.md": Status.INDEXED, "skan.pdf": Status.DAMAGED}
    assert library.ids() == {"a"}


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_changes_while_it_is_read(library: Library, monkeypatch: pytest.MonkeyPatch, gone: bool) -> None:
    """Pages are not kept under the hash of other bytes: the file is a row, and the next run reads it."""
    path = library.pdf("a.pdf", ["Tekst o gminie."])
    reads = Sandbox.extract_all

    def disturbed(self: Sandbox, paths: Any, tell: Any) -> Any:
        if gone:
            path.unlink()
        else:
            library.pdf("a.pdf", ["Tekst o powiecie i o mieście."])
        return reads(self, paths, tell)

    monkeypatch.setattr(Sandbox, "extract_all", disturbed)
    row = library.files()["a.pdf"]
    assert row.status is Status.DAMAGED
    assert "w trakcie czytania" in row.message
    assert not list(library.index.glob("extracted/*"))
    monkeypatch.undo()
    if not gone:
        assert library.files()["a.pdf"].status is Status.INDEXED
        assert library.find("powiat") == ["a"]


def test_nothing_but_files_is_opened(library: Library) -> None:
    """Sockets and devices under the names of documents are rows."""
    library.markdown("a.md", "Tekst.")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(library.documents):
        listener.bind("gniazdo.md")
        rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {"a.md": Status.INDEXED, "gniazdo.md": Status.DAMAGED}
    for name in ("/dev/zero", str(library.documents)):
        with pytest.raises(OSError, match="zwykły plik"):
            open_file(name)


@pytest.mark.parametrize(("name", "limit"), [("skan.pdf", "1024 MB"), ("tekst.md", "256 MB")])
def test_a_huge_file_is_not_read(library: Library, name: str, limit: str) -> None:
    """A file with more bytes than any disk is a row that names the limit; none of them is read, since that would never end."""
    library.markdown("dobry.md", "Tekst o gminie.")
    os.truncate(library.write(name, b""), 1 << 40)
    rows = library.files()
    assert {path: row.status for path, row in rows.items()} == {"dobry.md": Status.INDEXED, name: Status.TOO_LARGE}
    assert limit in rows[name].message
    assert name not in (library.index / "files.json").read_text()


def test_a_file_that_grows_while_it_is_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """What turns out to be longer than its size said is read up to the limit alone."""
    library.markdown("a.md", "Tekst.")
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr("kb.folder.open_file", lambda _path: endless)
        row = library.files()["a.md"]
    assert row.status is Status.TOO_LARGE
    assert "256 MB" in row.message


def test_folders_without_end(library: Library) -> None:
    """Of folders one in another what lies too deep is told as a row; the rest is indexed, also with names of any length."""
    library.markdown("a.md", "Tekst o gminie.")
    last = library.markdown("/".join(["d"] * limits.FOLDERS_DEEP) + "/b.md", "Tekst o powiecie.").parent
    at = os.open(last, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d" * 200, dir_fd=at)
        at, above = os.open("d" * 200, os.O_RDONLY, dir_fd=at), at
        os.close(above)
    os.close(at)
    rows = library.files()
    too_deep = f"{last.relative_to(library.documents)}/{'d' * 200}"
    assert {path: row.status for path, row in rows.items()} == {
        "a.md": Status.INDEXED,
        f"{last.relative_to(library.documents)}/b.md": Status.INDEXED,
        too_deep: Status.DAMAGED,
    }
    assert str(limits.FOLDERS_DEEP) in rows[too_deep].message
    # Python's own removing of folders, which cleans up after tests, would go too deep.
    subprocess.run(["rm", "-rf", last], check=True)


def test_a_path_that_is_too_long(library: Library) -> None:
    """Names that together are longer than a path may be are a row of the file or folder that goes over."""
    at = os.open(library.documents, os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 220, dir_fd=at)
        at, above = os.open("d" * 220, os.O_RDONLY, dir_fd=at), at
        os.close(above)
    os.mkdir("f" * 220, dir_fd=at)
    os.close(os.open("p" * 220 + ".md", os.O_CREAT, dir_fd=at))
    os.close(at)
    library.markdown("a.md", "Tekst o gminie.")
    rows = library.files()
    assert rows.pop("a.md").status is Status.INDEXED
    assert {Path(path).name[0]: row.status for path, row in rows.items()} == {"f": Status.DAMAGED, "p": Status.DAMAGED}
    assert all("ścieżka jest za długa" in row.message for row in rows.values())


def test_hidden_files_are_no_documents(library: Library) -> None:
    """Files and folders whose names begin with a dot are left alone."""
    library.markdown(".ukryty.md", "Tekst.")
    library.markdown(".git/a.md", "Tekst.")
    assert library.files() == {}


def test_limits_are_settings(library: Library) -> None:
    """A document over a limit is reported, and goes in once the limit is raised."""
    library.pdf("dlugi.pdf", *([f"Strona {number}."] for number in range(5)))
    row = library.files(extract_pages=4)["dlugi.pdf"]
    assert row.status is Status.TOO_LARGE
    assert library.statuses(extract_pages=5) == {"dlugi.pdf": Status.INDEXED}


# Names


def test_names_with_spaces_and_diacritics(library: Library) -> None:
    """Names in NFC and NFD are shown alike, and make readable ids and titles."""
    library.markdown("Rocznik gminy/Żółta łódź 2023.md", "Tekst pierwszy.")
    library.pdf(unicodedata.normalize("NFD", "Źródło wiedzy.pdf"), ["Tekst drugi."])
    assert library.statuses() == {
        "Rocznik gminy/Żółta łódź 2023.md": Status.INDEXED,
        "Źródło wiedzy.pdf": Status.INDEXED,
    }
    assert library.ids() == {"rocznik-gminy-zolta-lodz-2023", "zrodlo-wiedzy"}
    assert library.document("zrodlo-wiedzy").title == "Źródło wiedzy"
    assert set(library.statuses().values()) == {Status.UNCHANGED}


@pytest.mark.parametrize(("pdf", "sidecar"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_a_sidecar_named_in_another_normal_form(
    library: Library, pdf: Literal["NFC", "NFD"], sidecar: Literal["NFC", "NFD"]
) -> None:
    """A sidecar belongs to its PDF whichever of the two came from a Mac, and a change of it is seen at the next run."""
    library.write(unicodedata.normalize(pdf, "łódź.pdf"), make_pdf([["Tekst."]]))
    beside = unicodedata.normalize(sidecar, "łódź.yaml")
    library.write(beside, "title: Miasto Łódź\n")
    library.run()
    assert library.document("lodz").title == "Miasto Łódź"
    library.write(beside, "title: Łódź, miasto\n")
    assert library.statuses() == {"łódź.pdf": Status.INDEXED}
    assert library.document("lodz").title == "Łódź, miasto"


def test_two_names_that_look_the_same(library: Library) -> None:
    """Of two files whose names differ only in normal form one goes in, and the other is named as a failure."""
    for form, text in (("NFC", "Pierwszy tekst."), ("NFD", "Drugi tekst.")):
        library.write(unicodedata.normalize(form, "żółw.md"), text)
    for _ in range(2):
        report = library.run()
        assert {row.path for row in report.files} == {"żółw.md"}
        assert sorted(row.status for row in report.files) in (
            [Status.DUPLICATE, Status.INDEXED],
            [Status.DUPLICATE, Status.UNCHANGED],
        )
        assert library.ids() == {"zolw"}
        assert report.pages == library.open().state.size.pages == 1


def test_names_that_are_no_text(library: Library) -> None:
    """A name that is no UTF-8 is shown with replacement marks, and the file is found."""
    os.fsencode(library.documents)
    Path(os.fsdecode(os.fsencode(library.documents) + b"/zle\xff.md")).write_text("Tekst.", encoding="utf-8")
    assert library.statuses() == {"zle\ufffd.md": Status.INDEXED}
    assert library.find("tekst")


def test_upper_case_suffixes(library: Library) -> None:
    """``.PDF`` is a PDF, with its sidecar."""
    library.pdf("RAPORT.PDF", ["Tekst."], title="Wielkie litery")
    assert library.statuses() == {"RAPORT.PDF": Status.INDEXED}
    assert library.document("raport").title == "Wielkie litery"


# Duplicates


def test_the_same_bytes_twice(library: Library) -> None:
    """The second file with the same bytes is a duplicate that names the first."""
    library.pdf("a.pdf", ["Ten sam tekst."])
    library.pdf("kopia/b.pdf", ["Ten sam tekst."])
    rows = library.files()
    assert rows["a.pdf"].status is Status.INDEXED
    assert rows["kopia/b.pdf"].status is Status.DUPLICATE
    assert "a.pdf" in rows["kopia/b.pdf"].message
    assert library.ids() == {"a"}


def test_a_copy_that_sorts_first_does_not_take_over(library: Library) -> None:
    """A document keeps its place when a copy with an earlier name appears: its address must not change."""
    library.markdown("m.md", "Tekst.")
    library.run()
    library.markdown("a.md", "Tekst.")
    assert library.statuses() == {"m.md": Status.UNCHANGED, "a.md": Status.DUPLICATE}


def test_a_duplicate_goes_in_when_its_original_leaves(library: Library) -> None:
    """Without the original the copy is a document."""
    original = library.pdf("a.pdf", ["Ten sam tekst."])
    library.pdf("b.pdf", ["Ten sam tekst."])
    library.run()
    original.unlink()
    assert library.statuses() == {"a.pdf": Status.REMOVED, "b.pdf": Status.INDEXED}
    assert library.find("tekst") == ["b"]


def test_a_duplicate_goes_in_when_its_original_changes(library: Library) -> None:
    """A copy of what the original was before is a document of its own."""
    library.markdown("a.md", "Stary tekst.")
    library.markdown("b.md", "Stary tekst.")
    library.run()
    library.markdown("a.md", "Nowy tekst.")
    assert library.statuses() == {"a.md": Status.INDEXED, "b.md": Status.INDEXED}
    assert library.ids() == {"a", "b"}


def test_two_files_with_one_id(library: Library) -> None:
    """One of two files with the same id gets it; the other is in under another, and is told who has it and what to do."""
    library.markdown("a.md", "Tekst pierwszy.", id="wspolny")
    library.markdown("b.md", "Tekst drugi.", id="wspolny")
    rows = library.files()
    assert sorted(row.status for row in rows.values()) == [Status.DUPLICATE, Status.INDEXED]
    taken, left = sorted(rows.values(), key=lambda row: row.status.failed)
    assert "wspolny" in left.message
    assert taken.path in left.message
    assert "klucz id" in left.message
    assert library.ids() == {"wspolny", "b"}
    again = library.files()
    assert again[taken.path].status is Status.UNCHANGED
    assert again[left.path].status is Status.DUPLICATE
    library.markdown(left.path, "Tekst drugi.", id="wlasny")
    assert library.statuses()[left.path] is Status.INDEXED
    assert library.ids() == {"wspolny", "wlasny"}


def test_two_paths_with_one_id(library: Library) -> None:
    """``raport.md`` and ``raport.pdf`` in one folder would have one id: they are told apart, and neither is lost."""
    library.markdown("raport.md", "Tekst pierwszy.")
    library.pdf("raport.pdf", ["Tekst drugi."])
    assert set(library.statuses().values()) == {Status.INDEXED}
    assert (library.document("raport").path, library.document("raport-2").path) == ("raport.md", "raport.pdf")


def test_an_id_goes_to_another_file(library: Library) -> None:
    """When the holder of an id leaves, another file may have the id."""
    library.markdown("a.md", "Tekst pierwszy.", id="wspolny").unlink()
    library.markdown("a.md", "Tekst pierwszy.", id="wspolny")
    library.run()
    (library.documents / "a.md").unlink()
    library.markdown("b.md", "Tekst drugi.", id="wspolny")
    assert library.statuses() == {"a.md": Status.REMOVED, "b.md": Status.INDEXED}
    assert library.document("wspolny").path == "b.md"


def test_a_changed_id(library: Library) -> None:
    """A document under a new id is not found under the old one."""
    library.markdown("a.md", "Tekst.", id="stary")
    library.run()
    library.markdown("a.md", "Tekst.", id="nowy")
    assert library.statuses() == {"a.md": Status.INDEXED}
    assert library.ids() == {"nowy"}


# Only what changed


def test_a_second_run_changes_nothing(library: Library) -> None:
    """With nothing changed there is no new build and no new commit, and the counts are the same."""
    library.pdf("a.pdf", ["Tekst."], kind="raport")
    library.markdown("b.md", "Inny tekst.")
    first = library.run()
    live, before = library.builds.live(), tree(library.builds.live())
    second = library.run()
    assert {row.status for row in second.files} == {Status.UNCHANGED}
    assert (second.build, second.documents, second.pages) == (first.build, first.documents, first.pages)
    assert [(row.pages, row.words) for row in second.files] == [(row.pages, row.words) for row in first.files]
    assert library.builds.live() == live
    assert library.toc() == {name for name in before if name.endswith(".toc")}
    assert {name: entry for name, entry in tree(live).items() if "LOCK" not in name} == {
        name: entry for name, entry in before.items() if "LOCK" not in name
    }


def test_a_changed_file_alone_is_read(library: Library) -> None:
    """A changed file is indexed anew in the same build by one commit; the others are left."""
    library.pdf("a.pdf", ["Remont mostu."])
    library.markdown("b.md", "Budowa szkoły.")
    first = library.run()
    before = library.toc()
    library.markdown("b.md", "Budowa biblioteki.")
    second = library.run()
    assert {row.path: row.status for row in second.files} == {"a.pdf": Status.UNCHANGED, "b.md": Status.INDEXED}
    assert second.build == first.build
    assert library.toc() != before
    assert library.find("biblioteka") == ["b"]
    assert library.find("szkoła") == []


def test_what_failed_is_tried_beside_what_changed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading processes for the one changed file do not serve a failed file of another format: others take their place."""
    library.write("zepsuty.pdf", b"%PDF-1.7 nic")
    text = library.markdown("a.md", "Wersja pierwsza.")
    library.markdown("b.md", "Inny dokument.")
    library.run()
    text.write_text("Wersja druga.", encoding="utf-8")
    started: list[Sandbox] = []
    start = Sandbox.start

    def counted(sandbox: Sandbox) -> None:
        started.append(sandbox)
        start(sandbox)

    monkeypatch.setattr(Sandbox, "start", counted)
    assert library.statuses() == {"a.md": Status.INDEXED, "b.md": Status.UNCHANGED, "zepsuty.pdf": Status.DAMAGED}
    assert len(started) == 2
    text.write_text("Wersja trzecia.", encoding="utf-8")
    (library.documents / "zepsuty.pdf").unlink()
    assert library.statuses()["a.md"] is Status.INDEXED
    assert len(started) == 3


def test_a_changed_sidecar_does_not_read_the_pdf(library: Library) -> None:
    """New metadata comes in with the pages kept from before: the PDF is not read again."""
    library.pdf("a.pdf", ["Tekst o mostach."], title="Pierwszy tytuł")
    library.run()
    _mark_kept_pages(library, "mostach", "wiaduktach")
    library.sidecar("a.pdf", title="Drugi tytuł", kind="raport")
    row = library.files()["a.pdf"]
    assert (row.status, row.warnings) == (Status.INDEXED, ())
    assert (library.document("a").title, library.document("a").kind) == ("Drugi tytuł", "raport")
    assert library.find("wiadukt") == ["a"]


def test_a_sidecar_that_comes_and_goes(library: Library) -> None:
    """A new sidecar counts at the next run, and so does its removal."""
    library.pdf("a.pdf", ["Tekst."])
    library.run()
    sidecar = library.sidecar("a.pdf", title="Tytuł z pliku obok")
    assert library.statuses() == {"a.pdf": Status.INDEXED}
    assert library.document("a").title == "Tytuł z pliku obok"
    sidecar.unlink()
    assert library.statuses() == {"a.pdf": Status.INDEXED}
    assert library.document("a").title == "A"


def test_changed_defaults_and_taxonomy_reach_every_document(library: Library) -> None:
    """Folder defaults and the taxonomy are metadata of every document under them."""
    library.markdown("raporty/a.md", "Tekst.", topics=["odpady"])
    library.markdown("b.md", "Inny tekst.")
    assert library.files()["raporty/a.md"].warnings
    library.write("raporty/_defaults.yaml", "kind: raport\n")
    assert library.statuses() == {"raporty/a.md": Status.INDEXED, "b.md": Status.UNCHANGED}
    assert library.document("raporty-a").kind == "raport"
    taxonomy = library.documents / "taxonomy.yaml"
    library.write("taxonomy.yaml", taxonomy.read_text().replace("kinds:", "  - {slug: odpady, name: Odpady}\nkinds:"))
    rows = library.files()
    assert rows["raporty/a.md"].warnings == ()
    assert library.document("raporty-a").topics == ("odpady",)


def test_a_touched_file_is_unchanged(library: Library) -> None:
    """What counts is the bytes, not the time of change."""
    path = library.markdown("a.md", "Tekst.")
    library.run()
    age(path)
    assert library.statuses() == {"a.md": Status.UNCHANGED}


def test_a_removed_file_leaves(library: Library) -> None:
    """A removed file is reported once, and neither found nor listed."""
    path = library.pdf("a.pdf", ["Tekst o mostach."])
    library.markdown("b.md", "Tekst o szkołach.")
    library.run()
    path.unlink()
    report = library.run()
    assert {row.path: row.status for row in report.files} == {"a.pdf": Status.REMOVED, "b.md": Status.UNCHANGED}
    assert (report.documents, report.pages) == (1, 1)
    assert library.ids() == {"b"}
    assert library.find("mosty") == []
    assert library.statuses() == {"b.md": Status.UNCHANGED}
    assert not list((library.index / "extracted").iterdir())


def test_a_renamed_file(library: Library) -> None:
    """A renamed PDF leaves under the old name and comes in under the new one without being read again."""
    path = library.pdf("stary.pdf", ["Tekst o mostach."])
    library.run()
    _mark_kept_pages(library, "mostach", "wiaduktach")
    path.rename(library.documents / "nowy.pdf")
    assert library.statuses() == {"stary.pdf": Status.REMOVED, "nowy.pdf": Status.INDEXED}
    assert library.find("wiadukt") == ["nowy"]


def test_a_renamed_file_keeps_its_id(library: Library) -> None:
    """With an id of its own a document keeps its address wherever its file goes."""
    path = library.markdown("a.md", "Tekst.", id="staly")
    library.run()
    (library.documents / "archiwum").mkdir()
    path.rename(library.documents / "archiwum" / "b.md")
    assert library.statuses() == {"a.md": Status.REMOVED, "archiwum/b.md": Status.INDEXED}
    assert library.document("staly").path == "archiwum/b.md"


@pytest.mark.parametrize(
    ("broken", "status"),
    [(b"%PDF-1.7 urwany", Status.DAMAGED), (b"<html>404</html>", Status.DAMAGED), (make_pdf([None]), Status.NO_TEXT)],
)
def test_a_failing_file_keeps_its_last_good_version(library: Library, broken: bytes, status: Status) -> None:
    """A file that fails today is a failure in the report; yesterday's version is found run after run, in new builds too."""
    library.pdf("a.pdf", ["Tekst o mostach."], title="Mosty")
    library.run()
    library.write("a.pdf", broken)
    for rebuild in (False, False, True, False, True):
        report = library.run(rebuild=rebuild)
        row = by_path(report)["a.pdf"]
        assert row.status is status
        assert "poprzednia wersja" in row.message
        assert (report.documents, report.failed) == (1, 1)
        assert library.find("mosty") == ["a"]
    library.pdf("a.pdf", ["Tekst o wiaduktach."])
    assert library.statuses() == {"a.pdf": Status.INDEXED}
    assert library.find("wiadukt") == ["a"]
    assert library.find("most -wiadukt") == []


def test_a_failing_file_has_no_last_good_version_at_first(library: Library) -> None:
    """Nothing is promised of a file that never was good."""
    library.write("a.pdf", b"")
    assert "poprzednia" not in library.files()["a.pdf"].message


def test_a_rebuild_does_not_read_pdfs_again(library: Library) -> None:
    """A new build is made of the kept pages."""
    library.pdf("a.pdf", ["Tekst o mostach."])
    library.run()
    _mark_kept_pages(library, "mostach", "wiaduktach")
    report = library.run(rebuild=True)
    assert {row.status for row in report.files} == {Status.INDEXED}
    assert library.find("wiadukt") == ["a"]


def test_spoilt_kept_pages_are_read_again(library: Library) -> None:
    """Kept pages that make no sense are no loss: the PDF is read."""
    library.pdf("a.pdf", ["Tekst o mostach."])
    library.run()
    for path in (library.index / "extracted").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    library.run(rebuild=True)
    assert library.find("mosty") == ["a"]


def test_lost_hashes_are_no_loss(library: Library) -> None:
    """``files.json`` only saves time: without it, or with nonsense in it, nothing counts as changed."""
    library.markdown("a.md", "Tekst.")
    library.run()
    for nonsense in ("", "[]", '{"a.md": 1}', '{"a.md": [1, 2]}', '{"a.md": [1, 2, "x", null]}'):
        (library.index / "files.json").write_bytes(sealed(nonsense.encode()))
        assert library.statuses() == {"a.md": Status.UNCHANGED}


def test_a_spoilt_page_is_never_shown(library: Library) -> None:
    """A byte that changed within the kept text of a PDF has it read anew, as does one within the remembered hashes."""
    library.pdf("a.pdf", ["Mosty nad rzeką."])
    library.run()
    for kept in (*(library.index / "extracted").glob("*.json"), library.index / "files.json"):
        kept.write_bytes(kept.read_bytes().replace(b"Mosty", b"Mosto").replace(b'"a.pdf":[', b'"a.pdf":[1'))
    library.run(rebuild=True)
    assert (library.find("mosty"), library.find("mosto")) == (["a"], ["a"])
    assert library.open().page("a", 1).text == "Mosty nad rzeką."


# Files that are missing


def test_an_empty_folder_stops_the_run(library: Library) -> None:
    """A share that is not mounted is an empty folder: nothing changes, and how to go on is told, however few there were."""
    library.markdown("a.md", "Tekst.")
    library.run()
    before = tree(library.index / "builds"), tree(library.settings().store / "files")
    library.documents.rename(library.root / "mounted")
    library.documents.mkdir()
    for rebuild in (False, True):
        with pytest.raises(TooManyRemovals, match="Niczego nie zmieniono") as refused:
            library.run(rebuild=rebuild)
        assert "--allow-removals" in " ".join(refused.value.details)
    assert library.find("tekst") == ["a"]
    library.documents.rmdir()
    with pytest.raises(DocumentsError):
        library.run()
    (library.root / "mounted").rename(library.documents)
    assert library.statuses() == {"a.md": Status.UNCHANGED}
    assert (tree(library.index / "builds"), tree(library.settings().store / "files")) == before


def test_an_empty_folder_after_the_index_was_lost(library: Library) -> None:
    """The ledger knows what was there, too."""
    library.markdown("a.md", "Tekst.").rename(library.documents / "b.md")
    library.run()
    shutil.rmtree(library.index)
    (library.documents / "b.md").unlink()
    with pytest.raises(TooManyRemovals):
        library.run()
    assert library.run(allow_removals=True).documents == 0


@pytest.mark.parametrize(
    ("removed", "of", "stops"), [(20, 30, False), (21, 42, False), (21, 41, True), (30, 31, True), (3, 4, False)]
)
def test_how_many_may_go_at_once(library: Library, removed: int, of: int, stops: bool) -> None:
    """More than half of the collection, and more than twenty documents, do not go without a word; the rest does."""
    for number in range(of):
        library.markdown(f"{'mosty' if number < removed else 'szkoly'}/{number}.md", f"Tekst {number}.")
    library.run()
    shutil.rmtree(library.documents / "mosty")
    if stops:
        with pytest.raises(TooManyRemovals, match=f"{removed} plików") as refused:
            library.run()
        assert f"mosty: {removed}" in refused.value.details[0]
    assert library.run(allow_removals=stops).documents == of - removed


def test_moved_files_are_not_missing(library: Library) -> None:
    """A folder that was renamed takes its documents along: the run goes on, and says where they are."""
    for number in range(30):
        library.markdown(f"stare/{number}.md", f"Tekst {number}.")
    library.run()
    (library.documents / "stare").rename(library.documents / "nowe")
    rows = library.files()
    assert (rows["nowe/7.md"].status, rows["nowe/7.md"].change) == (Status.INDEXED, "moved")
    assert (rows["stare/7.md"].status, rows["stare/7.md"].message) == (
        Status.REMOVED,
        "ten plik jest teraz w nowe/7.md",
    )


# What the report says


def test_new_is_told_from_changed(library: Library) -> None:
    """Of what was read the report says whether it is new, has other bytes, or only another description."""
    library.markdown("a.md", "Tekst.")
    library.pdf("b.pdf", ["Most."], title="Most")
    library.markdown("c.md", "Bez zmian.")
    assert {row.change for row in library.files().values()} == {"new"}
    library.markdown("a.md", "Inny tekst.")
    library.sidecar("b.pdf", title="Wiadukt")
    library.markdown("d.md", "Nowy.")
    changes = {path: row.change for path, row in library.files().items()}
    assert changes == {"a.md": "changed", "b.pdf": "described", "c.md": "", "d.md": "new"}
    assert {row.change for row in by_path(library.run(rebuild=True)).values()} == {""}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raport.docx", "zapisz jako PDF"),
        ("notatka.TXT", ".md"),
        ("skan.jpeg", "skanów"),
        ("paczka.zip", "wypakuj"),
        ("bez-nazwy", "tego formatu nie czytamy"),
        ("x.yml", "nie ma dokumentu"),
        ("x.yaml.txt", "usuń z nazwy końcowe .txt"),
        ("taxonomy.yml", "nazwij go taxonomy.yaml"),
        ("Synonyms.yaml", "nazwij go synonyms.yaml"),
        ("folder/taxonomy.yaml", "w głównym folderze"),
        ("folder/_Defaults.yml", "nazwij go _defaults.yaml"),
    ],
)
def test_every_file_has_its_row(library: Library, name: str, said: str) -> None:
    """Whatever a person put there is in the report with what to do, and is no failure."""
    library.write(name, "tekst: tak")
    library.markdown("a.md", "Tekst.")
    report = library.run()
    row = by_path(report)[name]
    assert row.status is Status.SKIPPED
    assert said in row.message
    assert (report.failed, report.documents) == (0, 1)


@pytest.mark.parametrize(
    "name",
    [".ukryty.docx", "~$Raport.docx", "Thumbs.db", "desktop.ini", "synonyms.yaml", "a/_defaults.yaml", "b.pdf.yml"],
)
def test_files_of_programs_have_no_row(library: Library, name: str) -> None:
    """What programs put there, and what is read as something else, is not listed."""
    library.pdf("b.pdf", ["Most."])
    library.write(name, "")
    assert set(library.files()) == {"b.pdf"}


@pytest.mark.parametrize("folder", ["$RECYCLE.BIN", "#recycle", "@Recycle", "a/@eaDir", "System Volume Information"])
def test_what_was_thrown_away_is_not_read(library: Library, folder: str) -> None:
    """Network disks and Windows keep deleted files in folders of their own, which nobody meant to publish."""
    library.pdf("b.pdf", ["Most."])
    library.markdown(f"{folder}/stary.md", "Usunięty dokument.")
    assert set(library.files()) == {"b.pdf"}


# The hash of a file by size and time


def test_a_file_changed_within_the_clocks_step(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same size and time of change as at the last run, but hashed too soon after it: the bytes decide."""
    path = library.markdown("a.md", "Tekst pierwszy.")
    at = path.stat().st_mtime_ns
    monkeypatch.setattr("time.time_ns", lambda: at + 1_000_000_000)
    library.run()
    library.markdown("a.md", "Tekst zmiennny.")
    os.utime(path, ns=(at, at))
    assert library.statuses() == {"a.md": Status.INDEXED}
    assert library.find("zmiennny") == ["a"]


def test_an_old_file_is_not_hashed_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was old when hashed is known by its size and times, so that a run over much is quick.

    Where what is known is wrong, no text gets under it, and the next run finds out.
    """
    path = library.markdown("a.md", "Tekst.")
    at = path.stat().st_mtime_ns
    monkeypatch.setattr("time.time_ns", lambda: at + 60_000_000_000)
    library.run()
    remembered = json.loads(unsealed((library.index / "files.json").read_bytes()))
    remembered["a.md"][3] = "0" * 64
    (library.index / "files.json").write_bytes(sealed(json.dumps(remembered).encode()))
    assert library.statuses() == {"a.md": Status.DAMAGED}
    assert library.find("tekst") == ["a"]
    assert library.statuses() == {"a.md": Status.UNCHANGED}


# Another fingerprint, rebuilds


def test_rebuild_makes_a_new_build_and_switches(library: Library) -> None:
    """``--rebuild`` makes a new build, keeps the one before, and removes that at the next."""
    library.markdown("a.md", "Tekst.")
    names = [library.run(rebuild=True).build for _ in range(3)]
    assert len(set(names)) == 3
    assert library.builds.live().name == names[-1]
    assert {path.name for path in (library.index / "builds").iterdir()} == set(names[-2:])
    assert library.find("tekst") == ["a"]


def test_another_fingerprint_builds_aside(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an index of another analyzer is rebuilt, the old one answers; a reader sees the new one after the switch."""
    library.pdf("a.pdf", ["Tekst o mostach."])
    library.run()
    old = library.builds.live()
    reader = library.open()
    seen: list[tuple[str, list[str]]] = []

    def look(_: Progress) -> None:
        seen.append((library.builds.live().name, found(reader, "mosty")))

    monkeypatch.setattr("kb.polish.ANALYZER_VERSION", "inna")
    library.markdown("b.md", "Inny tekst o mostach.")
    report = indexer.run(library.settings(), on_progress=look)
    assert seen
    assert set(map(str, seen)) == {str((old.name, ["a"]))}
    assert {row.status for row in report.files} == {Status.INDEXED}
    assert report.build != old.name
    assert library.builds.live().name == report.build
    assert set(found(reader, "mosty")) == {"a", "b"}
    assert old.is_dir()
    assert library.run().build == report.build


def test_an_unreadable_fingerprint_builds_anew(library: Library) -> None:
    """A build that does not say what it was made with is replaced."""
    library.markdown("a.md", "Tekst.")
    first = library.run()
    (library.builds.live() / "build.json").write_text("{")
    second = library.run()
    assert second.build != first.build
    assert library.find("tekst") == ["a"]


@pytest.mark.usefixtures("_careless_whoosh")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("content", [None, b"", b"\x00" * 50])
def test_a_spoilt_build_is_replaced(library: Library, content: bytes | None) -> None:
    """An index whose files are gone or overwritten is built anew from the documents."""
    library.pdf("a.pdf", ["Tekst o mostach."])
    first = library.run()
    library.spoil(content)
    second = library.run()
    assert second.build != first.build
    assert {row.status for row in second.files} == {Status.INDEXED}
    assert library.find("mosty") == ["a"]


def test_a_run_that_breaks_leaves_the_live_index(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in the middle changes nothing; the next run goes on as if it had not been."""
    library.markdown("a.md", "Tekst o mostach.")
    library.run()
    live, before = library.builds.live(), library.toc()

    def fail(_: Progress) -> None:
        raise OSError(28, "No space left on device")

    library.markdown("b.md", "Tekst o szkołach.")
    for rebuild in (False, True):
        with pytest.raises(OSError, match="space"):
            indexer.run(library.settings(), rebuild=rebuild, on_progress=fail)
        assert (library.builds.live(), library.toc()) == (live, before)
        assert library.ids() == {"a"}
    assert library.statuses() == {"a.md": Status.UNCHANGED, "b.md": Status.INDEXED}
    assert [path.name for path in (library.index / "builds").iterdir()] == [live.name]


def test_leftovers_of_a_killed_run_go(library: Library) -> None:
    """Unfinished builds, temporary files, and pages of documents that are gone do not pile up."""
    library.pdf("a.pdf", ["Tekst."])
    library.run()
    live = library.builds.live()
    unfinished = library.index / "builds" / "20200101-000000-000000"
    shutil.copytree(live, unfinished)
    (unfinished / "build.json").unlink()
    (live / "abc.tmp").mkdir()
    (live / "MAIN_x.tmp").write_text("x")
    (live / "_MAIN_7.toc.1700000000.5").write_text("x")
    for name in ("f" * 64 + "-1.json", "e" * 64 + "-1.json.tmp"):
        (library.index / "extracted" / name).write_text("{}")
    library.markdown("b.md", "Nowy.")
    library.run()
    assert [path.name for path in (library.index / "builds").iterdir()] == [live.name]
    assert not [*live.glob("*.tmp"), *live.glob("*.toc.*")]
    assert len(list((library.index / "extracted").iterdir())) == 1
    assert library.ids() == {"a", "b"}


def test_the_index_does_not_swell(library: Library) -> None:
    """Many small runs end with a number of files that does not grow with their number."""
    sizes = []
    for number in range(10):
        library.markdown("a.md", f"Tekst numer {number}.")
        library.run()
        sizes.append(len(list(library.builds.live().iterdir())))
    assert max(sizes) == sizes[0]
    assert library.find("9") == ["a"]
    assert library.find("tekst -9") == []


# Metadata and the taxonomy


def test_a_broken_taxonomy_leaves_the_index(library: Library) -> None:
    """The error names every problem of the file, and the live index is as it was."""
    library.markdown("a.md", "Tekst.")
    library.run()
    before = tree(library.index)
    library.write("taxonomy.yaml", "editions:\n  - {slug: 'Zły slug', nazwa: x}\ntopics: transport\nrodzaje: []\n")
    with pytest.raises(TaxonomyError) as caught:
        library.run()
    said = "\n".join(caught.value.details)
    for place in ("editions.0.slug", "editions.0.name", "editions.0.nazwa", "topics", "rodzaje"):
        assert place in said
    assert tree(library.index) == before
    assert library.find("tekst") == ["a"]


def test_bad_metadata_does_not_hide_a_document(library: Library) -> None:
    """Documents with unreadable, unknown or wrong metadata go in, with warnings that stay at the next run."""
    library.pdf("a.pdf", ["Tekst pierwszy."])
    library.write("a.yaml", "title: [niedomknięta\n")
    library.markdown("b.md", "Tekst drugi.", tytul="x", published="wczoraj", kind="raprot")
    for status in (Status.INDEXED, Status.UNCHANGED):
        rows = library.files()
        assert {row.status for row in rows.values()} == {status}
        assert any("a.yaml" in warning and "YAML" in warning for warning in rows["a.pdf"].warnings)
        said = "\n".join(rows["b.md"].warnings)
        for key in ("tytul", "published", "kind"):
            assert key in said
        assert "title" in said
        assert "raport" in said
    assert library.ids() == {"a", "b"}


# Checking


def test_check_reads_everything_and_changes_nothing(library: Library) -> None:
    """The report is as that of a run, and neither folder is touched, with or without an index."""
    library.pdf("a.pdf", ["Tekst."], kind="raprot")
    library.write("b.pdf", b"")
    library.markdown("c.md", "Inny tekst.")
    documents = tree(library.documents)
    assert {path: row.status for path, row in library.check().items()} == {
        "a.pdf": Status.INDEXED,
        "b.pdf": Status.DAMAGED,
        "c.md": Status.INDEXED,
    }
    assert not library.index.exists()
    library.run()
    before = tree(library.index)
    library.markdown("d.md", "Nowy tekst.")
    rows = library.check()
    assert rows["d.md"].status is Status.INDEXED
    assert any("raprot" in warning for warning in rows["a.pdf"].warnings)
    assert tree(library.index) == before
    (library.documents / "d.md").unlink()
    assert tree(library.documents) == documents


def test_check_counts_as_a_run_does(library: Library) -> None:
    """Pages and words of a check are those that the index would have."""
    library.pdf("a.pdf", ["Rada gminy."], ["Uchwała rady."])
    library.markdown("b.md", "Tekst o gminie.")
    checked = library.check()
    indexed = library.files()
    assert {path: (row.pages, row.words) for path, row in checked.items()} == {
        path: (row.pages, row.words) for path, row in indexed.items()
    }


RUN_OFTEN = """\
import resource
import sys
from pathlib import Path
from kb import indexer
from kb.settings import Settings

settings = Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2]), jobs=1)
for run in range(45):
    if run == 5:
        before = int(Path("/proc/self/statm").read_text().split()[1])
    if run % 5 == 0:
        (settings.documents / "a.md").write_text(f"Tekst o gminie numer {run}.")
    indexer.run(settings)
after = int(Path("/proc/self/statm").read_text().split()[1])
print((after - before) * resource.getpagesize())
"""


def test_many_runs_in_one_process_take_no_more_memory(library: Library) -> None:
    """A process that indexes again and again does not grow: forty runs take less than 20 MB more than the first ones did."""
    command = [sys.executable, "-c", RUN_OFTEN, str(library.documents), str(library.index)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert int(done.stdout) < 20e6


def test_notes_are_kept(library: Library) -> None:
    """What a document got from elsewhere is said in each run, also when nothing has changed."""
    library.pdf("raport.pdf", ["Tekst raportu."])
    first = library.files()["raport.pdf"]
    assert first.notes == ("z nazwy pliku: tytuł",)
    assert library.files()["raport.pdf"].notes == first.notes


# Equals among results


def _in_order(library: Library) -> list[str]:
    """What a search gives for a text that many documents have, word for word."""
    return found(library.open(), "jednakowy tekst o mostach")


def _slowly(library: Library) -> None:
    """Documents of one text, among them the one that is asked to be read first and is ready last."""
    library.pdf("a.pdf", *[["Jednakowy tekst o mostach."]] * 60)
    for name in ("z", "b", "k"):
        library.pdf(f"{name}.pdf", ["Jednakowy tekst o mostach."], [f"Nic o {name}."])
    for name in ("y", "c", "l"):
        library.markdown(f"{name}.md", "Jednakowy tekst o mostach.", title=f"Bez nazwy {name}")


def test_equals_stand_in_one_order_wherever_the_index_is_made(library: Library, tmp_path: Path) -> None:
    """With one child or many, with kept pages, some of them or none, whichever file is read first: results stand in one order."""
    _slowly(library)
    library.run(jobs=4)
    first = _in_order(library)
    assert len(first) == 7
    library.run(rebuild=True)
    assert _in_order(library) == first
    next((library.index / "extracted").glob("*.json")).unlink()
    library.run(rebuild=True)
    assert _in_order(library) == first
    other = Library(tmp_path / "gdzie-indziej")
    shutil.copytree(library.documents, other.documents)
    other.run(jobs=1)
    assert _in_order(other) == first
