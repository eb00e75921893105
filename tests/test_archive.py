"""The archive: every version's bytes and text stay, ids are told apart for good, and no crash or full disk spoils it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from extract.pdfs import make_pdf
from library import Library, by_path, environment
from typer.testing import CliRunner

from kb import indexer
from kb.archive import Archive, Held, Incoming, Ledger, Span
from kb.archive.ids import Claim, share_out
from kb.archive.pruning import choose, measure, remove
from kb.cli import app
from kb.disk import unsealed
from kb.engine.embedded import segments, writer
from kb.errors import IndexLocked
from kb.extract import Sandbox
from kb.model import Document, Status
from kb.report import FileReport

START = datetime(2026, 5, 12, 10, tzinfo=UTC)


def _archive(library: Library) -> Archive:
    return Archive(library.settings().store)


def _run(library: Library, days: int = 0, **given: Any) -> dict[str, FileReport]:
    """Index so many days after the start."""
    return by_path(indexer.run(library.settings(), now=START + timedelta(days=days), **given))


def _texts(library: Library, id: str) -> list[str]:
    """The first page's text in each version of a document, the latest first."""
    archive = _archive(library)
    versions = archive.ledger.versions(library.document(id))
    pages = [archive.pages(version.document.version) for version in versions]
    return [page[0].text for page in pages if page]


# Versions


def test_each_version_stays(library: Library) -> None:
    """Bytes, text, description and days of every version are kept, of PDF and Markdown, also when the index is deleted."""
    first = library.pdf("a.pdf", ["Most na rzece."], title="Mosty").read_bytes()
    library.markdown("b.md", "Stary tekst.")
    _run(library)
    library.pdf("a.pdf", ["Wiadukt nad torami."], title="Wiadukty")
    library.markdown("b.md", "Nowy tekst.")
    shutil.rmtree(library.index)
    _run(library, 3)
    archive = _archive(library)
    new, old = archive.ledger.versions(library.document("a"))
    assert (old.document.title, old.since, new.document.title, new.since) == (
        "Mosty",
        START,
        "Wiadukty",
        START + timedelta(days=3),
    )
    original = archive.original(old.document)
    assert original
    assert original.read_bytes() == first
    assert _texts(library, "a") == ["Wiadukt nad torami.", "Most na rzece."]
    assert _texts(library, "b") == ["Nowy tekst.", "Stary tekst."]
    assert archive.ledger.every() == Archive(library.settings().store).ledger.every()


def test_a_description_alone_is_no_new_version(library: Library) -> None:
    """A changed sidecar makes no version; the present one is kept as it is described now."""
    library.pdf("a.pdf", ["Tekst."], title="Stary")
    _run(library)
    library.sidecar("a.pdf", title="Nowy")
    _run(library, 1)
    (only,) = _archive(library).ledger.versions(library.document("a"))
    assert (only.document.title, only.since) == ("Nowy", START)


def test_a_version_that_comes_back(library: Library) -> None:
    """A file put back as it was is that version again, since that day."""
    for day, text in enumerate(("Pierwszy.", "Drugi.", "Pierwszy.")):
        library.markdown("a.md", text)
        _run(library, day)
    present, other = _archive(library).ledger.versions(library.document("a"))
    assert (present.seen, present.since) == (START, START + timedelta(days=2))
    assert present.document.version == library.document("a").version != other.document.version


def test_a_failing_replacement_makes_no_version(library: Library) -> None:
    """While a damaged file stands in place of a good one, the version that is shown is the good one, with its bytes."""
    good = library.pdf("a.pdf", ["Tekst o mostach."]).read_bytes()
    _run(library)
    library.write("a.pdf", b"%PDF-1.7 urwany")
    for days, rebuild in ((1, False), (2, True)):
        assert _run(library, days, rebuild=rebuild)["a.pdf"].status is Status.DAMAGED
        (only,) = _archive(library).ledger.versions(library.document("a"))
        original = _archive(library).original(only.document)
        assert original
        assert original.read_bytes() == good
        assert only.since == START


def test_a_spoilt_text_is_no_text(library: Library) -> None:
    """A byte that changed in the text of a version has it never shown; one without a digest is an older one."""
    library.markdown("a.md", "Most na rzece.")
    _run(library)
    archive = _archive(library)
    version = library.document("a").version
    place = archive.text_place(version)
    whole = place.read_bytes()
    place.write_bytes(whole.replace(b"Most", b"Mosk"))
    assert archive.pages(version) is None
    place.write_bytes(unsealed(whole))
    assert archive.pages(version) is not None


def test_a_removed_document_is_remembered(library: Library) -> None:
    """What left is known with its day and versions; when its file comes back, it is the same document."""
    path = library.markdown("a.md", "Tekst.", title="Uchwała")
    _run(library)
    path.unlink()
    _run(library, 1, allow_removals=True)
    passed = _archive(library).ledger.passed("a")
    assert passed
    assert (passed.document.title, passed.removed, passed.successor) == ("Uchwała", START + timedelta(days=1), None)
    library.markdown("a.md", "Tekst.", title="Uchwała")
    _run(library, 2)
    assert _archive(library).ledger.passed("a") is None
    assert library.ids() == {"a"}


def test_the_same_file_elsewhere_is_the_successor(library: Library) -> None:
    """Of a document whose file was renamed the ledger knows where its bytes are now."""
    path = library.markdown("stary.md", "Tekst.")
    _run(library)
    path.rename(library.documents / "nowy.md")
    _run(library, 1)
    passed = _archive(library).ledger.passed("stary")
    assert passed
    assert passed.successor == "nowy"


def test_a_collection_from_before(library: Library) -> None:
    """The next run of a collection that has no archive keeps its versions, also the text of those that change just then."""
    library.pdf("a.pdf", ["Bez zmian."])
    library.markdown("b.md", "Stary tekst.")
    library.markdown("c.md", "Też bez zmian.")
    library.run()
    shutil.rmtree(library.settings().store)
    library.markdown("b.md", "Nowy tekst.")
    rows = _run(library)
    assert {path: row.status for path, row in rows.items()} == {
        "a.pdf": Status.UNCHANGED,
        "b.md": Status.INDEXED,
        "c.md": Status.UNCHANGED,
    }
    archive = _archive(library)
    assert all(archive.original(document) for document in library.open().documents())
    assert (_texts(library, "a"), _texts(library, "c")) == (["Bez zmian."], ["Też bez zmian."])
    assert sorted(_texts(library, "b")) == ["Nowy tekst.", "Stary tekst."]


@pytest.mark.parametrize("lost", ["files", "texts"])
def test_what_the_archive_has_lost_of_present_documents(library: Library, lost: str) -> None:
    """The next run keeps bytes and texts anew of what has not changed; a record still has no text."""
    library.pdf("a.pdf", ["Bez zmian."])
    library.markdown("b.md", "Też bez zmian.")
    library.write("c.pdf", b"%PDF-1.7 urwany")
    library.write("c.yaml", b"title: Opisany\n")
    _run(library)
    archive = _archive(library)
    whole = {kept.path for kept in archive.files()}
    shutil.rmtree(archive.folder / lost)
    rows = _run(library)
    assert [rows[name].status for name in ("a.pdf", "b.md")] == [Status.UNCHANGED, Status.UNCHANGED]
    assert {kept.path for kept in archive.files()} == whole
    assert (_texts(library, "a"), _texts(library, "b")) == (["Bez zmian."], ["Też bez zmian."])


def test_a_run_that_finds_nothing_new_opens_the_index_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the writer reads the index, and the ledger gives its documents once, where the last report does not hold."""
    library.markdown("a.md", "Tekst.")
    _run(library)
    (library.index / "report.json").unlink(missing_ok=True)
    opened: list[str] = []
    opens = _heard(segments.open_segments, opened)
    for module in (segments, writer):
        monkeypatch.setattr(module, "open_segments", opens)
    monkeypatch.setattr(Ledger, "held", _heard(Ledger.held, opened))
    assert _run(library)["a.md"].status is Status.UNCHANGED
    assert sorted(opened) == ["held", "open_segments"]


def _heard(function: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def call(*args: Any, **given: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **given)

    return call


@pytest.mark.parametrize("folder", ["documents", "store"])
def test_the_archive_among_the_documents(library: Library, folder: str) -> None:
    """Where the archive lies in the documents folder, its files are no documents."""
    library.pdf("a.pdf", ["Tekst."])
    store = library.documents / folder
    for _ in range(2):
        report = library.run(store=store)
        assert [row.path for row in report.files] == ["a.pdf"]
    assert list(store.glob("files/*/*.pdf"))


# What is kept is what was read


@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_file_swapped_while_it_is_read(library: Library, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Bytes, hash and text always belong together, whenever another file is put in a file's place."""
    library.pdf("a.pdf", ["Tekst o mostach."])
    other = make_pdf([["Tekst o szkołach."]])
    reads, takes = Sandbox.extract_all, Incoming.take

    def swap() -> None:
        library.write("nowy.tmp", other).rename(library.documents / "a.pdf")

    def reading(self: Sandbox, paths: Any, tell: Any) -> Any:
        for result in reads(self, paths, tell):
            swap()
            yield result

    def taking(self: Any, *given: Any) -> Path:
        if not list(library.documents.glob("*.bak")):
            shutil.copy(library.documents / "a.pdf", library.documents / "a.bak")
            swap()
        return takes(self, *given)

    if moment == "while":
        monkeypatch.setattr(Sandbox, "extract_all", reading)
    else:
        monkeypatch.setattr(Incoming, "take", taking)
    row = _run(library)["a.pdf"]
    monkeypatch.undo()
    if moment == "while":
        assert row.status is Status.INDEXED
        assert library.find("mosty") == ["a"]
    else:
        assert (row.status, "zmienił się" in row.message) == (Status.DAMAGED, True)
    _run(library, 1)
    assert library.find("szkoły") == ["a"]
    archive = _archive(library)
    for version in archive.ledger.versions(library.document("a")):
        original, pages = archive.original(version.document), archive.pages(version.document.version)
        assert original
        assert pages
        assert (original.read_bytes() == other) == ("szkołach" in pages[0].text)


def test_what_the_archive_has_is_not_written_again(library: Library) -> None:
    """A run that reads one changed file leaves alone what is kept of the others."""
    library.markdown("a.md", "Tekst pierwszy.")
    changed = library.markdown("b.md", "Tekst drugi.")
    _run(library)
    before = {kept.path: kept.path.stat().st_ino for kept in _archive(library).files()}
    changed.write_text("Tekst trzeci.", encoding="utf-8")
    assert _run(library)["a.md"].status is Status.UNCHANGED
    after = {kept.path: kept.path.stat().st_ino for kept in _archive(library).files()}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 2


def test_the_same_size_and_a_restored_time(library: Library) -> None:
    """Another file of the same size with the old time of change put back is seen: its inode and ctime are others."""
    path = library.markdown("a.md", "Tekst pierwszy.")
    at = path.stat()
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns - 3600 * 10**9))
    at = path.stat()
    time.sleep(2.1)  # what is hashed within two seconds of its ctime is hashed again in any case
    _run(library)
    library.markdown("a.md", "Tekst zmiennny.")
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (at.st_size, at.st_mtime_ns)
    assert _run(library, 1)["a.md"].status is Status.INDEXED
    assert library.find("zmiennny") == ["a"]


# Ids


def test_names_that_give_one_id(library: Library) -> None:
    """Two regulations whose names give one id are both there, under the same ids in every later index, without the other too."""
    library.pdf("regulamin.pdf", ["Regulamin szkoły w Żorach."])
    library.pdf("regulamin_.pdf", ["Regulamin szkoły w Gnieźnie."])
    ids = {"regulamin": "regulamin.pdf", "regulamin-2": "regulamin_.pdf"}
    for rebuild in (False, True):
        assert {row.status.failed for row in _run(library, rebuild=rebuild).values()} == {False}
        assert {document.id: document.path for document in library.open().documents()} == ids
    shutil.rmtree(library.index)
    (library.documents / "regulamin.pdf").unlink()
    _run(library, 1)
    assert library.ids() == {"regulamin-2"}
    library.pdf("Regulamin!.pdf", ["Regulamin basenu."])
    _run(library, 2)
    assert library.document("regulamin-3").path == "Regulamin!.pdf"


def test_ids_do_not_depend_on_who_is_faster(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two files with one written id the first by name gets it, in whatever order they are read."""
    reads = Sandbox.extract_all
    for reverse in (False, True):

        def ordered(self: Sandbox, paths: Any, tell: Any, reverse: bool = reverse) -> Any:
            return iter(sorted(reads(self, paths, tell), reverse=reverse, key=str))

        monkeypatch.setattr(Sandbox, "extract_all", ordered)
        for folder in (library.index, library.settings().store):
            shutil.rmtree(folder, ignore_errors=True)
        library.pdf("a.pdf", ["Tekst pierwszy."], id="wspolny")
        library.pdf("b.pdf", ["Tekst drugi, dłuższy."] * 3, id="wspolny")
        rows = _run(library)
        assert {document.id: document.path for document in library.open().documents()} == {
            "wspolny": "a.pdf",
            "b": "b.pdf",
        }
        assert (rows["a.pdf"].status, rows["b.pdf"].status) == (Status.INDEXED, Status.DUPLICATE)
        assert "„wspolny” ma już a.pdf" in rows["b.pdf"].message


def test_two_files_swap_their_ids(library: Library) -> None:
    """One run is enough, for PDF and Markdown, in a build of old and in a new one."""
    for days, (one, two, rebuild) in enumerate((("x", "y", False), ("y", "x", False), ("x", "y", True))):
        library.markdown("a.md", "Tekst pierwszy.", id=one)
        library.pdf("b.pdf", ["Tekst drugi."], id=two)
        assert {row.status for row in _run(library, days, rebuild=rebuild).values()} == {Status.INDEXED}
        assert {document.path: document.id for document in library.open().documents()} == {"a.md": one, "b.pdf": two}
    assert library.open().state.size.documents == 2


def test_an_id_that_comes_free(library: Library) -> None:
    """Who was refused an id gets it, unchanged, once its holder has left; until then each run says so and writes nothing."""
    holder = library.markdown("a.md", "Tekst pierwszy.", id="wspolny")
    library.markdown("b.md", "Tekst drugi.", id="wspolny")
    _run(library)
    before = library.toc()
    assert _run(library)["b.md"].status is Status.DUPLICATE
    assert library.toc() == before
    holder.unlink()
    assert _run(library, 1)["b.md"].status is Status.INDEXED
    assert {document.id: document.path for document in library.open().documents()} == {"wspolny": "b.md"}


def test_an_alias(library: Library) -> None:
    """A document that changed its id is found under the old one; an alias that is somebody's id, or another's, is a warning."""
    library.markdown("a.md", "Tekst pierwszy.", id="stary")
    library.markdown("b.md", "Tekst drugi.")
    _run(library)
    library.markdown("a.md", "Tekst pierwszy.", id="nowy", aliases=["stary", "b"])
    library.markdown("c.md", "Tekst trzeci.", aliases=["stary"])
    library.markdown("d.md", "Tekst czwarty.", aliases="Zły alias")
    rows = _run(library, 1)
    assert library.document("nowy").aliases == ("stary",)
    ledger = _archive(library).ledger
    assert (ledger.document_of_alias("stary"), ledger.document_of_alias("b")) == ("nowy", None)
    assert ["„b”" in warning and "b.md" in warning for warning in rows["a.md"].warnings] == [True]
    assert ["„stary”" in warning and "a.md" in warning for warning in rows["c.md"].warnings] == [True]
    assert "dawny identyfikator" in rows["d.md"].warnings[0]
    assert [version.document.id for version in ledger.versions(library.document("nowy"))] == ["nowy", "stary"]


@pytest.mark.parametrize(
    ("claims", "ledger", "expected"),
    [
        ([Claim(path="a", version="1", made="x"), Claim(path="b", version="2", made="x")], [], {"a": "x", "b": "x-2"}),
        (
            [Claim(path="a", version="1", made="x"), Claim(path="b", version="2", made="y", asked="x")],
            [],
            {"a": "x-2", "b": "x"},
        ),
        (
            [Claim(path="a", version="1", made="x", asked="z"), Claim(path="b", version="2", made="y", asked="z")],
            [Held(id="z", path="b", version="2", asked="z")],
            {"a": "x", "b": "z"},
        ),
        # One that has left keeps its id, unless the same bytes come under a name like it.
        ([Claim(path="b", version="2", made="x")], [Held(id="x", path="a", version="1", removed=START)], {"b": "x-2"}),
        ([Claim(path="b", version="1", made="x")], [Held(id="x", path="a", version="1", removed=START)], {"b": "x"}),
        ([Claim(path="a", version="2", made="x")], [Held(id="x", path="a", version="1", removed=START)], {"a": "x"}),
        # What is not looked at keeps what it has, whatever others ask for.
        (
            [Claim(path="a", version="1", made="x", asked="y"), Claim(path="b", version="2", made="b", settled=True)],
            [Held(id="y", path="b", version="2", asked="y")],
            {"a": "x", "b": "y"},
        ),
        # No made id is an alias of another document.
        (
            [Claim(path="a", version="1", made="x"), Claim(path="b", version="2", made="y", aliases=("x",))],
            [],
            {"a": "x-2", "b": "y"},
        ),
    ],
)
def test_who_gets_which_id(claims: list[Claim], ledger: list[Held], expected: dict[str, str]) -> None:
    """The rules by which ids are given, in whatever order the files come."""
    known = {held.id: held for held in ledger}
    for given in (claims, claims[::-1]):
        assert {path: name.id for path, name in share_out(given, known).items()} == expected


# Crashes and full disks


def test_a_full_disk_leaves_nothing_behind(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a copy does not fit, the run ends with the folder's name, the index is as before, and no half file stays."""
    library.markdown("a.md", "Tekst.")
    _run(library)
    library.pdf("b.pdf", ["Tekst, który się nie mieści."])
    syncs = os.fsync

    def full(descriptor: int | BinaryIO) -> None:
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        if "incoming" in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        syncs(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        _run(library, 1)
    assert "store" in str(caught.value.filename)
    monkeypatch.undo()
    assert library.ids() == {"a"}
    assert not list(library.root.rglob("*.tmp"))
    assert not (library.settings().store / "incoming").exists()
    _run(library, 1)
    assert library.ids() == {"a", "b"}


STEPS = ["kept", "committed", "recording"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_index_and_ledger(library: Library, step: str) -> None:
    """Killed where the index and the ledger could come apart, the next run brings them together and no version is lost."""
    library.markdown("a.md", "Tekst pierwszy.")
    _run(library)
    library.markdown("a.md", "Tekst drugi.")
    places = {
        "kept": "kb.archive.files.Incoming.keep = after(kb.archive.files.Incoming.keep)",
        "committed": "kb.engine.embedded.writer.EmbeddedWriter.commit = after(kb.engine.embedded.writer.EmbeddedWriter.commit)",
        "recording": "kb.archive.ledger.Version = None; sqlite(kb.archive.ledger)",
    }
    code = f"""
import os, signal, sys, sqlite3
from pathlib import Path
import kb.archive.files, kb.archive.ledger, kb.engine.embedded.writer
from kb import indexer
from kb.settings import Settings
def after(method):
    def run(*given):
        method(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    return run
def sqlite(module):
    changing = module.Ledger._changing
    import contextlib
    @contextlib.contextmanager
    def killed(self):
        with changing(self) as connection:
            yield connection
            os.kill(os.getpid(), signal.SIGKILL)
    module.Ledger._changing = killed
{places[step]}
indexer.run(Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2]), jobs=1))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, library.documents, library.index],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == -9, ran.stderr.decode()
    library.markdown("a.md", "Tekst trzeci.")
    _run(library, 1)
    texts = _texts(library, "a")
    assert texts[0] == "Tekst trzeci."
    assert "Tekst pierwszy." in texts
    if step != "kept":  # before the commit nobody has seen the second
        assert "Tekst drugi." in texts
    assert not (library.settings().store / "incoming").exists()


def test_an_index_and_a_ledger_of_different_days(library: Library) -> None:
    """An index older than the ledger changes no history; what the index alone knows is written down, with the day."""
    ledger = library.settings().store / "ledger.sqlite"

    def days() -> list[int]:
        return [(each.since - START).days for each in _archive(library).ledger.versions(library.document("a"))]

    library.markdown("a.md", "Pierwszy.")
    _run(library)
    shutil.copytree(library.index, library.root / "older")
    library.markdown("a.md", "Drugi.")
    _run(library, 1)
    shutil.rmtree(library.index)
    (library.root / "older").rename(library.index)
    _run(library, 2)
    assert (days(), _texts(library, "a")) == ([1, 0], ["Drugi.", "Pierwszy."])
    before = ledger.read_bytes()
    library.markdown("a.md", "Pierwszy.")
    _run(library, 3)
    ledger.write_bytes(before)
    assert _run(library, 4)["a.md"].status is Status.UNCHANGED
    assert (days(), _texts(library, "a")) == ([4, 1], ["Pierwszy.", "Drugi."])


def test_two_writers(library: Library) -> None:
    """While one run writes into an archive, another with an index of its own is told who does."""
    library.markdown("a.md", "Tekst.")
    with _archive(library).writing(), pytest.raises(IndexLocked):
        library.run()


# Pruning


def _with_versions(library: Library) -> None:
    """Two documents: one with two old versions, of days 0 and 2, one that has left on day 5."""
    for days, text in ((0, "Pierwszy."), (2, "Drugi."), (4, "Trzeci.")):
        library.markdown("a.md", text)
        library.markdown("b.md", "Odejdzie.")
        _run(library, days)
    (library.documents / "b.md").unlink()
    _run(library, 5)


def test_what_pruning_takes(library: Library) -> None:
    """Old versions go by the day when they were replaced, those of removed documents only when asked for."""
    _with_versions(library)
    archive = _archive(library)
    count = measure(archive)
    assert (count.documents, count.removed, count.versions, count.old, count.pruned) == (2, 1, 4, 3, 0)
    now = START + timedelta(days=10)
    for days, removed, expected in ((9, True, 0), (8, False, 1), (6, False, 2), (5, True, 3), (0, False, 2)):
        assert len(choose(archive, days=days, removed=removed, now=now).versions) == expected
    chosen = choose(archive, days=8, now=now)
    done = remove(archive, chosen)
    assert (done, done.bytes > 0) == (chosen, True)
    assert _texts(library, "a") == ["Trzeci.", "Drugi."]
    assert [bool(version.pruned) for version in archive.ledger.versions(library.document("a"))] == [False, False, True]
    assert measure(archive).bytes == count.bytes - done.bytes
    library.markdown("a.md", "Pierwszy.")
    _run(library, 11)
    assert _texts(library, "a") == ["Pierwszy.", "Trzeci.", "Drugi."]


def test_a_file_that_another_document_needs_stays(library: Library) -> None:
    """What is an old version of one document and the present one of another is not removed."""
    library.markdown("a.md", "Wspólny.")
    _run(library)
    library.markdown("a.md", "Inny.")
    library.markdown("b.md", "Wspólny.")
    _run(library, 1)
    archive = _archive(library)
    remove(archive, choose(archive, now=START + timedelta(days=2)))
    assert archive.original(library.document("b"))


def test_the_command(library: Library) -> None:
    """``kb store`` says how much there is within 80 columns, removes nothing without a yes, and tells what went."""
    _with_versions(library)
    where = ["--documents", str(library.documents), "--index", str(library.index)]
    shown = CliRunner().invoke(app, ["store", *where])
    assert shown.exit_code == 0
    assert "2, w tym 1 usunięty" in shown.output
    assert "4, w tym 3 dawne" in shown.output
    # The folder's path stands whole, however long it is.
    assert [line for line in shown.output.splitlines() if len(line) > 80 and str(library.root) not in line] == []
    asked = CliRunner().invoke(app, ["store", "--prune", "--removed", *where])
    assert (asked.exit_code, measure(_archive(library)).versions) == (2, 4)
    assert "3 wersje" in asked.output
    assert CliRunner().invoke(app, ["store", "--removed", *where]).exit_code == 2
    done = CliRunner().invoke(app, ["store", "--prune", "--yes", "--json", *where])
    assert done.exit_code == 0
    assert [version["since"] for version in json.loads(done.output)["versions"]] == [
        (START + timedelta(days=days)).isoformat() for days in (0, 2)
    ]
    assert json.loads(CliRunner().invoke(app, ["store", "--json", *where]).output)["pruned"] == 2
    done = CliRunner().invoke(app, ["store", "--prune", "--removed", "--yes", *where])
    assert done.exit_code == 0
    assert "Usunięto 1 wersję" in done.output
    assert measure(_archive(library)).versions == 1
    assert "Nie ma czego usunąć." in CliRunner().invoke(app, ["store", "--prune", "--yes", *where]).output


# Changes


def _changes(library: Library) -> dict[str, tuple[int, int, bool]]:
    """By id: after how many days a document came and changed, and whether it has left; the latest change first."""
    changes = _archive(library).ledger.changes()
    return {each.id: ((each.added - START).days, (each.changed - START).days, each.removed) for each in changes}


def test_what_is_a_change(library: Library) -> None:
    """A new file, a corrected one, another description and leaving are changes; a moved file and a rebuilt index are none."""
    library.pdf("a.pdf", ["Tekst."], id="a", title="Stary tytuł")
    library.markdown("b.md", "Tekst.", id="b")
    library.markdown("c.md", "Tekst.", id="c", title="Trzeci")
    _run(library)
    library.sidecar("a.pdf", id="a", title="Nowy tytuł")
    _run(library, 1)
    library.markdown("b.md", "Poprawiony tekst.", id="b")
    _run(library, 2)
    (library.documents / "c.md").rename(library.documents / "d.md")
    _run(library, 3)
    _run(library, 4, rebuild=True)
    assert list(_changes(library).items()) == [("b", (0, 2, False)), ("a", (0, 1, False)), ("c", (0, 0, False))]
    (library.documents / "b.md").unlink()
    _run(library, 5)
    assert _changes(library)["b"] == (0, 5, True)
    library.markdown("b.md", "Poprawiony tekst.", id="b")
    _run(library, 6)
    assert _changes(library)["b"] == (6, 6, False)


def test_changes_of_a_ledger_from_before(library: Library) -> None:
    """A ledger that knows no changes yet gets them from its versions at the next run."""
    library.markdown("a.md", "Tekst.")
    library.markdown("b.md", "Tekst drugi.")
    _run(library)
    library.markdown("a.md", "Nowy tekst.")
    _run(library, 2)
    with closing(sqlite3.connect(library.settings().store / "ledger.sqlite")) as connection:
        connection.execute("DROP TABLE change")
    assert _changes(library) == {}
    _run(library, 4)
    assert list(_changes(library).items()) == [("a", (0, 2, False)), ("b", (0, 0, False))]


def test_records_are_gone_through_without_a_gap(library: Library) -> None:
    """Record by record, in the order of changes, with what changes on the way coming later; by time, kind and edition."""
    for name, kind in (("a", "raport"), ("b", "poradnik"), ("c", "raport")):
        library.markdown(f"{name}.md", f"Tekst {name}.", id=name, kind=kind)
    _run(library)
    ledger = _archive(library).ledger
    (first,) = ledger.records(Span(), 1)
    assert first.document.id == "a"
    library.markdown("b.md", "Tekst poprawiony.", id="b", kind="poradnik")
    (library.documents / "c.md").unlink()
    _run(library, 1)
    rest = ledger.records(Span(), 9, (first.changed, first.document.id))
    assert [(record.document.id, record.removed) for record in rest] == [("b", False), ("c", True)]
    day = START + timedelta(days=1)
    assert [record.document.id for record in ledger.records(Span(start=day), 9)] == ["b", "c"]
    assert [record.document.id for record in ledger.records(Span(end=day), 9)] == ["a"]
    assert [record.document.id for record in ledger.records(Span(kind="raport"), 9)] == ["a", "c"]
    assert (ledger.count(Span()), ledger.count(Span(edition="pilotaz"))) == (3, 0)


def test_a_document_comes_with_its_description(tmp_path: Path) -> None:
    """A version that nobody could describe is not written down, so that the next run looks for it again."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    shown = {"a": Held(id="a", path="a.md", version="1")}
    ledger.record(shown, [], START)
    assert (ledger.held(), ledger.changes()) == ({}, [])
    ledger.record(shown, [Document(id="a", title="A", path="a.md", version="1", pages=1)], START)
    assert ledger.held() == shown
    later = START + timedelta(days=1)
    ledger.record({"a": shown["a"]._replace(version="2")}, [], later)
    assert ledger.held() == shown
    ledger.record({}, [], later, left=["a"])
    assert [(change.changed, change.removed) for change in ledger.changes()] == [(later, True)]
