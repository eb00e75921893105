"""What cannot be made again survives the loss of everything: a backup, taken while others work, is restored elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from library import Library, environment, tree
from test_cli import Ran, kb
from web.conftest import serving

from kb import backup
from kb.archive import Archive
from kb.disk import lock
from kb.errors import ArchiveUnavailable, BackupDamaged, BackupError, DocumentsError, IndexLocked
from kb.web import create_app

ADDRESSES = ("/dokumenty/raport", "/dokumenty/usuniety", "/api/v1/search?q=most", "/api/v1/documents?sort=newest")


@pytest.fixture
def shelf(library: Library) -> Library:
    """An indexed collection with an old version, a document that has left, and ids that were told apart."""
    library.markdown("usuniety.md", "Most, którego nie ma.")
    library.pdf("raport.pdf", ["Stary most."], title="Raport o mostach", published="2024-01-01")
    library.markdown("regulamin.md", "Regulamin mostu.", published="2024-01-02")
    library.run()
    (library.documents / "usuniety.md").unlink()
    library.pdf("raport.pdf", ["Nowy most."], title="Raport o mostach", published="2024-01-01")
    library.markdown("regulamin_.md", "Inny regulamin mostu.", published="2024-01-03")
    library.write("gminy/notatka.txt", "Nie jest dokumentem, ale jest oryginałem.")
    library.run()
    return library


def elsewhere(library: Library) -> Library:
    """An empty place on the same disk."""
    other = Library(library.root / "gdzie-indziej")
    other.root.mkdir()
    return other


def answers(library: Library) -> dict[str, Any]:
    """What the site says at its addresses, those of versions among them."""
    versions = [f"/dokumenty/{document}/wersje/{version[:12]}" for document, version, *_ in sorted(_ledger(library))]
    given: dict[str, Any] = {}
    with serving(create_app(library.settings())) as client:
        for address in (*ADDRESSES, *versions, *(version.replace("dokumenty", "pliki", 1) for version in versions)):
            answer = client.get(address)
            body = answer.json() if "json" in answer.headers["content-type"] else answer.text
            if isinstance(body, dict):
                body.pop("took_ms", None)
            else:
                body = body.replace(str(client.base_url), "")
            given[address] = answer.status_code, body
    return given


def _ledger(library: Library) -> list[tuple[Any, ...]]:
    return list(Archive(library.settings().store).ledger.every())


def places(library: Library) -> tuple[str, str]:
    """Options that name a collection's folders."""
    return f"--documents={library.documents}", f"--index={library.index}"


def test_everything_is_lost_and_restored(shelf: Library) -> None:
    """Backup, loss of all folders, restoration on an empty place, ``kb index``: the same answers at the same addresses."""
    before = answers(shelf)
    assert {status for status, _ in before.values()} == {200, 410}
    made = kb("backup", shelf.root / "kopia.tar.gz", *places(shelf), "--json")
    assert (made.code, made.json["documents"], made.json["versions"]) == (0, 6, 5)
    for folder in ("documents", "index", "store"):
        shutil.rmtree(shelf.root / folder)
    other = elsewhere(shelf)
    restored = kb("restore", shelf.root / "kopia.tar.gz", *places(other))
    assert restored.code == 0
    assert "6 plików z folderu dokumentów, 5 wersji dokumentów" in restored.out
    assert "uruchom „kb index”" in restored.out
    assert (other.documents / "gminy/notatka.txt").exists()
    assert not list(other.root.rglob(".kb-*"))
    kb("index", *places(other))
    assert answers(other) == before


def test_a_backup_while_others_work(shelf: Library) -> None:
    """A backup taken while a collection is indexed over and over is whole, and its ledger names nothing that is not there."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shelf.markdown("zmienny.md", f"Most numer {number}.")
            shelf.run()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(3):
            backup.make(shelf.settings(), shelf.root / f"kopia-{number}.tar.gz")
    finally:
        stop.set()
        thread.join()
    for number in range(3):
        other = Library(shelf.root / f"inne-{number}")
        backup.restore(other.settings(), shelf.root / f"kopia-{number}.tar.gz")
        ledger = _ledger(other)
        kept = {path.name.partition(".")[0] for path in (other.root / "store/files").rglob("*.*")}
        assert {version for _, version, *_ in ledger} <= kept
        assert other.run().failed == 0
        assert {id for id, *_ in ledger} <= {id for id, *_ in _ledger(other)}


def test_a_document_that_changes_is_copied_again(shelf: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that is written to just then, the backup has the bytes of one moment."""
    path = shelf.write("rosnie.txt", "a" * 10)
    copy = shutil.copyfileobj
    changes = iter(["b" * 20])

    def slowly(source: Any, target: Any, length: int) -> None:
        copy(source, target, length)
        if target.tell() == 10 and (text := next(changes, "")):
            path.write_text(text)

    monkeypatch.setattr("kb.backup.shutil.copyfileobj", slowly)
    backup.make(shelf.settings(), shelf.root / "k.tar.gz")
    with tarfile.open(shelf.root / "k.tar.gz") as tar:
        content = tar.extractfile("documents/rosnie.txt")
        assert content
        assert content.read() == b"b" * 20


def test_any_program_opens_it(shelf: Library) -> None:
    """Without this program a backup is unpacked by ``tar``: documents under their names, equal bytes once."""
    backup.make(shelf.settings(), shelf.root / "k.tar.gz")
    place = shelf.root / "rozpakowane"
    with tarfile.open(shelf.root / "k.tar.gz") as tar:
        tar.extractall(place, filter="data")
        assert tar.getmember("documents/raport.pdf").islnk()
    assert (place / "documents/raport.pdf").read_bytes() == (shelf.documents / "raport.pdf").read_bytes()


def test_a_document_is_restored_as_a_file_of_its_own(shelf: Library) -> None:
    """An editor who writes over a restored document does not write over its version."""
    backup.make(shelf.settings(), shelf.root / "k.tar.gz")
    other = elsewhere(shelf)
    backup.restore(other.settings(), shelf.root / "k.tar.gz")
    assert (other.documents / "raport.pdf").stat().st_nlink == 1


def test_full_folders_are_refused(shelf: Library) -> None:
    """Nothing is restored over what is there, unless one says so; then it is moved aside, not lost."""
    kb("backup", shelf.root / "k.tar.gz", *places(shelf))
    shelf.write("nowy.txt", "nowy")
    before = tree(shelf.documents)
    ran = kb("restore", shelf.root / "k.tar.gz", *places(shelf))
    assert ran.code == 2
    assert "--replace" in ran.err
    assert str(shelf.documents) in ran.err
    assert tree(shelf.documents) == before
    ran = kb("restore", shelf.root / "k.tar.gz", *places(shelf), "--replace", "--json")
    assert ran.code == 0
    moved = Path(ran.json["moved"][0])
    assert (moved / "nowy.txt").read_text() == "nowy"
    assert not (shelf.documents / "nowy.txt").exists()
    # What was moved aside is neither indexed nor part of the next backup.
    assert shelf.run().failed == 0
    assert not any(moved.name in name for name in _names(backup.make(shelf.settings(), shelf.root / "k2.tar.gz")))


def _names(made: backup.Backup) -> list[str]:
    with tarfile.open(made.file) as tar:
        return tar.getnames()


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _flip_inside(content: bytes) -> bytes:
    """A byte of the first file's content, with gzip's own checksum in order."""
    return gzip.compress(_flip(gzip.decompress(content)[:2048]) + gzip.decompress(content)[2048:])


def _without_manifest(content: bytes) -> bytes:
    return _rewritten(content, lambda name: name != "manifest.json")


def _without_a_file(content: bytes) -> bytes:
    return _rewritten(content, lambda name: not name.endswith("notatka.txt"))


def _rewritten(content: bytes, wanted: Callable[[str], bool]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=made, mode="w:gz") as new:
        for member in old:
            if wanted(member.name):
                new.addfile(member, old.extractfile(member) if member.isreg() else None)
    return made.getvalue()


def _hostile(name: str, **about: Any) -> bytes:
    """A backup of one empty file that is whole but for its name."""
    made = io.BytesIO()
    files = {name: (0, hashlib.sha256().hexdigest())}
    manifest = json.dumps({"format": 1, "created": "2026-05-12T10:00:00+00:00", "files": files}).encode()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        for key, value in about.items():
            setattr(member, key, value)
        tar.addfile(member, io.BytesIO())
        end = tarfile.TarInfo("manifest.json")
        end.size = len(manifest)
        tar.addfile(end, io.BytesIO(manifest))
    return made.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [_cut, _flip, _flip_inside, _without_manifest, _without_a_file, lambda _: b"", lambda _: b"PK nie kopia"],
    ids=["cut", "flipped", "flipped inside", "no manifest", "a file less", "empty", "no backup"],
)
def test_a_damaged_backup_changes_nothing(shelf: Library, spoil: Callable[[bytes], bytes]) -> None:
    """Whatever is wrong with a backup is found before anything is restored, and said in words."""
    file = shelf.root / "k.tar.gz"
    backup.make(shelf.settings(), file)
    file.write_bytes(spoil(file.read_bytes()))
    other = elsewhere(shelf)
    ran = kb("restore", file, *places(other))
    assert (ran.code, ran.out) == (2, "")
    assert "uszkodzona" in ran.err
    assert [path for path in other.root.rglob("*") if path.is_file() and path.name != "lock"] == []


@pytest.mark.parametrize(
    "content",
    [
        _hostile("documents/../../obcy"),
        _hostile("documents/../store/obcy"),
        _hostile("documents/a/../obcy"),
        _hostile("/etc/obcy"),
        _hostile("documents//etc/obcy"),
        _hostile("obcy"),
        _hostile("documents/link", type=tarfile.SYMTYPE, linkname="/etc"),
        _hostile("documents/link", type=tarfile.LNKTYPE, linkname="../../etc/passwd"),
        _hostile("documents/rura", type=tarfile.FIFOTYPE),
    ],
    ids=["up", "aside", "about", "root", "double slash", "no folder", "symbolic link", "hard link", "pipe"],
)
def test_no_name_leads_out(library: Library, content: bytes) -> None:
    """A made-up backup writes nowhere but within the folders."""
    file = library.root / "k.tar.gz"
    file.write_bytes(content)
    other = elsewhere(library)
    with pytest.raises(BackupDamaged):
        backup.restore(other.settings(), file)
    assert not list(library.root.rglob("*obcy*"))
    assert not list(other.documents.iterdir())


def test_an_empty_folder_is_not_backed_up(shelf: Library) -> None:
    """A share that is not mounted does not replace the last good backup."""
    file = shelf.root / "k.tar.gz"
    backup.make(shelf.settings(), file)
    before = file.read_bytes()
    shutil.rmtree(shelf.documents)
    with pytest.raises(DocumentsError, match="Nie ma folderu"):
        backup.make(shelf.settings(), file)
    shelf.documents.mkdir()
    with pytest.raises(DocumentsError, match="jest pusty"):
        backup.make(shelf.settings(), file)
    assert file.read_bytes() == before
    assert not list(shelf.root.glob("*.tmp"))


def test_a_backup_in_the_place_of_a_folder(shelf: Library) -> None:
    """Who names a folder for the backup hears of it, and not of the temporary file beside it."""
    place = shelf.root / "kopie"
    place.mkdir()
    with pytest.raises(BackupError, match=re.escape(f"folder {place}. ")):
        backup.make(shelf.settings(), place)
    assert list(shelf.root.glob("*.tmp")) == []


def test_a_backup_into_a_folder_that_is_not_there(shelf: Library) -> None:
    """The folder is named, no temporary file in it."""
    with pytest.raises(BackupError, match=r"Nie ma folderu \S+/kopie\."):
        backup.make(shelf.settings(), shelf.root / "kopie" / "kopia.tar.gz")


def test_a_backup_lies_elsewhere(shelf: Library) -> None:
    """A backup within what it copies would be part of the next one."""
    for folder in (shelf.documents, shelf.settings().store):
        with pytest.raises(BackupError, match="nie może powstać"):
            backup.make(shelf.settings(), folder / "k.tar.gz")


def test_links_and_pipes(shelf: Library) -> None:
    """A link to a document is a document; what leads elsewhere is told, and a pipe is not waited for."""
    (shelf.documents / "link.pdf").symlink_to("raport.pdf")
    (shelf.documents / "obcy.pdf").symlink_to("/etc/passwd")
    os.mkfifo(shelf.documents / "rura.pdf")
    made = backup.make(shelf.settings(), shelf.root / "k.tar.gz")
    assert {Path(path).name for path in made.skipped} == {"obcy.pdf", "rura.pdf"}
    assert "documents/link.pdf" in _names(made)
    ran = kb("backup", shelf.root / "k.tar.gz", *places(shelf))
    assert "pominięto" in ran.out


def test_nobody_restores_while_another_writes(shelf: Library) -> None:
    """``kb restore`` waits for no indexer: it says that one is at work."""
    backup.make(shelf.settings(), shelf.root / "k.tar.gz")
    with lock(shelf.settings().store), pytest.raises(IndexLocked):
        backup.restore(shelf.settings(), shelf.root / "k.tar.gz", replace=True)


def test_a_spoilt_ledger_is_told(shelf: Library) -> None:
    """A backup of a ledger that cannot be read would be none."""
    (shelf.settings().store / "ledger.sqlite").write_bytes(b"nic" * 5000)
    with pytest.raises(ArchiveUnavailable):
        backup.make(shelf.settings(), shelf.root / "k.tar.gz")


def limited(library: Library, *arguments: str, most: int) -> Ran:
    """A command in a process whose files cannot grow beyond so many bytes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = subprocess.run(
        [sys.executable, "-m", "kb", *arguments, *places(library)],
        capture_output=True, text=True, timeout=60, check=False, preexec_fn=limit, env=environment(COLUMNS="300"),
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_full_disk_leaves_nothing(shelf: Library) -> None:
    """Neither a backup nor a restoration that has no room leaves anything; the one before stays."""
    file = shelf.root / "k.tar.gz"
    backup.make(shelf.settings(), file)
    before = file.read_bytes()
    ran = limited(shelf, "backup", str(file), most=1000)
    assert (ran.code, ran.out) == (2, "")
    assert str(shelf.root) in ran.err
    assert file.read_bytes() == before
    assert not list(shelf.root.glob("*.tmp"))
    other = elsewhere(shelf)
    ran = limited(other, "restore", str(file), most=1000)
    assert (ran.code, ran.out) == (2, "")
    assert [path for path in other.root.rglob("*") if path.is_file() and path.name != "lock"] == []


def test_a_newer_format_is_told(shelf: Library) -> None:
    """A backup of a later version of the program is refused with what to do."""
    file = shelf.root / "k.tar.gz"
    backup.make(shelf.settings(), file)
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content.replace(b'{"format":1,', b'{"format":9,')))
    with pytest.raises(BackupError, match="nowsza wersja"):
        backup.restore(elsewhere(shelf).settings(), file)


def test_the_manifest_tells_every_file(shelf: Library) -> None:
    """Sizes and checksums can be compared by hand."""
    with tarfile.open(backup.make(shelf.settings(), shelf.root / "k.tar.gz").file) as tar:
        content = tar.extractfile("manifest.json")
        assert content
        files = json.load(content)["files"]
        assert set(files) == set(tar.getnames()) - {"manifest.json"}
