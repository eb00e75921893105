"""Documents → index: what changed, reading in parallel, one commit, and a report of what became of every file.

A run compares each file's bytes and metadata with what the index remembers, reads only what changed, and commits once. When
the schema, the analyzer or a library changed, everything goes into a new build aside, which becomes the live one only when
it is whole. A file that fails keeps its last good version in the index; one that has none and is described becomes a record,
a document that is found by its description alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from kb.catalogue import Catalogue
from kb.disk import write_atomic
from kb.engine import AnalysedDocument, IndexedFile, State, Store, Writer, open_store
from kb.engine.analysis import Analysis, TooMuchText
from kb.errors import DocumentsError
from kb.extract import EXTRACTOR_VERSION, Sandbox, outcome
from kb.extract.recognition import find_recogniser, recognition, unread
from kb.extract.wire import decode, encode
from kb.folder import FoundFile, Hashes, find
from kb.model import Document, Extraction, Page, Status
from kb.polish import Analyzer, shared_analyzer
from kb.settings import Settings

_LASTING = (Status.INDEXED, Status.NO_TEXT, Status.ENCRYPTED)
"""What the same bytes will always give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file. ``path`` is relative to the documents folder; ``warnings`` are about its metadata or text.

    ``notes`` say what was taken from elsewhere, left out or repaired, which nobody needs to mend.
    """

    path: str
    status: Status
    pages: int = 0
    words: int = 0
    message: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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


def fingerprint(store: Store, analyzer: Analyzer) -> str:
    """Changes when an index made before would have to be made anew."""
    return f"{store.format} extractor-{EXTRACTOR_VERSION} {analyzer.fingerprint}"


def run(
    settings: Settings,
    *,
    rebuild: bool = False,
    on_progress: OnProgress | None = None,
    store: Store | None = None,
) -> Report:
    """Bring the index up to date with the documents folder.

    Raises DocumentsError, TaxonomyError, IndexLocked; a file that fails is a row of the report.
    """
    started = time.monotonic()
    root = _documents(settings)
    catalogue = Catalogue(root)
    store = store or open_store(settings)
    with store.writer(fingerprint(store, shared_analyzer()), rebuild=rebuild) as writer:
        settings.index.mkdir(parents=True, exist_ok=True)  # an engine may live elsewhere
        hashes = Hashes(settings.index / "files.json")
        job = _Run(settings, root, catalogue, writer, on_progress)
        job.process(find(root, hashes))
        writer.commit()
        hashes.save()
        job.prune_extracted()
    return job.report(started)


def check(settings: Settings, on_progress: OnProgress | None = None, catalogue: Catalogue | None = None) -> Report:
    """Read everything and report, changing nothing: ``seconds`` and counts as if it had been indexed.

    ``catalogue``: to check metadata with, in place of one with the folder's taxonomy.
    """
    started = time.monotonic()
    root = _documents(settings)
    catalogue = catalogue or Catalogue(root)
    job = _Run(settings, root, catalogue, _NothingWritten(), on_progress, keeps=False)
    job.process(find(root, Hashes(settings.index / "files.json")))
    return job.report(started)


class _NothingWritten:
    """The writer of ``check``: an empty index that stays empty."""

    build = ""
    fresh = False

    def replaced(self) -> None:
        """Nothing is replaced."""

    def files(self) -> list[IndexedFile]:
        """No file is known, so that all are read."""
        return []

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Write nothing."""

    def remove(self, document: str) -> None:
        """Write nothing."""

    def commit(self) -> None:
        """Write nothing."""


def _documents(settings: Settings) -> Path:
    root = settings.documents.absolute()
    if not root.is_dir():
        raise DocumentsError(
            f"Nie ma folderu z dokumentami: {settings.documents}. Podaj właściwy w opcji --documents albo w KB_DOCUMENTS."
        )
    return root


class _Previous:
    """The documents of the build that a new one replaces, by path; none where there is none."""

    def __init__(self, state: State | None) -> None:
        self._state = state
        # Records hold nothing that reading the file's description would not give again.
        documents = state.documents() if state else ()
        self._documents = {document.path: document for document in documents if not document.unread}

    def at(self, path: str) -> tuple[Document, list[Page]] | None:
        """A document with its pages."""
        document = self._documents.get(path)
        return (document, list(self._state.pages(document.id))) if document and self._state else None

    def under(self, folder: str) -> list[str]:
        """The paths in a folder."""
        return [path for path in self._documents if folder == "." or path.startswith(f"{folder}/")]


@dataclass
class _Run:
    """One run over the files found. ``keeps``: whether what was read is kept for the next build."""

    settings: Settings
    root: Path
    catalogue: Catalogue
    writer: Writer
    on_progress: OnProgress | None
    keeps: bool = True
    reports: list[FileReport] = field(default_factory=list)
    documents: dict[str, IndexedFile] = field(default_factory=dict)
    _versions: set[str] = field(default_factory=set)
    _unread: list[tuple[FoundFile, Extraction, IndexedFile | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._previous = _Previous(self.writer.replaced() if self.writer.fresh else None)
        self._analysis = Analysis(shared_analyzer())
        self._recogniser = find_recogniser(self.settings.ocr_limits, wanted=self.settings.ocr == "auto")

    def report(self, started: float) -> Report:
        """What became of all files."""
        return Report(
            build=self.writer.build,
            seconds=round(time.monotonic() - started, 3),
            documents=len(self.documents),
            pages=sum(file.pages for file in self.documents.values()),
            files=tuple(sorted(self.reports, key=lambda file: file.path)),
        )

    def process(self, found: list[FoundFile]) -> None:
        """Decide, read, write; fills ``reports`` and ``documents``."""
        before = {file.path: file for file in self.writer.files()}
        self.documents = {file.document: file for file in before.values()}
        self._versions = {entry.version for entry in found if entry.version}
        self._remove_gone(before, found)
        # A file in the index holds its bytes; of new files with the same bytes the first by name does.
        owners = {file.version: file.path for file in before.values() if file.document in self.documents}
        current = {entry.name: entry.version for entry in found}
        owners = {version: path for version, path in owners.items() if current.get(path) == version}
        to_read: list[FoundFile] = []
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
            elif old and (old.version, old.metadata) == (entry.version, entry.metadata) and not self._again(old):
                self._report(entry, Status.UNCHANGED, old.pages, old.words, warnings=old.warnings, notes=old.notes)
            else:
                to_read.append(entry)
        for done, (entry, extraction) in enumerate(self._extractions(to_read), 1):
            self._take(entry, extraction, before.get(entry.name))
            self._progress(Progress(done=done, total=len(to_read), path=entry.name))
        # Last, so that no record takes the id of a document that can be read.
        for entry, extraction, old in self._unread:
            self._take_unread(entry, extraction, old)

    def _remove_gone(self, before: dict[str, IndexedFile], found: list[FoundFile]) -> None:
        present = {entry.name for entry in found}
        closed = tuple("" if entry.name == "." else f"{entry.name}/" for entry in found if entry.closed)
        for path, file in before.items():
            if path not in present and not path.startswith(closed):
                self._drop(file)
                self.reports.append(FileReport(path=path, status=Status.REMOVED, pages=file.pages, words=file.words))

    def _drop(self, file: IndexedFile | None) -> None:
        if file and self.documents.get(file.document) == file:
            del self.documents[file.document]
            self.writer.remove(file.document)

    def _extractions(self, entries: list[FoundFile]) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of each file: kept pages first, then the others as children finish them."""
        waiting: dict[Path, FoundFile] = {}
        scans: list[tuple[FoundFile, Extraction]] = []
        for entry in entries:
            kept = self._kept(entry)
            if kept and kept.scans:
                scans.append((entry, kept))
            elif kept:
                yield entry, kept
            else:
                waiting[Path(entry.path)] = entry
        yield from self._read(waiting, scans, len(entries))
        yield from self._read_scans(scans, len(entries))

    def _read(
        self, waiting: dict[Path, FoundFile], scans: list[tuple[FoundFile, Extraction]], total: int
    ) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of new files; those with scans go to ``scans`` for later."""
        if not waiting:
            return
        done = total - len(waiting) - len(scans)

        def tell(path: Path, page: int, pages: int) -> None:
            self._progress(Progress(done=done, total=total, path=waiting[path].name, page=page, pages=pages))

        # Long files first: started last they would keep one core busy when the others have nothing left to do. Costly ones
        # before the rest, of which many small files are read at once when they follow one another.
        order = sorted(waiting, key=lambda path: (not waiting[path].format.costly, -waiting[path].size))
        with Sandbox(self.settings.limits, min(self.settings.jobs, len(waiting))) as sandbox:
            for path, extraction in sandbox.extract_all(order, tell):
                entry = waiting[path]
                if _has_changed(entry):
                    yield entry, outcome.changed()
                    done += 1
                    continue
                self._keep(entry, extraction)
                if extraction.scans:
                    scans.append((entry, extraction))
                else:
                    yield entry, extraction
                    done += 1

    def _read_scans(
        self, scans: list[tuple[FoundFile, Extraction]], total: int
    ) -> Iterator[tuple[FoundFile, Extraction]]:
        """The files with scans, recognised where that is possible: after all others, which are ready long before."""
        key = self._recogniser.key
        todo = []
        for entry, first in scans:
            kept = self._kept(entry, key) if key else None
            if key and not kept:
                todo.append((entry, first))
            else:
                yield entry, kept or unread(first, self._recogniser)
        if not todo:
            return
        jobs = min(self.settings.jobs, max(len(first.scans) for _, first in todo))
        with ExitStack() as stack:
            work = stack.enter_context(recognition(self._recogniser, self.settings.ocr_limits, jobs))
            folder = self.settings.index / "extracted"
            if not self.keeps:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kb-ocr-")))
            for done, (entry, first) in enumerate(todo, total - len(todo)):

                def tell(page: int, pages: int, done: int = done, name: str = entry.name) -> None:
                    self._progress(Progress(done=done, total=total, path=name, page=page, pages=pages))

                kept_pages = folder / f"{entry.version}-{key}"
                extraction = work.read(Path(entry.path), first, kept_pages, tell)
                self._keep(entry, extraction, key)
                yield entry, extraction

    def _again(self, file: IndexedFile) -> bool:
        """Whether a file in the index is only a record, or has scans that would be read otherwise now."""
        if file.unread:
            return True
        return file.recognition is not None and self._recogniser.ready and file.recognition != self._recogniser.key

    def _take(self, entry: FoundFile, extraction: Extraction, old: IndexedFile | None) -> None:
        """Write a file that was read, or say why not."""
        if extraction.status is not Status.INDEXED:
            self._unread.append((entry, extraction, old))
            return
        try:
            described = self.catalogue.describe(Path(entry.path), entry.name, entry.version, extraction)
            analysed = self._analysis.of_document(described.document, extraction.pages)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this file's failure and not the run's
            self._report_surprise(entry, error, old, extraction.warnings)
            return
        document, warnings, notes = described
        warnings += tuple(extraction.warnings)
        notes += tuple(extraction.notes)
        holder = self.documents.get(document.id)
        if holder and holder.path != entry.name and holder.unread:
            self._drop(holder)
        elif holder and holder.path != entry.name:
            self._drop(old)
            self._report(entry, Status.DUPLICATE, message=_id_taken(document, holder), warnings=warnings)
            return
        try:
            file = self._write(analysed, extraction, entry, warnings, notes)
        except ValueError as error:
            self._report_surprise(entry, error, old, warnings)
            return
        if old and old.document != document.id:
            self._drop(old)
        self._report(entry, Status.INDEXED, file.pages, file.words, warnings=warnings, notes=notes)

    def _take_unread(self, entry: FoundFile, extraction: Extraction, old: IndexedFile | None) -> None:
        """Keep the last good version of a file whose text cannot be read; where there is none, make a record of it."""
        status, message, warnings = extraction.status, extraction.message, extraction.warnings
        path = Path(entry.path)
        if (old and not old.unread) or self._previous.at(entry.name):
            self._report_failure(entry, status, message, old, warnings)
            return
        if not self.catalogue.is_described(path, extraction):
            self._drop(old)
            self._report(entry, status, message=message, warnings=warnings)
            return
        try:
            document, of_metadata, notes = self.catalogue.describe(path, entry.name, entry.version, extraction)
            document = replace(document, unread=status)
            record = replace(extraction, pages=(self.catalogue.page_of_record(document),))
            analysed = self._analysis.of_document(document, record.pages)
        except Exception as error:  # noqa: BLE001 - as in _take
            self._report_surprise(entry, error, old, warnings)
            return
        warnings = (*of_metadata, *warnings)
        notes += tuple(extraction.notes)
        holder = self.documents.get(document.id)
        if holder and holder.path != entry.name:
            self._drop(old)
            self._report(entry, status, message=message, warnings=(*warnings, _id_taken(document, holder)))
            return
        if old and old.document != document.id:
            self._drop(old)
        # What has not changed is not written again, so that a run over the same files leaves the index alone.
        if old is None or (old.version, old.metadata, old.unread) != (entry.version, entry.metadata, status):
            self._write(analysed, record, entry, warnings, notes)
        message = f"{message.rstrip('.')}. Opis dokumentu jest w bazie; treść nie jest przeszukiwana."
        self._report(entry, status, message=message, warnings=warnings, notes=notes)

    def _write(
        self,
        analysed: AnalysedDocument,
        extraction: Extraction,
        entry: FoundFile,
        warnings: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> IndexedFile:
        pages = extraction.pages
        scanned = bool(extraction.scans) or any(page.ocr for page in pages)
        file = IndexedFile(
            document=analysed.document.id,
            path=entry.name,
            version=entry.version,
            metadata=entry.metadata,
            pages=len(pages),
            words=analysed.words,
            warnings=warnings,
            notes=notes,
            recognition=self._recogniser.key if scanned else None,
            unread=analysed.document.unread or "",
        )
        self.writer.add(analysed, file)
        self.documents[file.document] = file
        return file

    def _report_surprise(
        self, entry: FoundFile, error: Exception, old: IndexedFile | None, warnings: tuple[str, ...]
    ) -> None:
        """Say of a file that was read what went wrong with it in this process."""
        failed = outcome.too_large(str(error)) if isinstance(error, TooMuchText) else outcome.of_error(error)
        self._report_failure(entry, failed.status, failed.message, old, warnings)

    def _report_failure(
        self,
        entry: FoundFile,
        status: Status,
        message: str,
        old: IndexedFile | None,
        warnings: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        old = self._carry_over(entry.name) or old
        for path in self._previous.under(entry.name) if entry.closed else ():
            self._carry_over(path)
        if old:
            message = f"{message.rstrip('.')}. W indeksie zostaje poprzednia wersja."
        self._report(entry, status, message=message, warnings=warnings, notes=notes)

    def _carry_over(self, path: str) -> IndexedFile | None:
        """Take a document whose file fails now from the build before, with no hash of metadata: the next run looks again."""
        found = self._previous.at(path)
        if found is None or found[0].id in self.documents:
            return None
        document, pages = found
        try:
            analysed = self._analysis.of_document(document, pages)
        except TooMuchText:  # an older version knew no such limit
            return None
        file = IndexedFile(
            document=document.id,
            path=path,
            version=document.version,
            metadata="",
            pages=len(pages),
            words=analysed.words,
        )
        self.documents[document.id] = file
        self.writer.add(analysed, file)
        return file

    def _report(
        self,
        entry: FoundFile,
        status: Status,
        pages: int = 0,
        words: int = 0,
        message: str = "",
        warnings: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        self.reports.append(
            FileReport(
                path=entry.name,
                status=status,
                pages=pages,
                words=words,
                message=message,
                warnings=warnings,
                notes=notes,
            )
        )

    def _progress(self, progress: Progress) -> None:
        if self.on_progress:
            self.on_progress(progress)

    # Kept extractions

    def _kept_path(self, version: str, key: str) -> Path:
        return self.settings.index / "extracted" / _kept_name(version, key)

    def _kept(self, entry: FoundFile, key: str = "") -> Extraction | None:
        """What was read of a file before, with ``key`` by that recogniser."""
        if not entry.format.costly:
            return None
        try:
            return decode(self._kept_path(entry.version, key).read_bytes())
        except (OSError, ValueError):
            return None

    def _keep(self, entry: FoundFile, extraction: Extraction, key: str = "") -> None:
        # Other formats are read faster than kept pages. A failure may have been the machine's bad day or a limit since raised.
        whole = not (key and extraction.scans)
        if self.keeps and entry.format.costly and whole and extraction.status in _LASTING:
            path = self._kept_path(entry.version, key)
            path.parent.mkdir(exist_ok=True)
            write_atomic(path, encode(extraction).decode())

    def prune_extracted(self) -> None:
        """Forget the pages of files that are gone, and of older extractors."""
        folder = self.settings.index / "extracted"
        if folder.is_dir():
            for name in os.listdir(folder):
                if not self._is_wanted(name):
                    path = folder / name
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _is_wanted(self, name: str) -> bool:
        version, _, rest = name.partition("-")
        if version not in self._versions:
            return False
        key = self._recogniser.key
        if name == _kept_name(version) or (key and name in (f"{version}-{key}", _kept_name(version, key))):
            return True
        # What another recogniser has read is of no use once there is this one, and may be when it is back.
        return not key and (rest.endswith(f"-{EXTRACTOR_VERSION}.json") or "." not in rest)


def _id_taken(document: Document, holder: IndexedFile) -> str:
    return f"identyfikator „{document.id}” ma już {holder.path}; nadaj temu dokumentowi inny (klucz id)"


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
