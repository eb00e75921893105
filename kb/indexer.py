"""Documents → index: what changed, reading in parallel, one commit, and a report of what became of every file.

A run compares each file's bytes and metadata with what the index remembers, reads only what changed, and commits once. What it
reads is a copy in the archive, so that the bytes kept there are those whose text is shown. When
the schema, the analyzer or a library changed, everything goes into a new build aside, which becomes the live one only when
it is whole. A file that fails keeps its last good version in the index; one that has none and is described becomes a record,
a document that is found by its description alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from kb.archive import Archive, Changed, Held, Incoming
from kb.archive.ids import Name
from kb.catalogue import Asked, Catalogue, id_of_path
from kb.disk import write_atomic
from kb.engine import AnalysedDocument, IndexedFile, State, Store, Writer, open_store
from kb.engine.analysis import Analysis, TooMuchText
from kb.errors import DocumentsError, IndexMismatch, IndexMissing
from kb.extract import EXTRACTOR_VERSION, Sandbox, frontmatter, outcome
from kb.extract.recognition import find_recogniser, recognition, unread
from kb.extract.wire import decode, encode
from kb.folder import FoundFile, Hashes, find
from kb.model import Document, Extraction, Page, Status
from kb.plan import Plan, make_plan, refusals
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
    now: datetime | None = None,
) -> Report:
    """Bring the index, and the archive of all versions, up to date with the documents folder. ``now``: the time of the run.

    Raises DocumentsError, TaxonomyError, IndexLocked; a file that fails is a row of the report.
    """
    started = time.monotonic()
    root = _documents(settings)
    catalogue = Catalogue(root)
    store = store or open_store(settings)
    archive = Archive(settings.store.absolute())
    now = now or datetime.now(UTC)
    with store.writer(fingerprint(store, shared_analyzer()), rebuild=rebuild) as writer, archive.writing() as incoming:
        settings.index.mkdir(parents=True, exist_ok=True)  # an engine may live elsewhere
        hashes = Hashes(settings.index / "files.json")
        state = writer.replaced() if writer.fresh else _state(store)
        job = _Run(settings, root, catalogue, writer, on_progress, archive, state, incoming, hashes)
        found = find(root, hashes, archive.folder)
        job.complete_ledger(found, now)
        job.process(found)
        incoming.keep(file.version for file in job.documents.values())
        writer.commit()
        job.record(_state(store), now)
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
    archive = Archive(settings.store.absolute())
    job = _Run(settings, root, catalogue, _NothingWritten(), on_progress, archive)
    job.process(find(root, Hashes(settings.index / "files.json"), archive.folder))
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


def _state(store: Store) -> State | None:
    """The index as it is, None where there is none that can be read."""
    try:
        return store.current()
    except (IndexMissing, IndexMismatch):
        return None


class _Previous:
    """The documents of the index before this run, by path; none where there is none."""

    def __init__(self, state: State | None, ids: Mapping[str, str]) -> None:
        self._state = state
        self._ids = ids

    def at(self, path: str) -> tuple[Document, list[Page]] | None:
        """A document that was read, with its pages."""
        document = self._state.document(self._ids[path]) if self._state and path in self._ids else None
        # Records hold nothing that reading the file's description would not give again.
        return (
            (document, list(self._state.pages(document.id)))
            if self._state and document and not document.unread
            else None
        )

    def under(self, folder: str) -> list[str]:
        """The paths in a folder."""
        return [path for path in self._ids if folder == "." or path.startswith(f"{folder}/")]


@dataclass
class _Run:
    """One run over the files found. ``incoming``: where copies go that are read, None for a check, which keeps nothing.

    ``documents`` are those in the index at the end, ``written`` the ids of those that were written.
    """

    settings: Settings
    root: Path
    catalogue: Catalogue
    writer: Writer
    on_progress: OnProgress | None
    archive: Archive
    state: State | None = None
    incoming: Incoming | None = None
    hashes: Hashes | None = None
    reports: list[FileReport] = field(default_factory=list)
    documents: dict[str, IndexedFile] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    plan: Plan = field(default_factory=lambda: Plan(names={}))
    _versions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._before = {file.path: file for file in self.writer.files()}
        self._analysis = Analysis(shared_analyzer())
        self._recogniser = find_recogniser(self.settings.ocr_limits, wanted=self.settings.ocr == "auto")

    @cached_property
    def _previous(self) -> _Previous:
        return _Previous(self.state, {path: id for id, path, _ in self._in_index()})

    def report(self, started: float) -> Report:
        """What became of all files."""
        return Report(
            build=self.writer.build,
            seconds=round(time.monotonic() - started, 3),
            documents=len(self.documents),
            pages=sum(file.pages for file in self.documents.values()),
            files=tuple(sorted(self.reports, key=lambda file: file.path)),
        )

    def complete_ledger(self, found: list[FoundFile], now: datetime) -> None:
        """Write down what the index has and the ledger lacks: it is new, or the last run was stopped between the two."""
        held = self.archive.ledger.held()
        entries = {entry.name: entry for entry in found}
        missing: dict[str, Held] = {}
        for id, path, version in self._in_index():
            known = held.get(id)
            if known is None or known.removed or (known.path, known.version) != (path, version):
                entry = entries.get(path)
                asked = self._ask(entry).id if entry and entry.version == version else ""
                missing[id] = Held(
                    id=id, path=path, version=version, asked=asked or ("" if id == id_of_path(path) else id)
                )
        if self.state is None or self.incoming is None or not missing:
            return
        for id, each in missing.items():
            if self.archive.pages(each.version) is None:
                pages = tuple(self.state.pages(id))
                document = self.state.document(id)
                if document and not document.unread:
                    self.incoming.add_text(each.version, Extraction(status=Status.INDEXED, pages=pages))
        self.incoming.keep(each.version for each in missing.values())
        described = (document for id in missing if (document := self.state.document(id)))
        self.archive.ledger.record(missing, described, now, whole=False)

    def _in_index(self) -> Iterator[tuple[str, str, str]]:
        """Id, path and version of each document of the index before this run."""
        if self.writer.fresh:
            yield from ((each.id, each.path, each.version) for each in (self.state.documents() if self.state else ()))
        else:
            yield from ((file.document, file.path, file.version) for file in self._before.values())

    def record(self, state: State | None, now: datetime) -> None:
        """Write into the ledger what the index has now. ``state``: the index after the commit."""
        names = self.plan.names
        shown = {
            id: Held(id=id, path=file.path, version=file.version, asked=names[file.path].asked)
            for id, file in self.documents.items()
        }
        described = (document for id in self.written if state and (document := state.document(id)))
        self.archive.ledger.record(shown, described, now)

    def process(self, found: list[FoundFile]) -> None:
        """Decide, read, write; fills ``reports`` and ``documents``."""
        plan = self.plan = make_plan(self._before, found, self.archive.ledger.held(), self._again, self._ask)
        self._versions = {entry.version for entry in found if entry.version}
        self.documents = {file.document: file for file in self._before.values()}
        for file in plan.leaving:
            self._drop(file)
        for file in plan.gone:
            self.reports.append(FileReport(path=file.path, status=Status.REMOVED, pages=file.pages, words=file.words))
        for entry, owner in plan.twice:
            self._report(
                entry,
                Status.DUPLICATE,
                message=f"ten sam plik co {owner}; usuń jeden z nich" if owner else entry.problem,
            )
        for entry in plan.failing:
            self._report_failure(entry, entry.status, entry.problem)
        kept = self.archive.versions() if self.incoming else set()
        for entry, old in plan.unchanged:
            if self.incoming and entry.version not in kept:
                self._source(entry)
            self._report_indexed(entry, old, Status.UNCHANGED)
        for done, (entry, extraction) in enumerate(self._extractions(plan.to_read), 1):
            self._take(entry, extraction, self._before.get(entry.name))
            self._progress(Progress(done=done, total=len(plan.to_read), path=entry.name))

    def _ask(self, entry: FoundFile) -> Asked:
        own = {} if entry.format.has_sidecar else frontmatter.of_file(entry.path)
        return self.catalogue.asked(Path(entry.path), own)

    def _source(self, entry: FoundFile) -> Path | None:
        """Where to read a file: its copy, of the bytes whose hash was taken; None where it is another by now."""
        if self.incoming is None:
            return Path(entry.path)
        try:
            return self.incoming.take(entry.path, entry.version, entry.format, entry.size)
        except Changed:
            if self.hashes:
                self.hashes.forget(entry.name)
            return None

    def _drop(self, file: IndexedFile | None) -> None:
        if file and self.documents.get(file.document) == file:
            del self.documents[file.document]
            self.writer.remove(file.document)

    def _extractions(self, entries: list[FoundFile]) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of each file: kept pages first, then the others as children finish them."""
        waiting: list[FoundFile] = []
        scans: list[tuple[FoundFile, Extraction]] = []
        for entry in entries:
            kept = self._kept(entry)
            if kept is None:
                waiting.append(entry)
            elif self._source(entry) is None:
                yield entry, outcome.changed()
            elif kept.scans:
                scans.append((entry, kept))
            else:
                yield entry, kept
        yield from self._read(waiting, scans, len(entries))
        yield from self._read_scans(scans, len(entries))

    def _read(
        self, waiting: list[FoundFile], scans: list[tuple[FoundFile, Extraction]], total: int
    ) -> Iterator[tuple[FoundFile, Extraction]]:
        """What is read of new files; those with scans go to ``scans`` for later."""
        if not waiting:
            return
        done = total - len(waiting) - len(scans)
        entries: dict[Path, FoundFile] = {}
        changed: list[FoundFile] = []

        def sources() -> Iterator[Path]:
            # Long files first: started last they would keep one core busy when the others have nothing left to do. Costly ones
            # before the rest, of which many small files are read at once when they follow one another.
            for entry in sorted(waiting, key=lambda entry: (not entry.format.costly, -entry.size)):
                source = self._source(entry)
                if source is None:
                    changed.append(entry)
                else:
                    entries[source] = entry
                    yield source

        def tell(path: Path, page: int, pages: int) -> None:
            self._progress(Progress(done=done, total=total, path=entries[path].name, page=page, pages=pages))

        with Sandbox(self.settings.limits, min(self.settings.jobs, len(waiting))) as sandbox:
            for path, extraction in sandbox.extract_all(sources(), tell):
                entry = entries[path]
                if self.incoming is None and _has_changed(entry):
                    changed.append(entry)
                    continue
                self._keep(entry, extraction)
                if extraction.scans:
                    scans.append((entry, extraction))
                else:
                    yield entry, extraction
                    done += 1
        for entry in changed:
            yield entry, outcome.changed()

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
            if self.incoming is None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kb-ocr-")))
            for done, (entry, first) in enumerate(todo, total - len(todo)):

                def tell(page: int, pages: int, done: int = done, name: str = entry.name) -> None:
                    self._progress(Progress(done=done, total=total, path=name, page=page, pages=pages))

                kept_pages = folder / f"{entry.version}-{key}"
                extraction = work.read(self._source(entry) or Path(entry.path), first, kept_pages, tell)
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
            self._take_unread(entry, extraction, old)
            return
        try:
            document, warnings, notes = self._described(entry, extraction)
            analysed = self._analysis.of_document(document, extraction.pages)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this file's failure and not the run's
            self._report_surprise(entry, error, extraction.warnings)
            return
        warnings += tuple(extraction.warnings)
        notes += tuple(extraction.notes)
        try:
            file = self._write(analysed, extraction, entry, warnings, notes)
        except ValueError as error:
            self._report_surprise(entry, error, warnings)
            return
        if old and old.document != file.document:
            self._drop(old)
        self._report_indexed(entry, file, Status.INDEXED)

    def _described(self, entry: FoundFile, extraction: Extraction) -> tuple[Document, tuple[str, ...], tuple[str, ...]]:
        """The document of a file, under the id that it has got, with warnings and notes."""
        document, warnings, notes = self.catalogue.describe(Path(entry.path), entry.name, entry.version, extraction)
        name = self._name(entry)
        return replace(document, id=name.id, aliases=name.aliases), (*warnings, *refusals(name)), notes

    def _name(self, entry: FoundFile) -> Name:
        return self.plan.names[entry.name]

    def _report_indexed(self, entry: FoundFile, file: IndexedFile, status: Status) -> None:
        """A row for what is in the index. To have another id than was asked for is a failure that somebody should mend."""
        name = self._name(entry)
        taken = _id_taken(name) if name.holder else ""
        self._report(
            entry,
            Status.DUPLICATE if taken else status,
            file.pages,
            file.words,
            message=taken,
            warnings=file.warnings,
            notes=file.notes,
        )

    def _take_unread(self, entry: FoundFile, extraction: Extraction, old: IndexedFile | None) -> None:
        """Keep the last good version of a file whose text cannot be read; where there is none, make a record of it."""
        status, message, warnings = extraction.status, extraction.message, extraction.warnings
        path = Path(entry.path)
        if (old and not old.unread) or self._previous.at(entry.name):
            self._report_failure(entry, status, message, warnings)
            return
        if not self.catalogue.is_described(path, extraction):
            self._drop(old)
            self._report(entry, status, message=message, warnings=warnings)
            return
        name = self._name(entry)
        try:
            document, of_metadata, notes = self._described(entry, extraction)
            document = replace(document, unread=status)
            record = replace(extraction, pages=(self.catalogue.page_of_record(document),))
            analysed = self._analysis.of_document(document, record.pages)
        except Exception as error:  # noqa: BLE001 - as in _take
            self._report_surprise(entry, error, warnings)
            return
        warnings = (*of_metadata, *warnings, *([_id_taken(name)] if name.holder else []))
        notes += tuple(extraction.notes)
        # What has not changed is not written again, so that a run over the same files leaves the index alone.
        same = old and (old.document, old.version, old.metadata, old.unread) == (
            name.id,
            entry.version,
            entry.metadata,
            status,
        )
        if not same:
            self._write(analysed, record, entry, warnings, notes)
        if old and old.document != name.id:
            self._drop(old)
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
        if self.incoming and not file.unread:
            self.incoming.add_text(entry.version, extraction)
        self._remember(file)
        return file

    def _remember(self, file: IndexedFile) -> None:
        self.documents[file.document] = file
        self.written.append(file.document)

    def _report_surprise(self, entry: FoundFile, error: Exception, warnings: tuple[str, ...]) -> None:
        """Say of a file that was read what went wrong with it in this process."""
        failed = outcome.too_large(str(error)) if isinstance(error, TooMuchText) else outcome.of_error(error)
        self._report_failure(entry, failed.status, failed.message, warnings)

    def _report_failure(self, entry: FoundFile, status: Status, message: str, warnings: tuple[str, ...] = ()) -> None:
        for path in self._previous.under(entry.name) if entry.closed and self.writer.fresh else ():
            self._last_good(path)
        if self._last_good(entry.name):
            message = f"{message.rstrip('.')}. W indeksie zostaje poprzednia wersja."
        self._report(entry, status, message=message, warnings=warnings)

    def _last_good(self, path: str) -> IndexedFile | None:
        """The last good version of a file that fails now: in the index as it is, or written anew; None where there is none.

        What is written anew has no hash of metadata: the next run looks again.
        """
        name, old = self.plan.names.get(path), self._before.get(path)
        if old and self.documents.get(old.document) == old:
            return old
        found = self._previous.at(path)
        if name is None or found is None:
            return None
        document, pages = replace(found[0], id=name.id, aliases=name.aliases), found[1]
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
        self.writer.add(analysed, file)
        self._remember(file)
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
        if self.incoming and entry.format.costly and whole and extraction.status in _LASTING:
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


def _id_taken(name: Name) -> str:
    return (
        f"identyfikator „{name.asked}” ma już {name.holder}; ten dokument jest w bazie jako „{name.id}”."
        " Nadaj mu inny (klucz id)"
    )


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
