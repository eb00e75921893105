"""The bytes and the text of each version, by the hash of its bytes: written once, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from kb.archive.ledger import Ledger
from kb.disk import lock, open_file, sealed, sync_all, unsealed, writing_to
from kb.extract.wire import decode, encode
from kb.formats import Format
from kb.model import Document, Extraction, Page

_BLOCK = 1024 * 1024
_TEXT = ".json"
_HASH_CHARACTERS = 64
"""Of a file's name here, before what tells its format."""


class Changed(Exception):
    """A file cannot be copied as it was found: it has been written to, replaced or removed since."""


class Kept(NamedTuple):
    """A file of the archive."""

    version: str
    path: Path
    size: int


class Archive:
    """The archive in a folder, which need not be there: then nothing is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "ledger.sqlite")

    def original(self, document: Document) -> Path | None:
        """The file behind a document in its version, the very bytes; None where they are not kept."""
        path = self.place(document.version, document.format)
        return path if path.is_file() else None

    def pages(self, version: str) -> tuple[Page, ...] | None:
        """The pages of a version; none of one whose text could not be read.

        None where its text is not kept, or what is kept is not what was written.
        """
        try:
            data = self.text_place(version).read_bytes()
            # Texts were JSON alone before they had a digest.
            return decode(data if data.startswith(b"{") else unsealed(data)).pages
        except (OSError, ValueError):
            return None

    def place(self, version: str, file_format: Format) -> Path:
        """Where the bytes of a version are kept."""
        return Path(f"{self.folder}/files/{version[:2]}/{version}{_suffix(file_format)}")

    def text_place(self, version: str) -> Path:
        """Where the text of a version is kept."""
        return Path(f"{self.folder}/texts/{version[:2]}/{version}{_TEXT}")

    def files(self) -> Iterator[Kept]:
        """Every file of bytes or text."""
        for kind in ("files", "texts"):
            for folder in _entries(self.folder / kind):
                for entry in _entries(Path(folder.path)):
                    yield Kept(entry.name.partition(".")[0], Path(entry.path), entry.stat().st_size)

    def lacking(self, kind: Literal["files", "texts"], versions: Collection[str]) -> set[str]:
        """Those of the versions whose bytes, or whose texts, are not kept."""
        lacking = set(versions)
        folder = f"{self.folder}/{kind}"
        for part in _names(folder):
            lacking.difference_update([name[:_HASH_CHARACTERS] for name in _names(f"{folder}/{part}")])
        return lacking

    def stamp(self) -> str:
        """Another text whenever a file of bytes or text has come or gone, or the ledger is another."""
        digest = hashlib.blake2b()
        for kind in ("files", "texts"):
            folder = f"{self.folder}/{kind}"
            for part in _names(folder):
                digest.update("\0".join([kind, part, *_names(f"{folder}/{part}"), ""]).encode(errors="surrogateescape"))
        return f"{digest.hexdigest()} {self.ledger.stamps}"

    @contextmanager
    def writing(self) -> Generator[Incoming, None, None]:
        """The only right to write, until the context ends. Raises IndexLocked that names the holder."""
        with lock(self.folder):
            incoming = Incoming(self)
            incoming.clear()
            try:
                yield incoming
            finally:
                incoming.clear()

    def forget(self, versions: Iterable[str]) -> int:
        """Remove the bytes and the text of these versions; how many bytes that freed."""
        wanted, freed = set(versions), 0
        for kept in list(self.files()):
            if kept.version in wanted:
                kept.path.unlink(missing_ok=True)
                freed += kept.size
        return freed


class Incoming:
    """What comes into the archive in one run. Nothing is in its place before ``keep``."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._folder = archive.folder / "incoming"
        self._places: dict[Path, Path] = {}

    def clear(self) -> None:
        """Remove what was not kept."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._places.clear()

    def _make_folder(self) -> None:
        if not self._places:
            self._folder.mkdir(exist_ok=True)

    def take(self, source: str, version: str, file_format: Format, size: int) -> Path:
        """The copy of a file to be read in its place: bytes with the hash ``version`` and no others.

        Raises Changed, or the OSError of the archive's own disk.
        """
        place = self._archive.place(version, file_format)
        with suppress(OSError):
            if place.stat().st_size == size:
                return place
        copy = self._folder / place.name
        if copy in self._places:
            return copy
        self._make_folder()
        if _copy(source, copy, file_format.most_bytes) != version:
            copy.unlink()
            raise Changed
        self._places[copy] = place
        return copy

    def add_text(self, version: str, extraction: Extraction) -> None:
        """What was read of a version; it replaces what was read before, by an older reader."""
        self._make_folder()
        text = self._folder / f"{version}{_TEXT}"
        with writing_to(text, sync=False) as file:
            file.write(sealed(encode(extraction)))
        self._places[text] = self._archive.text_place(version)

    def keep(self, versions: Iterable[str]) -> None:
        """Put what belongs to these versions into its place; the rest goes."""
        wanted = set(versions)
        kept = [(path, place) for path, place in self._places.items() if path.stem in wanted]
        sync_all(path for path, _ in kept)
        for folder in {place.parent for _, place in kept}:
            folder.mkdir(parents=True, exist_ok=True)
        for path, place in kept:
            os.replace(path, place)
        self.clear()


def _copy(source: str, target: Path, most_bytes: int) -> str:
    """Copy a file; the hash of the bytes that were written. Raises Changed where it cannot be read, or not as a whole."""
    digest = hashlib.sha256()
    written = 0
    try:
        file = open_file(source)
    except OSError:
        raise Changed from None
    with file, writing_to(target, sync=False) as copy:
        while True:
            try:
                block = file.read(_BLOCK)
            except OSError:
                raise Changed from None
            if not block:
                break
            written += len(block)
            if written > most_bytes:
                raise Changed
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()


def _suffix(file_format: Format) -> str:
    # By its suffix a reading process knows how to read it.
    return file_format.suffixes[0] if file_format.suffixes else ".bin"


def _names(folder: Path | str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return []
