"""Documents → index: what changed, reading in parallel, one commit, and a report of what became of every file.

A run compares each file's bytes and metadata with what the index remembers, reads only what changed, and commits once. When
the schema, the analyzer or a library changed, everything goes into a new build aside, which becomes the live one only when
it is whole. A file that fails keeps its last good version in the index.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kb.builds import BuildInfo, Builds, write_atomic
from kb.catalogue import Catalogue
from kb.engine import IndexedFile
from kb.engine.whoosh import SCHEMA_VERSION, StoreWriter, create
from kb.errors import DocumentsError, IndexMismatch, IndexMissing
from kb.extract import EXTRACTOR_VERSION, Limits, Sandbox
from kb.extract.wire import decode, encode
from kb.model import Document, Extraction, Status
from kb.polish import Analyzer, normalise, words
from kb.settings import Settings

SUFFIXES = (".pdf", ".md")

_LASTING = (Status.INDEXED, Status.NO_TEXT, Status.ENCRYPTED)
"""What the same bytes will always give."""

_RACY_NANOSECONDS = 2_000_000_000
"""A file changed this shortly before its hash was taken may have changed again within the clock's step: hash it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file. ``path`` is relative to the documents folder; ``warnings`` are about its metadata or text."""

    path: str
    status: Status
    pages: int = 0
    words: int = 0
    message: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of all files: the contract of ``kb index --json``. ``documents`` and ``pages`` are those in the index."""

    build: str
    seconds: float
    documents: int
    pages: int
    files: tuple[FileReport, ...]

    @property
    def failed(self) -> int:
        """How many files somebody should look at."""
        return sum(file.status.failed for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is: ``done`` of ``total`` files to read, the file and page at hand."""

    done: int
    total: int
    path: str = ""
    page: int = 0
    pages: int = 0


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Found:
    """A file under the documents folder: ``name`` is its path as shown, ``problem`` why it cannot be read at all.

    ``closed``: a folder that cannot be listed, so that nobody knows what is in it.
    """

    path: Path
    name: str
    problem: str = ""
    status: Status = Status.DAMAGED
    closed: bool = False
    version: str = ""
    metadata: str = ""


def fingerprint(analyzer: Analyzer) -> str:
    """Changes when an index made before would have to be made anew."""
    return f"schema-{SCHEMA_VERSION} whoosh-{version('whoosh')} extractor-{EXTRACTOR_VERSION} {analyzer.fingerprint}"


def run(settings: Settings, *, rebuild: bool = False, on_progress: OnProgress | None = None) -> Report:
    """Bring the index up to date with the documents folder.

    Raises DocumentsError, TaxonomyError, IndexLocked; a file that fails is a row of the report.
    """
    started = time.monotonic()
    root = _documents(settings)
    catalogue = Catalogue(root)
    builds = Builds(settings.index)
    with builds.lock():
        builds.clean()
        analyzer = Analyzer()
        mark = fingerprint(analyzer)
        build, fresh, writer = _writer_for(builds, mark, analyzer, rebuild)
        hashes = _Hashes(settings.index / "files.json")
        try:
            job = _Run(settings, root, catalogue, writer, on_progress)
            job.process(_find(root, catalogue, hashes))
        except BaseException:
            writer.cancel()
            raise
        if job.changed:
            writer.commit()
        else:
            writer.cancel()
        if fresh:
            builds.switch(build, BuildInfo(fingerprint=mark, created=datetime.now(UTC).isoformat(timespec="seconds")))
        hashes.save()
        job.prune_extracted()
    return Report(
        build=build.name,
        seconds=round(time.monotonic() - started, 3),
        documents=len(job.documents),
        pages=sum(file.pages for file in job.documents.values()),
        files=tuple(sorted(job.reports, key=lambda file: file.path)),
    )


def check(settings: Settings, on_progress: OnProgress | None = None) -> Report:
    """Read everything and report, changing nothing: ``seconds`` and counts as if it had been indexed."""
    started = time.monotonic()
    root = _documents(settings)
    catalogue = Catalogue(root)
    job = _Run(settings, root, catalogue, None, on_progress)
    job.process(_find(root, catalogue, _Hashes(settings.index / "files.json")))
    return Report(
        build="",
        seconds=round(time.monotonic() - started, 3),
        documents=len(job.documents),
        pages=sum(file.pages for file in job.documents.values()),
        files=tuple(sorted(job.reports, key=lambda file: file.path)),
    )


def _documents(settings: Settings) -> Path:
    root = settings.documents.absolute()
    if not root.is_dir():
        raise DocumentsError(
            f"Nie ma folderu z dokumentami: {settings.documents}. Podaj właściwy w opcji --documents albo w KB_DOCUMENTS."
        )
    return root


def _writer_for(builds: Builds, mark: str, analyzer: Analyzer, rebuild: bool) -> tuple[Path, bool, StoreWriter]:
    """The build to write to, whether it is a new one that must be switched to, and its writer."""
    try:
        if not rebuild and builds.info(builds.live()).fingerprint == mark:
            return builds.live(), False, StoreWriter(builds.live(), analyzer)
    except (IndexMissing, IndexMismatch):
        pass
    build = builds.start()
    create(build)
    return build, True, StoreWriter(build, analyzer)


def _find(root: Path, catalogue: Catalogue, hashes: _Hashes) -> list[_Found]:
    """Every file that could be a document, by name, with its hashes."""
    found: list[_Found] = []
    for entry in sorted(_walk(root), key=lambda entry: (entry.name, os.fsencode(entry.path))):
        if found and found[-1].name == entry.name:
            found.append(
                replace(
                    entry,
                    problem="drugi plik o nazwie, która wygląda tak samo (inny zapis tych samych liter); zmień jedną z nich",
                    status=Status.DUPLICATE,
                )
            )
        else:
            found.append(entry if entry.problem else _hashed(entry, hashes, catalogue))
    return found


def _walk(root: Path) -> Iterator[_Found]:
    problems: list[_Found] = []

    def unreadable(error: OSError) -> None:
        path = Path(error.filename)
        problems.append(_Found(path, _name(root, path), f"nie można otworzyć folderu ({error.strerror})", closed=True))

    for folder, folders, files in os.walk(root, onerror=unreadable):
        here = Path(folder)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            path = here / name
            if path.is_symlink():
                yield _Found(path, _name(root, path), "dowiązanie do folderu nie jest czytane; skopiuj tu same pliki")
            elif path.suffix.lower() in SUFFIXES:
                yield _Found(
                    path, _name(root, path), "to jest folder, a nie plik; zmień jego nazwę (pliki w nim są czytane)"
                )
        for name in files:
            path = here / name
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            yield _Found(path, _name(root, path), _why_not(root, path))
    yield from problems


def _why_not(root: Path, path: Path) -> str:
    """Why a file is not even tried; "" when it is."""
    try:
        if path.is_symlink() and root.resolve() not in path.resolve().parents:
            return "dowiązanie prowadzi poza folder z dokumentami i nie jest czytane; skopiuj tu sam plik"
        if not stat.S_ISREG(path.stat().st_mode):
            return "to nie jest zwykły plik"
        with path.open("rb"):
            return ""
    except (OSError, RuntimeError) as error:
        return (
            f"nie można otworzyć pliku ({getattr(error, 'strerror', None) or 'błędne dowiązanie'}); sprawdź uprawnienia"
        )


def _name(root: Path, path: Path) -> str:
    # A name that is no UTF-8 is shown with replacement marks; the path itself stays as it is.
    return normalise(os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace"))


def _hashed(entry: _Found, hashes: _Hashes, catalogue: Catalogue) -> _Found:
    try:
        return replace(entry, version=hashes.of(entry.path, entry.name), metadata=catalogue.inputs(entry.path))
    except OSError as error:
        return replace(entry, problem=f"nie można odczytać pliku ({error.strerror}); sprawdź uprawnienia")


class _Hashes:
    """SHA-256 of files, remembered by size and time of change, so that an unchanged collection is not read at each run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old: dict[str, list[Any]] = {}
        self._new: dict[str, list[Any]] = {}
        with suppress(OSError, ValueError, AttributeError):
            self._old = {name: known for name, known in json.loads(path.read_bytes()).items() if _is_hash(known)}

    def of(self, path: Path, name: str) -> str:
        """The hash of a file's bytes, in hexadecimal. Raises OSError."""
        at = path.stat()
        known = self._old.get(name)
        if known and known[:2] == [at.st_size, at.st_mtime_ns] and known[2] - at.st_mtime_ns > _RACY_NANOSECONDS:
            self._new[name] = known
            return str(known[3])
        now = time.time_ns()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._new[name] = [at.st_size, at.st_mtime_ns, now, digest]
        return digest

    def save(self) -> None:
        """Keep them for the next run; nothing is lost when that fails."""
        if self._new != self._old:
            write_atomic(self._path, json.dumps(self._new))


def _is_hash(known: object) -> bool:
    """Whether it is what ``_Hashes`` keeps of a file: size, time of change, time of hashing, hash."""
    return isinstance(known, list) and [type(value) for value in known] == [int, int, int, str]


@dataclass
class _Run:
    """One run over the files found. ``writer`` is None when nothing is to be written."""

    settings: Settings
    root: Path
    catalogue: Catalogue
    writer: StoreWriter | None
    on_progress: OnProgress | None
    reports: list[FileReport] = field(default_factory=list)
    documents: dict[str, IndexedFile] = field(default_factory=dict)
    changed: bool = False
    _versions: set[str] = field(default_factory=set)

    def process(self, found: list[_Found]) -> None:
        """Decide, read, write; fills ``reports`` and ``documents``."""
        before = {file.path: file for file in self.writer.files()} if self.writer else {}
        self.documents = {file.document: file for file in before.values()}
        self._versions = {entry.version for entry in found if entry.version}
        self._remove_gone(before, found)
        # A file in the index holds its bytes; of new files with the same bytes the first by name does.
        owners = {file.version: file.path for file in before.values() if file.document in self.documents}
        current = {entry.name: entry.version for entry in found}
        owners = {version: path for version, path in owners.items() if current.get(path) == version}
        to_read: list[_Found] = []
        for entry in found:
            old = before.get(entry.name)
            if entry.status is Status.DUPLICATE:
                self._report(entry, entry.status, message=entry.problem)
            elif entry.problem:
                self._report_failure(entry, entry.status, entry.problem, old)
            elif owners.setdefault(entry.version, entry.name) != entry.name:
                self._drop(old)
                self._report(
                    entry, Status.DUPLICATE, message=f"ten sam plik co {owners[entry.version]}; usuń jeden z nich"
                )
            elif old and (old.version, old.metadata) == (entry.version, entry.metadata):
                self._report(entry, Status.UNCHANGED, old.pages, old.words, warnings=old.warnings)
            else:
                to_read.append(entry)
        for done, (entry, extraction) in enumerate(self._extractions(to_read), 1):
            self._take(entry, extraction, before.get(entry.name))
            self._progress(Progress(done=done, total=len(to_read), path=entry.name))

    def _remove_gone(self, before: dict[str, IndexedFile], found: list[_Found]) -> None:
        present = {entry.name for entry in found}
        closed = tuple("" if entry.path == self.root else f"{entry.name}/" for entry in found if entry.closed)
        for path, file in before.items():
            if path not in present and not path.startswith(closed):
                self._drop(file)
                self.reports.append(FileReport(path=path, status=Status.REMOVED, pages=file.pages, words=file.words))

    def _drop(self, file: IndexedFile | None) -> None:
        if file and self.documents.get(file.document) == file:
            del self.documents[file.document]
            assert self.writer is not None
            self.writer.remove(file.document)
            self.changed = True

    def _extractions(self, entries: list[_Found]) -> Iterator[tuple[_Found, Extraction]]:
        """What is read of each file: kept pages of PDFs first, then the others as children finish them."""
        waiting: dict[Path, _Found] = {}
        for entry in entries:
            kept = self._kept(entry)
            if kept:
                yield entry, kept
            else:
                waiting[entry.path] = entry
        if not waiting:
            return
        done = len(entries) - len(waiting)

        def tell(path: Path, page: int, pages: int) -> None:
            self._progress(Progress(done=done, total=len(entries), path=waiting[path].name, page=page, pages=pages))

        s = self.settings
        limits = Limits(
            address_space_bytes=s.extract_memory_mb * 1024 * 1024,
            seconds=s.extract_seconds,
            seconds_per_page=s.extract_seconds_per_page,
            pages=s.extract_pages,
            characters=s.extract_characters,
        )
        # Long files first: started last they would keep one core busy when the others have nothing left to do.
        order = sorted(waiting, key=lambda path: -path.stat().st_size if path.exists() else 0)
        with Sandbox(limits, min(s.jobs, len(waiting))) as sandbox:
            for path, extraction in sandbox.extract_all(order, tell):
                entry = waiting[path]
                self._keep(entry, extraction)
                yield entry, extraction
                done += 1

    def _take(self, entry: _Found, extraction: Extraction, old: IndexedFile | None) -> None:
        """Write a file that was read, or say why not."""
        if extraction.status is not Status.INDEXED:
            self._report_failure(entry, extraction.status, extraction.message, old, extraction.warnings)
            return
        document, warnings = self.catalogue.describe(entry.path, entry.name, entry.version, extraction)
        warnings += tuple(extraction.warnings)
        holder = self.documents.get(document.id)
        if holder and holder.path != entry.name:
            self._drop(old)
            self._report(
                entry,
                Status.DUPLICATE,
                message=f"identyfikator „{document.id}” ma już {holder.path}; nadaj temu dokumentowi inny (klucz id)",
                warnings=warnings,
            )
            return
        if old and old.document != document.id:
            self._drop(old)
        count = self._write(document, extraction, entry, warnings)
        self._report(entry, Status.INDEXED, len(extraction.pages), count, warnings=warnings)

    def _write(self, document: Document, extraction: Extraction, entry: _Found, warnings: tuple[str, ...]) -> int:
        file = IndexedFile(
            document=document.id,
            path=entry.name,
            version=entry.version,
            metadata=entry.metadata,
            pages=len(extraction.pages),
            warnings=warnings,
        )
        self.documents[document.id] = file
        self.changed = True
        if self.writer:
            return self.writer.add(document, extraction.pages, file)
        return sum(len(words(normalise(f"{page.text} {page.continuation}"))) for page in extraction.pages)

    def _report_failure(
        self, entry: _Found, status: Status, message: str, old: IndexedFile | None, warnings: tuple[str, ...] = ()
    ) -> None:
        if old:
            message = f"{message.rstrip('.')}. W indeksie zostaje poprzednia wersja."
        self._report(entry, status, message=message, warnings=warnings)

    def _report(
        self,
        entry: _Found,
        status: Status,
        pages: int = 0,
        words: int = 0,
        message: str = "",
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.reports.append(
            FileReport(path=entry.name, status=status, pages=pages, words=words, message=message, warnings=warnings)
        )

    def _progress(self, progress: Progress) -> None:
        if self.on_progress:
            self.on_progress(progress)

    # Kept extractions

    def _kept_path(self, version: str) -> Path:
        return self.settings.index / "extracted" / f"{version}-{EXTRACTOR_VERSION}.json"

    def _kept(self, entry: _Found) -> Extraction | None:
        if entry.path.suffix.lower() != ".pdf":
            return None
        try:
            return decode(self._kept_path(entry.version).read_bytes())
        except (OSError, ValueError):
            return None

    def _keep(self, entry: _Found, extraction: Extraction) -> None:
        # A Markdown file is read faster than its pages. A failure may have been the machine's bad day or a limit since raised.
        if self.writer and entry.path.suffix.lower() == ".pdf" and extraction.status in _LASTING:
            path = self._kept_path(entry.version)
            path.parent.mkdir(exist_ok=True)
            write_atomic(path, encode(extraction).decode())

    def prune_extracted(self) -> None:
        """Forget the pages of files that are gone, and of older extractors."""
        wanted = {self._kept_path(version).name for version in self._versions}
        folder = self.settings.index / "extracted"
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in wanted:
                path.unlink(missing_ok=True)
