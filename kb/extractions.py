"""What is read of each file: pages kept from before, a child's reading of its copy, or recognised scans."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kb.archive import Changed, Incoming
from kb.disk import sealed, unsealed, write_bytes_atomic
from kb.extract import EXTRACTOR_VERSION, Sandbox, outcome
from kb.extract.recognition import Recogniser, find_recogniser, recognition, unread
from kb.extract.sandbox import temporary_folder
from kb.extract.wire import decode, encode
from kb.folder import FoundFile, Hashes
from kb.formats import Format
from kb.model import Extraction, Status
from kb.settings import Settings

_LASTING = (Status.INDEXED, Status.NO_TEXT, Status.ENCRYPTED)
"""What the same bytes will always give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is: ``done`` of ``total`` files to read, the file and page at hand."""

    done: int
    total: int
    path: str = ""
    page: int = 0
    pages: int = 0


OnProgress = Callable[[Progress], None]


class Extractions:
    """What is read of files in one run. ``incoming``: where the copies go that are read; None for a check, which keeps nothing.

    ``sandbox``: one that has been started already, while nobody knew yet what is to be read.
    """

    def __init__(
        self,
        settings: Settings,
        on_progress: OnProgress | None = None,
        incoming: Incoming | None = None,
        hashes: Hashes | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._settings = settings
        self._on_progress = on_progress
        self._incoming = incoming
        self._hashes = hashes
        self._sandbox = sandbox
        self._done = 0

    @cached_property
    def recogniser(self) -> Recogniser:
        """What recognises text here: Tesseract is asked only where there is a scan."""
        return find_recogniser(self._settings.ocr_limits, wanted=self._settings.ocr == "auto")

    def tell(self, progress: Progress) -> None:
        """Say where the run is."""
        if self._on_progress:
            self._on_progress(progress)

    def source(self, entry: FoundFile) -> Path | None:
        """Where to read a file: its copy, of the bytes whose hash was taken; None where it is another by now."""
        if self._incoming is None:
            return Path(entry.path)
        try:
            return self._incoming.take(entry.path, entry.version, entry.format, entry.size)
        except Changed:
            if self._hashes:
                self._hashes.forget(entry.name)
            return None

    def of(self, entries: list[FoundFile]) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of each file: what is kept, then the rest as children finish it, at last the scans."""
        scans: list[tuple[FoundFile, Extraction]] = []
        for entry, extraction in self._kept_and_read(sorted(entries, key=_turn)):
            if extraction.scans:
                scans.append((entry, extraction))
            else:
                yield entry, extraction
                self._done += 1
        yield from self._read_scans(scans, len(entries))

    def _kept_and_read(self, entries: list[FoundFile]) -> Iterator[tuple[FoundFile, Extraction]]:
        new: list[FoundFile] = []
        for entry in entries:
            kept = self._kept(entry)
            if kept is None:
                new.append(entry)
            else:
                yield entry, outcome.changed() if self.source(entry) is None else kept
        yield from self._read(new, len(entries))

    def _read(self, waiting: list[FoundFile], total: int) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of new files, as children finish them."""
        if not waiting:
            return
        entries: dict[Path, FoundFile] = {}
        changed: list[FoundFile] = []

        def sources() -> Iterator[Path]:
            for entry in waiting:
                source = self.source(entry)
                if source is None:
                    changed.append(entry)
                else:
                    entries[source] = entry
                    yield source

        def tell(path: Path, page: int, pages: int) -> None:
            self.tell(Progress(done=self._done, total=total, path=entries[path].name, page=page, pages=pages))

        formats = dict.fromkeys(entry.format for entry in waiting)
        jobs = min(self._settings.jobs, len(waiting))
        with self._reading(jobs, formats) as sandbox:
            for path, extraction in sandbox.extract_all(sources(), tell):
                entry = entries[path]
                if self._incoming is None and _has_changed(entry):
                    changed.append(entry)
                    continue
                self._keep(entry, extraction)
                yield entry, extraction
            yield from ((entry, outcome.changed()) for entry in changed)

    def _reading(self, jobs: int, formats: Iterable[Format]) -> Sandbox:
        """The reading processes that have been started already, others where those are not enough."""
        if self._sandbox and self._sandbox.is_enough(jobs, formats):
            return self._sandbox
        if self._sandbox:
            self._sandbox.close()
        return Sandbox(self._settings.limits, jobs, formats=formats)

    def _read_scans(
        self, scans: list[tuple[FoundFile, Extraction]], total: int
    ) -> Iterator[tuple[FoundFile, Extraction]]:
        """The files with scans, recognised where that is possible: after all others, which are ready long before."""
        if not scans:
            return
        key = self.recogniser.key
        todo = {entry.name for entry, _ in scans if key and not self._is_kept(entry, key)}
        with ExitStack() as stack:
            if todo:
                jobs = min(self._settings.jobs, max(len(first.scans) for entry, first in scans if entry.name in todo))
                work = stack.enter_context(recognition(self.recogniser, self._settings.ocr_limits, jobs))
                folder = self._settings.index / "extracted"
                if self._incoming is None:
                    folder = Path(stack.enter_context(temporary_folder("kb-ocr-")))
            for done, (entry, first) in enumerate(scans, total - len(scans)):
                if entry.name not in todo:
                    yield entry, (self._kept(entry, key) if key else None) or unread(first, self.recogniser)
                    continue

                def tell(page: int, pages: int, done: int = done, name: str = entry.name) -> None:
                    self.tell(Progress(done=done, total=total, path=name, page=page, pages=pages))

                kept_pages = folder / f"{entry.version}-{key}"
                extraction = work.read(self.source(entry) or Path(entry.path), first, kept_pages, tell)
                self._keep(entry, extraction, key)
                yield entry, extraction

    def _kept_path(self, version: str, key: str) -> Path:
        return self._settings.index / "extracted" / _kept_name(version, key)

    def _kept(self, entry: FoundFile, key: str = "") -> Extraction | None:
        """What was read of a file before, with ``key`` by that recogniser."""
        try:
            return decode(self._kept_content(entry, key))
        except (OSError, ValueError):
            return None

    def _is_kept(self, entry: FoundFile, key: str = "") -> bool:
        """The same, for who does not need it yet: decoding a book takes longer than reading it."""
        try:
            self._kept_content(entry, key)
        except (OSError, ValueError):
            return False
        return True

    def _kept_content(self, entry: FoundFile, key: str) -> bytes:
        if not entry.format.costly:
            raise FileNotFoundError
        return unsealed(self._kept_path(entry.version, key).read_bytes())

    def _keep(self, entry: FoundFile, extraction: Extraction, key: str = "") -> None:
        if self._is_worth_keeping(entry, extraction, key):
            path = self._kept_path(entry.version, key)
            path.parent.mkdir(exist_ok=True)
            write_bytes_atomic(path, sealed(encode(extraction)))

    def _is_worth_keeping(self, entry: FoundFile, extraction: Extraction, key: str = "") -> bool:
        # Other formats are read faster than kept pages. A failure may have been the machine's bad day or a limit since raised.
        whole = not (key and extraction.scans)
        return bool(self._incoming and entry.format.costly and whole and extraction.status in _LASTING)

    def prune(self, versions: Collection[str]) -> None:
        """Forget the kept pages of all but these versions, and of older extractors."""
        folder = self._settings.index / "extracted"
        if folder.is_dir():
            for name in os.listdir(folder):
                if not self._is_wanted(name, versions):
                    path = folder / name
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _is_wanted(self, name: str, versions: Collection[str]) -> bool:
        version, _, rest = name.partition("-")
        if version not in versions:
            return False
        if name == _kept_name(version):
            return True
        key = self.recogniser.key
        if key and name in (f"{version}-{key}", _kept_name(version, key)):
            return True
        # What another recogniser has read is of no use once there is this one, and may be when it is back.
        return not key and (rest.endswith(f"-{EXTRACTOR_VERSION}.json") or "." not in rest)


def _turn(entry: FoundFile) -> tuple[bool, int, str]:
    """Long files first: started last they would keep one core busy when the others have nothing left to do.

    Costly ones before the rest, of which many small files are read at once when they follow one another.
    """
    return not entry.format.costly, -entry.size, entry.name


def _has_changed(entry: FoundFile) -> bool:
    """Whether a file is another than the one that was found: its hash may not be that of the bytes that were read."""
    try:
        now = os.stat(entry.path)
    except OSError:
        return True
    before = entry.details
    return before is None or (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def _kept_name(version: str, key: str = "") -> str:
    return f"{version}-{key}-{EXTRACTOR_VERSION}.json" if key else f"{version}-{EXTRACTOR_VERSION}.json"
