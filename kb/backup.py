"""A backup of everything that cannot be made again: the documents and the archive of their versions, in one file.

It is an ordinary ``tar.gz`` that any program opens:

    store/ledger.sqlite          the ledger, as of one moment
    store/files/…, store/texts/… bytes and text of versions
    documents/…                  the folder; a document whose bytes are among the versions is a link to them
    manifest.json                size and SHA-256 of each file; without it, which comes last, a backup is not whole

It can be taken while others index, serve and edit. The ledger comes first: a run puts files into the archive before the
ledger names them, so all that this ledger names is there. What lies in the archive is replaced whole or not at all, and a
document that changes while it is copied is copied again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kb.archive import Archive
from kb.disk import lock, open_file, sync_all, writing_to
from kb.errors import BackupDamaged, BackupError, DocumentsError
from kb.settings import Settings

OnFile = Callable[[int, int], None]
"""Told (files done, of so many) as a backup is made or restored; of so many: 0 where nobody knows."""

_FORMAT = 1
_MANIFEST = "manifest.json"
_LEDGER = "ledger.sqlite"
_DOCUMENTS, _STORE = "documents", "store"
_OURS = ".kb-"
"""How folders begin that a restoration makes within the folders that it fills; they are no part of a backup."""
_KEPT_IN_PLACE = {"lock", "incoming"}
_LEVEL = 3
"""Of compression: PDFs are compressed already, and a higher one takes several times as long for some percent."""
_BLOCK = 1024 * 1024
_IN_MEMORY = 16 * _BLOCK
_TRIES = 3
_LONGEST_MANIFEST = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds: the contract of ``kb backup --json`` and ``kb restore --json``.

    ``documents``: files of the documents folder, ``versions``: files of versions; ``skipped``: what is no file, by its path.
    ``moved``: folders to which a restoration has moved what was there before.
    """

    file: str
    created: str
    bytes: int
    documents: int
    versions: int
    seconds: float
    skipped: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


# Making one


def _check_target(target: Path, copied: Sequence[Path]) -> None:
    """Raise BackupError where no backup can be written."""
    for folder in copied:
        if folder.resolve() in target.resolve().parents:
            raise BackupError(f"Kopia nie może powstać w folderze, który jest kopiowany: {folder}. Podaj inne miejsce.")
    if not target.parent.is_dir():
        raise BackupError(f"Nie ma folderu {target.parent}. Utwórz go albo podaj inne miejsce na kopię.")
    if target.is_dir():
        raise BackupError(f"W miejscu pliku kopii jest folder {target}. Podaj nazwę pliku, np. kopia.tar.gz.")


def make(settings: Settings, target: Path, on_file: OnFile | None = None, now: datetime | None = None) -> Backup:
    """Write a backup to a file, whole or not at all; one that is there is replaced. ``now``: the time of the backup.

    Raises BackupError, DocumentsError, ArchiveUnavailable, and the OSError of a file that cannot be read or written.
    """
    started = time.monotonic()
    target = target.absolute()
    documents, archive = settings.documents.absolute(), Archive(settings.store.absolute())
    _check_target(target, (documents, archive.folder))
    created = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    temporary = target.with_name(target.name + ".tmp")
    skipped: list[str] = []
    with (
        writing_to(temporary) as file,
        tarfile.open(
            fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=_LEVEL, encoding="utf-8"
        ) as tar,
    ):
        made = _Making(tar, target.parent)
        ledger = archive.ledger.snapshot()
        kept = [each.path for each in archive.files()]
        found = list(_walk(documents, {archive.folder, settings.index.absolute()}, skipped))
        if not found:
            raise DocumentsError(
                f"Folder z dokumentami jest pusty: {documents}. Kopii nie zrobiono; sprawdź, czy dysk jest podłączony."
            )
        total = len(kept) + len(found)
        if ledger is not None:
            made.add(f"{_STORE}/{_LEDGER}", io.BytesIO(ledger), len(ledger), time.time())
        for number, path in enumerate(kept):
            made.add_kept(path, f"{_STORE}/{path.relative_to(archive.folder).as_posix()}")
            if on_file:
                on_file(number + 1, total)
        for number, path in enumerate(found, len(kept)):
            made.add_document(path, f"{_DOCUMENTS}/{path.relative_to(documents).as_posix()}")
            if on_file:
                on_file(number + 1, total)
        made.finish(created)
    os.replace(temporary, target)
    return Backup(
        file=str(target),
        created=created,
        bytes=target.stat().st_size,
        documents=sum(name.startswith(f"{_DOCUMENTS}/") for name in made.files),
        versions=sum(name.startswith(f"{_STORE}/files/") for name in made.files),
        seconds=round(time.monotonic() - started, 1),
        skipped=tuple(skipped),
    )


@dataclass(slots=True)
class _Making:
    """A backup on its way into a file. ``files``: size and hash by name; ``kept``: names of files of the archive by hash."""

    tar: tarfile.TarFile
    room: Path
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: IO[bytes], size: int, changed: float) -> str:
        """Add a file; its hash. Raises BackupError where there is less of it than ``size``."""
        heard = _Hashing(content)
        member = tarfile.TarInfo(name)
        member.size, member.mtime = size, int(changed)
        try:
            self.tar.addfile(member, heard)
        except OSError as error:
            if error.errno is None:
                raise BackupError(f"Plik zmienił się w trakcie kopiowania: {name}. Spróbuj ponownie.") from None
            raise
        self.files[name] = size, heard.digest.hexdigest()
        return self.files[name][1]

    def add_kept(self, path: Path, name: str) -> None:
        """Add a file of the archive."""
        try:
            with open_file(path) as file:
                about = os.fstat(file.fileno())
                self.kept.setdefault(self.add(name, file, about.st_size, about.st_mtime), name)
        except FileNotFoundError:
            raise BackupError("W trakcie kopiowania ktoś usuwał dawne wersje. Spróbuj ponownie.") from None

    def add_document(self, path: Path, name: str) -> None:
        """Add a file of the documents folder, or a link where its bytes are there already; one that has just left is left out."""
        for _ in range(_TRIES):
            with ExitStack() as stack:
                try:
                    file = stack.enter_context(open_file(path))
                except FileNotFoundError:
                    return
                before = os.fstat(file.fileno())
                copy = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self.room)))
                heard = _Hashing(file)
                shutil.copyfileobj(heard, copy, _BLOCK)
                after = os.fstat(file.fileno())
                size = copy.tell()
                if _stamp(before) != _stamp(after) or size != after.st_size:
                    continue
                copy.seek(0)
                digest = heard.digest.hexdigest()
                if digest in self.kept:
                    self._link(name, self.kept[digest], size, digest, after.st_mtime)
                else:
                    self.add(name, copy, size, after.st_mtime)
                return
        raise BackupError(f"Plik ciągle się zmienia: {path}. Zrób kopię, gdy nikt go nie zapisuje.")

    def _link(self, name: str, to: str, size: int, digest: str, changed: float) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.mtime = tarfile.LNKTYPE, to, int(changed)
        self.tar.addfile(member)
        self.files[name] = size, digest

    def finish(self, created: str) -> None:
        """Add the manifest."""
        text = json.dumps({"format": _FORMAT, "created": created, "files": self.files}, separators=(",", ":")).encode()
        member = tarfile.TarInfo(_MANIFEST)
        member.size, member.mtime = len(text), int(time.time())
        self.tar.addfile(member, io.BytesIO(text))


class _Hashing:
    """What is read of a file, hashed on its way."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block = self._content.read(size)
        self.digest.update(block)
        return block


def _stamp(about: os.stat_result) -> tuple[int, int, int]:
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _walk(root: Path, leave_out: set[Path], skipped: list[str]) -> Iterator[Path]:
    """All files of a folder, by name. Links that lead out of it, and what is neither file nor folder, are only named."""
    resolved = root.resolve()
    for folder, folders, names in os.walk(root, onerror=_fail):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if here / name not in leave_out and not name.startswith(_OURS))
        for name in [*folders, *sorted(names)]:
            path = here / name
            if path.is_symlink() and (path.is_dir() or not path.exists() or resolved not in path.resolve().parents):
                skipped.append(str(path))
            elif name in names:
                if path.is_file():
                    yield path
                elif path.exists():
                    skipped.append(str(path))


def _fail(error: OSError) -> None:
    if isinstance(error, FileNotFoundError) and error.filename:
        raise DocumentsError(f"Nie ma folderu z dokumentami: {error.filename}.") from None
    raise error


# Restoring one


def restore(settings: Settings, source: Path, *, replace: bool = False, on_file: OnFile | None = None) -> Backup:
    """Put what a backup holds into the two folders, after all of it was verified.

    Folders that are not empty are refused; with ``replace`` what is in them is moved aside, within them.
    Raises BackupDamaged, BackupError, IndexLocked; the folders are then as they were.
    """
    started = time.monotonic()
    places = {_DOCUMENTS: settings.documents.absolute(), _STORE: settings.store.absolute()}
    with ExitStack() as stack:
        file = stack.enter_context(source.open("rb"))
        full = [folder for folder in places.values() if _entries(folder)]
        if full and not replace:
            raise BackupError(
                "Niczego nie przywrócono: w folderach coś już jest. Żeby to odłożyć na bok i przywrócić kopię, dodaj --replace.",
                [str(folder) for folder in full],
            )
        stack.enter_context(lock(places[_STORE]))
        stages = {}
        for name, folder in places.items():
            folder.mkdir(parents=True, exist_ok=True)
            # Within the folder to be filled, so that files only change their names at the end.
            made = tempfile.TemporaryDirectory(prefix=f"{_OURS}przywracanie-", dir=folder, ignore_cleanup_errors=True)
            stages[name] = Path(stack.enter_context(made))
        manifest = _unpack(file, stages, on_file)
        sync_all(path for stage in stages.values() for path in stage.rglob("*") if path.is_file())
        aside = _OURS + datetime.now(UTC).strftime("przed-%Y%m%d-%H%M%S")
        moved = [str(folder / aside) for folder in places.values() if _move_aside(folder, aside)]
        for name, stage in stages.items():
            for path in _entries(stage):
                os.rename(path, places[name] / path.name)
    names = manifest["files"]
    return Backup(
        file=str(source.absolute()),
        created=str(manifest["created"]),
        bytes=source.stat().st_size,
        documents=sum(name.startswith(f"{_DOCUMENTS}/") for name in names),
        versions=sum(name.startswith(f"{_STORE}/files/") for name in names),
        seconds=round(time.monotonic() - started, 1),
        moved=tuple(moved),
    )


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, but for what belongs to programs at work."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(
            path for path in folder.iterdir() if path.name not in _KEPT_IN_PLACE and not path.name.startswith(_OURS)
        )
    return []


def _move_aside(folder: Path, name: str) -> bool:
    entries = _entries(folder)
    if entries:
        (folder / name).mkdir()
    for path in entries:
        os.rename(path, folder / name / path.name)
    return bool(entries)


def _unpack(file: IO[bytes], stages: dict[str, Path], on_file: OnFile | None) -> dict[str, Any]:
    """Write all files of a backup to the stages and compare them with its manifest, which is the answer."""
    unpacked: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=file, mode="r|gz", encoding="utf-8") as tar:
            for member in tar:
                if member.name == _MANIFEST:
                    content = tar.extractfile(member)
                    manifest = json.loads(content.read(_LONGEST_MANIFEST)) if content else {}
                    continue
                unpacked[member.name] = _unpack_one(tar, member, stages, unpacked)
                if on_file:
                    on_file(len(unpacked), 0)
        expected = {name: (size, digest) for name, (size, digest) in manifest["files"].items()}
        known = manifest["format"] == _FORMAT
        datetime.fromisoformat(manifest["created"])
    except (tarfile.TarError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(_DAMAGED, [str(error)] if isinstance(error, tarfile.FilterError) else []) from None
    except OSError as error:
        if error.errno is None:  # of gzip: a checksum, or no such file at all
            raise BackupDamaged(_DAMAGED) from None
        raise
    if not known:
        raise BackupError("Tę kopię zrobiła nowsza wersja programu. Zainstaluj ją i spróbuj ponownie.")
    wrong = sorted(name for name in expected.keys() | unpacked.keys() if expected.get(name) != unpacked.get(name))
    if wrong:
        raise BackupDamaged(_DAMAGED, wrong[:20])
    return manifest


_DAMAGED = "Ta kopia jest uszkodzona, niepełna albo to nie jest kopia bazy. Niczego nie przywrócono; użyj innej."


def _unpack_one(
    tar: tarfile.TarFile, member: tarfile.TarInfo, stages: dict[str, Path], unpacked: dict[str, tuple[int, str]]
) -> tuple[int, str]:
    """Write one file, whose name leads nowhere else; its size and hash."""
    top, _, rest = member.name.partition("/")
    stage = stages.get(top)
    if stage is None or not rest or not (member.isreg() or member.islnk()):
        raise tarfile.ReadError(member.name)
    if rest.startswith("/") or ".." in PurePosixPath(rest).parts:
        raise tarfile.ReadError(member.name)
    path = stage / tarfile.data_filter(member.replace(name=rest, deep=False), str(stage)).name
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.islnk():
        # Two files, not one with two names: an editor who writes over a document must not write over a version.
        if member.linkname not in unpacked:
            raise tarfile.ReadError(member.name)
        to, _, name = member.linkname.partition("/")
        shutil.copyfile(stages[to] / name, path)
        result = unpacked[member.linkname]
    else:
        content = tar.extractfile(member)
        assert content is not None
        heard = _Hashing(content)
        with path.open("xb") as copy:
            shutil.copyfileobj(heard, copy, _BLOCK)
        result = member.size, heard.digest.hexdigest()
    os.utime(path, (member.mtime, member.mtime))
    return result
